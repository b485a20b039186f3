package parity

import (
	"crypto/sha256"
	"crypto/sha512"
	"fmt"
)

var signatureHashes = []string{
	"sha1", "sha2-224", "sha2-256", "sha2-384", "sha2-512", "sha3-224", "sha3-256", "sha3-384", "sha3-512",
}

// signing is parameters of sign and verify that fit the key, and what follows its name in the path.
func (g *generator) signing(m *model) (body object, path string) {
	body = object{}
	if m.kind == "ed25519" {
		g.maybe(8, body, "prehashed", true)
		g.maybe(8, body, "hash_algorithm", one(g, "sha2-512", "sha2-256"))
		return body, ""
	}
	switch g.IntN(4) {
	case 0:
		body["hash_algorithm"] = one(g, signatureHashes...)
	case 1:
		body["algorithm"] = one(g, signatureHashes...)
	case 2:
		path = "/" + one(g, signatureHashes...)
	}
	g.maybe(25, body, "marshaling_algorithm", one(g, "asn1", "jws"))
	if m.rsa() {
		g.maybe(60, body, "signature_algorithm", one(g, "pss", "pkcs1v15"))
		g.maybe(30, body, "salt_length", one[any](g, "auto", "hash", 0, 20, "32", "1"))
	}
	if g.chance(15) {
		body["prehashed"] = true
		if m.rsa() && g.chance(50) {
			body["hash_algorithm"], body["signature_algorithm"], path = "none", "pkcs1v15", ""
		}
	}
	return body, path
}

// message is an input, and with prehashed mostly one of a hash's length.
func (g *generator) message(body object) string {
	if body["prehashed"] != true || g.chance(20) {
		return g.input()
	}
	short, long := sha256.Sum256([]byte("message")), sha512.Sum512([]byte("message"))
	return one(g, b64(string(short[:])), b64(string(long[:])), b64(string(short[:28])), b64(string(long[:48])))
}

func (g *generator) sign(m *model) {
	body, path := g.signing(m)
	input := object{"input": g.message(body)}
	g.context(m, input)
	version := object{}
	g.maybe(20, version, "key_version", g.version(m))
	path = m.name + path
	if g.chance(70) {
		id, whole := g.post("sign/"+path, merged(merged(body, input), version))
		if whole && m.signs() {
			m.keep("signature", id, "", merged(body, input), path)
			g.soon(func() { g.verify(m) })
		}
		return
	}
	items := g.items(func() object { return merged(input, object{}) })
	body["batch_input"] = items
	id, whole := g.post("sign/"+path, merged(body, version))
	delete(body, "batch_input")
	for i := range items {
		if whole && m.signs() {
			m.keep("signature", id, fmt.Sprintf("batch_results.%d.", i), merged(body, input), path)
		}
	}
}

func (g *generator) verify(m *model) { g.verifyProduct(m, "signature") }

func (g *generator) verifyHMAC(m *model) { g.verifyProduct(m, "hmac") }

// verifyProduct verifies what was made, with its input or another.
func (g *generator) verifyProduct(m *model, field string) {
	p := g.pickMade(m, field)
	if p == nil {
		g.post("verify/"+m.name, object{"input": g.input(), field: one(g, "vault:v1:AAAA", "", "nothing", "vault:v1:")})
		return
	}
	body := merged(p.with, object{field: g.use(p)})
	g.maybe(10, body, "input", g.input())
	g.maybe(3, body, "hash_algorithm", one(g, signatureHashes...))
	if g.chance(70) {
		g.post("verify/"+p.path, body)
		return
	}
	item := object{}
	for _, name := range []string{"input", "context", field} {
		if value, ok := body[name]; ok {
			item[name] = value
			delete(body, name)
		}
	}
	body["batch_input"] = g.items(func() object { return merged(item, object{}) })
	g.post("verify/"+p.path, body)
}

func (g *generator) hmac(m *model) {
	body, path := object{}, m.name
	switch g.IntN(3) {
	case 0:
		body["algorithm"] = one(g, signatureHashes...)
	case 1:
		path += "/" + one(g, signatureHashes...)
	}
	version := object{}
	g.maybe(20, version, "key_version", g.version(m))
	input := object{"input": g.input()}
	if g.chance(70) {
		id, whole := g.post("hmac/"+path, merged(merged(body, input), version))
		if whole {
			m.keep("hmac", id, "", merged(body, input), path)
			g.soon(func() { g.verifyHMAC(m) })
		}
		return
	}
	items := g.items(func() object { return merged(input, object{}) })
	id, whole := g.post("hmac/"+path, merged(merged(body, version), object{"batch_input": items}))
	for i := range items {
		if whole {
			m.keep("hmac", id, fmt.Sprintf("batch_results.%d.", i), merged(body, input), path)
		}
	}
}
