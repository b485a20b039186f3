package parity

import "fmt"

// operate uses the key once, mostly for what its type can do.
func (g *generator) operate(m *model) {
	weights := func(can bool, weight int) int {
		if can {
			return weight
		}
		return 1
	}
	g.pick([]weighted{
		{weights(m.encrypts(), 20), func(g *generator) { g.encrypt(m) }},
		{weights(m.encrypts(), 20), func(g *generator) { g.decrypt(m) }},
		{weights(m.encrypts(), 10), func(g *generator) { g.rewrap(m) }},
		{weights(m.encrypts(), 6), func(g *generator) { g.dataKey(m) }},
		{weights(m.signs(), 25), func(g *generator) { g.sign(m) }},
		{weights(m.signs(), 25), func(g *generator) { g.verify(m) }},
		{15, func(g *generator) { g.hmac(m) }},
		{12, func(g *generator) { g.verifyHMAC(m) }},
		{8, func(g *generator) { g.read(m) }},
		{12, func(g *generator) { g.export(m) }},
		{3, func(g *generator) { g.byokExport(m) }},
	})(g)
}

// soon does what follows from a step at once in most cases, so that the engines meet each other's
// products often.
func (g *generator) soon(use func()) {
	if g.chance(60) {
		use()
	}
}

// context is what a derived key needs with each use, and another sometimes gets.
func (g *generator) context(m *model, body object) {
	if m.derived {
		body["context"] = one(g, b64("one"), b64("two"))
		g.maybe(4, body, "context", "")
		return
	}
	g.maybe(4, body, "context", b64("unused"))
}

func (g *generator) version(m *model) int { return g.IntN(m.latest + 1) }

func (g *generator) plaintextItem(m *model) object {
	item := object{"plaintext": g.input()}
	g.context(m, item)
	if m.aead() && !m.convergent {
		g.maybe(25, item, "associated_data", b64("associated"))
	}
	if m.rsa() {
		g.maybe(30, item, "padding_scheme", one(g, "oaep", "pkcs1v15"))
	}
	g.maybe(25, item, "key_version", g.version(m))
	return item
}

// opening is what of an item decrypting its ciphertext takes.
func opening(item object) object {
	kept := object{}
	for _, name := range []string{"context", "associated_data", "padding_scheme"} {
		if value, ok := item[name]; ok {
			kept[name] = value
		}
	}
	return kept
}

func (g *generator) encrypt(m *model) {
	if g.chance(65) {
		item := g.plaintextItem(m)
		if id, whole := g.post("encrypt/"+m.name, item); whole && m.encrypts() {
			m.keep("ciphertext", id, "", opening(item), "")
			g.soon(func() { g.decrypt(m) })
		}
		return
	}
	items := g.items(func() object { return g.plaintextItem(m) })
	id, whole := g.batch("encrypt/"+m.name, items)
	for i, item := range items {
		if item, isMap := item.(object); isMap && whole && m.encrypts() {
			m.keep("ciphertext", id, fmt.Sprintf("batch_results.%d.", i), opening(item), "")
		}
	}
}

// items are one to four, of which one may have a fault.
func (g *generator) items(item func() object) []any {
	items := make([]any, 1+g.IntN(4))
	for i := range items {
		made := item()
		g.maybe(30, made, "reference", one[any](g, "first", "", "ünï"))
		items[i] = made
	}
	if g.chance(25) {
		at := g.IntN(len(items))
		made, _ := items[at].(object)
		items[at] = g.damageWith(made, itemExtras)
	}
	return items
}

func (g *generator) batch(path string, items []any) (id int, whole bool) {
	body := object{"batch_input": items}
	g.maybe(15, body, "partial_failure_response_code", one[any](g, 200, 207, 400, 422, 500, 599, 600, 0, -1))
	if g.chance(8) {
		body["batch_input"] = g.odd(anyList)
		return g.send("POST", path, body), false
	}
	return g.send("POST", path, body), true
}

// madeItem is a product of the key with its parameters, or something that is none.
func (g *generator) madeItem(m *model, field string) object {
	p := g.pickMade(m, field)
	if p == nil {
		return object{field: one(g, "vault:v1:AAAA", "vault:v1:"+b64("nothing that was ever made with it"), "", "vault:v1:", "nothing")}
	}
	item := merged(p.with, object{field: g.use(p)})
	if m.derived {
		g.maybe(6, item, "context", b64("wrong"))
	}
	return item
}

func (g *generator) decrypt(m *model) {
	if g.chance(60) {
		g.post("decrypt/"+m.name, g.madeItem(m, "ciphertext"))
		return
	}
	g.batch("decrypt/"+m.name, g.items(func() object { return g.madeItem(m, "ciphertext") }))
}

func (g *generator) rewrap(m *model) {
	item := func() object {
		item := g.madeItem(m, "ciphertext")
		if padding, ok := item["padding_scheme"]; ok {
			item["decrypt_padding_scheme"] = padding
			delete(item, "padding_scheme")
		}
		if m.rsa() {
			g.maybe(30, item, "encrypt_padding_scheme", one(g, "oaep", "pkcs1v15"))
		}
		g.maybe(20, item, "key_version", g.version(m))
		return item
	}
	if g.chance(30) {
		g.batch("rewrap/"+m.name, g.items(item))
		return
	}
	body := item()
	id, whole := g.post("rewrap/"+m.name, body)
	if whole && m.encrypts() {
		with := opening(body)
		if scheme, ok := body["encrypt_padding_scheme"]; ok {
			with["padding_scheme"] = scheme
		}
		m.keep("ciphertext", id, "", with, "")
	}
}

func (g *generator) dataKey(m *model) {
	body := object{}
	g.context(m, body)
	g.maybe(40, body, "bits", one(g, 128, 256, 512))
	g.maybe(20, body, "key_version", g.version(m))
	if m.rsa() {
		g.maybe(30, body, "padding_scheme", one(g, "oaep", "pkcs1v15"))
	}
	id, whole := g.post("datakey/"+one(g, "plaintext", "wrapped", "plaintext", "else")+"/"+m.name, body)
	if whole && m.encrypts() && m.shared {
		m.keep("ciphertext", id, "", opening(body), "")
	}
}

func (g *generator) read(m *model) {
	path := "keys/" + m.name
	if m.derived && m.kind == "ed25519" && g.chance(60) {
		path += "?context=" + one(g, "b25l", "dHdv", "%25%25", "")
	}
	g.send("GET", path, nil)
}

func (g *generator) export(m *model) {
	part := one(g, "encryption-key", "signing-key", "hmac-key", "public-key", "certificate-chain", "cmac-key", "other")
	path := "export/" + part + "/" + m.name
	if g.chance(50) {
		path += "/" + one(g, "1", "2", "latest", "v1", "0", "-1", "99", "x", "v")
	}
	g.send("GET", path, nil)
}

func (g *generator) byokExport(m *model) {
	target := m.name + "to"
	g.send("POST", "keys/"+target+"/import", object{"type": one(g, "rsa-2048", "rsa-2048", "aes256-gcm96"), "ciphertext": "{{wrap:SHA256:rsa-2048:1}}"})
	path := "byok-export/" + target + "/" + m.name
	if g.chance(50) {
		path += "/" + one(g, "1", "latest", "v1", "99", "x")
	}
	if g.chance(30) {
		path += "?hash=" + one(g, "SHA1", "SHA512", "sha384", "MD5", "")
	}
	g.send("GET", path, nil)
}
