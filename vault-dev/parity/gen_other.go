package parity

import "fmt"

// withoutKey is requests that need none, and such for a key that is not there.
func (g *generator) withoutKey() {
	for range 4 + g.IntN(8) {
		g.pick([]weighted{
			{3, (*generator).random},
			{3, (*generator).hash},
			{2, (*generator).missingKey},
		})(g)
	}
}

func (g *generator) random() {
	body := object{}
	g.maybe(40, body, "bytes", one[any](g, 1, 32, 33, 1000, "16", 0, -1, 131072, 131073))
	g.maybe(40, body, "format", one(g, "hex", "base64", "HEX", "other"))
	path := "random" + one(g, "", "", "/16", "/platform", "/seal", "/all", "/platform/24", "/all/8", "/other/8", "/0", "/x", "/platform/x")
	g.post(path, body)
}

func (g *generator) hash() {
	body := object{"input": g.input()}
	g.maybe(40, body, "algorithm", one(g, append(signatureHashes, "none", "SHA2-256", "other")...))
	g.maybe(40, body, "format", one(g, "hex", "base64", "other"))
	g.post("hash"+one(g, "", "", "/sha2-512", "/sha3-256", "/sha1", "/other"), body)
}

// missingKey asks each path for a key that is not there.
func (g *generator) missingKey() {
	name := fmt.Sprintf("{{n}}missing%d", len(g.steps))
	step := one(g,
		Step{Method: "GET", Path: "keys/" + name},
		Step{Method: "DELETE", Path: "keys/" + name},
		Step{Method: "POST", Path: "keys/" + name + "/config", Body: object{"deletion_allowed": true}},
		Step{Method: "POST", Path: "keys/" + name + "/rotate"},
		Step{Method: "POST", Path: "keys/" + name + "/trim", Body: object{"min_available_version": 1}},
		Step{Method: "POST", Path: "keys/" + name + "/import_version", Body: object{"ciphertext": "{{wrap:SHA256:aes256-gcm96:1}}"}},
		Step{Method: "POST", Path: "decrypt/" + name, Body: object{"ciphertext": "vault:v1:AAAA"}},
		Step{Method: "POST", Path: "rewrap/" + name, Body: object{"ciphertext": "vault:v1:AAAA"}},
		Step{Method: "POST", Path: "datakey/plaintext/" + name},
		Step{Method: "POST", Path: "hmac/" + name, Body: object{"input": ""}},
		Step{Method: "POST", Path: "sign/" + name, Body: object{"input": ""}},
		Step{Method: "POST", Path: "verify/" + name, Body: object{"input": "", "signature": "vault:v1:AAAA"}},
		Step{Method: "POST", Path: "verify/" + name, Body: object{"input": "", "hmac": "vault:v1:AAAA"}},
		Step{Method: "GET", Path: "export/encryption-key/" + name},
		Step{Method: "GET", Path: "byok-export/" + name + "/" + name},
		Step{Method: "GET", Path: "backup/" + name},
		Step{Method: "GET", Path: "encrypt/" + name},
		Step{Method: "DELETE", Path: "encrypt/" + name},
		Step{Method: "LIST", Path: "keys/" + name},
		Step{Method: "GET", Path: "unknown/" + name},
		Step{Method: "POST", Path: "keys/" + name + "/unknown"},
		Step{Method: "POST", Path: "restore/" + name, Body: object{"backup": one(g, "", "AAAA", "%%%", b64("{}x"))}},
	)
	g.send(step.Method, step.Path, step.Body)
}

// oddNames makes a key of a name that is odd, or no name, and uses it.
func (g *generator) oddNames() {
	name := "{{n}}" + one(g,
		"a.b", "a-b", "a_b", "a.-.b", "A", "1", "a..b", "a.", "a-", ".", "a%20b", "a%2Fb", "%C3%BC", "a%25", "a+b", "a,b", "a@b", "a:b",
		"a%0Ab", "a%3Fb", "config", "a/b", "rotate", "a~b", "a(b)", "a%00b",
	)
	g.send("POST", "keys/"+name, object{"type": one(g, "aes256-gcm96", "ed25519")})
	g.send("GET", "keys/"+name, nil)
	g.send("POST", "encrypt/"+name, object{"plaintext": "YQ=="})
	g.send("POST", "hmac/"+name, object{"input": "YQ=="})
	g.send("GET", "export/public-key/"+name, nil)
	g.send("POST", "keys/"+name+"/config", object{"deletion_allowed": true})
	g.send("DELETE", "keys/"+name, nil)
}

// upserts encrypts with a key that is not there, of which some are made by it.
func (g *generator) upserts() {
	m := &model{name: "{{n}}u", kind: one(g, "aes256-gcm96", "aes256-gcm96", "chacha20-poly1305", "aes128-gcm96", "ed25519", "ecdsa-p256", "hmac", "other"), latest: 1, rotates: true}
	m.derived = g.chance(40)
	m.convergent = m.derived && g.chance(50)
	item := g.plaintextItem(m)
	delete(item, "key_version")
	body := item
	if g.chance(30) {
		body = object{"batch_input": g.items(func() object { return g.plaintextItem(m) })}
	}
	if m.kind != "aes256-gcm96" || g.chance(30) {
		body["type"] = m.kind
	}
	if m.convergent || g.chance(10) {
		body["convergent_encryption"] = true
	}
	g.post("encrypt/"+m.name, body)
	g.send("GET", "keys/"+m.name, nil)
	g.share(m)
	for range 3 + g.IntN(4) {
		g.operate(m)
	}
}

// badImports is material that is not what it is said to be.
func (g *generator) badImports() {
	for range 2 + g.IntN(3) {
		name := fmt.Sprintf("keys/{{n}}i%d", len(g.steps))
		label := one(g, "aes256-gcm96:1", "aes128-gcm96:1", "hmac:1", "ed25519:1", "ecdsa-p256:1", "ecdsa-p384:1", "rsa-2048:1")
		body := g.material(label)
		body["type"] = one(g, append(keyTypes, "other", "AES256-GCM96", "")...)
		g.send("POST", name+"/import", body)
		g.send("GET", name, nil)
		other := g.material(one(g, "aes256-gcm96:1", "ed25519:2", "ecdsa-p256:2", "rsa-2048:1"))
		g.maybe(50, other, "version", one[any](g, 1, 2, 0, -1, "1", "x"))
		g.send("POST", name+"/import_version", other)
		g.send("GET", name, nil)
	}
}
