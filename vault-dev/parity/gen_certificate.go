package parity

import "fmt"

// request asks for a certificate request, with or without a template.
func (g *generator) request(m *model) {
	body := object{"version": 1 + g.IntN(m.latest)}
	g.maybe(40, body, "csr", one(g, "{{csr:one}}", "{{csr:two}}", "", "nonsense"))
	g.post("keys/"+m.name+"/csr", body)
}

// setCertificate stores a certificate, of the key itself or of another, and looks at it.
func (g *generator) setCertificate(m *model) {
	version := 1 + g.IntN(m.latest)
	at := g.send("GET", "keys/"+m.name, nil)
	own := fmt.Sprintf("{{%d.keys.%d.public_key|certificate}}", at, version)
	body := object{"version": version, "certificate_chain": own}
	if g.chance(25) {
		body["certificate_chain"] = one(g, "", "nonsense", "{{pem:ecdsa-p256:1}}", "{{pem:ecdsa-p256:1|certificate}}", "{{pem:rsa-2048:1|certificate}}", own+own)
	}
	g.post("keys/"+m.name+"/set-certificate", body)
	g.send("GET", fmt.Sprintf("export/certificate-chain/%s/%d", m.name, version), nil)
	g.send("GET", "keys/"+m.name, nil)
}

// settings changes and reads what applies to the whole mount.
func (g *generator) settings() {
	defer g.send("POST", "config/keys", object{"disable_upsert": false})
	for range 2 + g.IntN(3) {
		g.send("GET", one(g, "config/keys", "cache-config"), nil)
		if g.chance(50) {
			g.post("config/keys", object{"disable_upsert": g.chance(60)})
			g.send("POST", fmt.Sprintf("encrypt/{{n}}s%d", len(g.steps)), object{"plaintext": g.input()})
			continue
		}
		g.post("cache-config", object{"size": one[any](g, 0, 500, 9, -1, "10", "x")})
	}
}
