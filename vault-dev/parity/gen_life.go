package parity

import (
	"fmt"
	"strings"
)

// liveOfAKey makes a key in one of the ways, and then uses and changes it.
func (g *generator) liveOfAKey() {
	m := g.newModel()
	big := m.kind == "rsa-3072" || m.kind == "rsa-4096"
	if !m.convergent && (big || g.chance(30)) {
		g.importKey(m)
	} else {
		g.create(m)
	}
	if g.chance(80) {
		g.share(m)
	}
	for range 8 + g.IntN(20) {
		if g.chance(15) {
			g.change(m)
		} else {
			g.operate(m)
		}
	}
	if g.chance(15) {
		g.remove(m)
	}
}

func (g *generator) create(m *model) {
	body := object{"type": m.kind}
	if m.kind == "hmac" {
		body["key_size"] = one(g, 32, 33, 64, 512)
	}
	for name, set := range map[string]bool{
		"derived": m.derived, "convergent_encryption": m.convergent, "exportable": m.exportable, "allow_plaintext_backup": m.backup,
	} {
		if set {
			body[name] = true
		}
	}
	if m.kind == "aes256-gcm96" && g.chance(50) {
		delete(body, "type")
	}
	if g.chance(10) {
		body["auto_rotate_period"] = one[any](g, "24h", 3600, "0", "86400")
	}
	if g.chance(15) { // with a fault, under another name
		g.damaged("keys/"+m.name+"x", body)
	}
	g.send("POST", "keys/"+m.name, body)
}

// damaged sends a request with a fault, and reads what it left.
func (g *generator) damaged(path string, body object) {
	g.send("POST", path, g.damage(body))
	name, _, _ := strings.Cut(strings.TrimPrefix(path, "keys/"), "/")
	g.send("GET", "keys/"+name, nil)
}

func (g *generator) importKey(m *model) {
	m.imported, m.rotates = true, g.chance(60)
	body := g.material(fmt.Sprintf("%s:%d", m.kind, g.IntN(2)))
	body["type"] = m.kind
	if m.rsa() {
		body = g.material(m.kind + ":1")
		body["type"] = m.kind
	}
	for name, set := range map[string]bool{
		"derived": m.derived, "exportable": m.exportable, "allow_plaintext_backup": m.backup, "allow_rotation": m.rotates,
	} {
		if set {
			body[name] = true
		}
	}
	if g.chance(15) {
		g.damaged("keys/"+m.name+"x/import", body)
	}
	g.send("POST", "keys/"+m.name+"/import", body)
	g.send("GET", "keys/"+m.name, nil)
}

// material is a wrapped key, or where the type has one sometimes the public half alone.
func (g *generator) material(label string) object {
	asymmetric := strings.HasPrefix(label, "rsa") || strings.HasPrefix(label, "e")
	if asymmetric && g.chance(20) {
		return object{"public_key": "{{pem:" + label + "}}"}
	}
	hash := one(g, "SHA256", "SHA256", "SHA1", "SHA224", "SHA384", "SHA512", "sha512")
	body := object{"ciphertext": "{{wrap:" + hash + ":" + label + "}}"}
	if hash != "SHA256" || g.chance(20) {
		body["hash_function"] = hash
	}
	return body
}

// share has both engines restore the key from the backup of one of them.
func (g *generator) share(m *model) {
	if !m.exportable || !m.backup {
		g.send("POST", "keys/"+m.name+"/config", object{"exportable": true, "allow_plaintext_backup": true})
	}
	at := g.send("GET", "backup/"+m.name, nil)
	edits := ""
	if !m.exportable {
		edits += " exportable=false"
	}
	if !m.backup {
		edits += " allow_plaintext_backup=false"
	}
	if m.imported && g.chance(30) {
		edits += " Imported=false"
		m.imported, m.rotates = false, true
	}
	if edits != "" {
		edits = "|json" + edits
	}
	path := one(g, "restore", "restore/"+m.name)
	backup := fmt.Sprintf("{{%s:%d.backup%s}}", one(g, Builtin, PQTransit), at, edits)
	g.send("POST", path, object{"backup": backup, "force": true})
	g.send("GET", "keys/"+m.name, nil)
	m.shared = true
	m.forget()
}

// change does one thing to the key itself.
func (g *generator) change(m *model) {
	g.pick([]weighted{
		{30, func(g *generator) { g.rotate(m) }},
		{30, func(g *generator) { g.configure(m) }},
		{10, func(g *generator) { g.trim(m) }},
		{10, func(g *generator) { g.importVersion(m) }},
		{5, func(g *generator) { g.create(m) }}, // it exists
		{6, func(g *generator) { g.request(m) }},
		{6, func(g *generator) { g.setCertificate(m) }},
	})(g)
}

func (g *generator) rotate(m *model) {
	g.post("keys/"+m.name+"/rotate", one(g, nil, object{}))
	if !m.rotates {
		return
	}
	m.latest++
	m.imported, m.shared = false, false
	if g.chance(75) {
		g.share(m)
	}
}

func (g *generator) configure(m *model) {
	body := object{}
	g.maybe(40, body, "min_decryption_version", g.IntN(m.latest+1))
	g.maybe(40, body, "min_encryption_version", g.IntN(m.latest+1))
	g.maybe(20, body, "deletion_allowed", g.chance(50))
	g.maybe(20, body, "auto_rotate_period", one[any](g, 0, "0", "1h", "24h", 7200))
	if g.chance(15) {
		body["exportable"] = true
		m.exportable = true
	}
	if g.chance(15) {
		body["allow_plaintext_backup"] = true
		m.backup = true
	}
	if g.chance(30) {
		g.damaged("keys/"+m.name+"/config", body)
		return
	}
	g.send("POST", "keys/"+m.name+"/config", body)
}

func (g *generator) trim(m *model) {
	if g.chance(60) {
		g.send("POST", "keys/"+m.name+"/config", object{"min_decryption_version": m.latest, "min_encryption_version": m.latest})
	}
	g.post("keys/"+m.name+"/trim", object{"min_available_version": g.IntN(m.latest + 2)})
	g.send("GET", "keys/"+m.name, nil)
}

func (g *generator) importVersion(m *model) {
	body := g.material(fmt.Sprintf("%s:%d", m.kind, 1+g.IntN(2)))
	if m.rsa() {
		body = g.material(m.kind + ":1")
	}
	if m.imported {
		g.maybe(25, body, "version", 1+g.IntN(m.latest+1))
	}
	g.post("keys/"+m.name+"/import_version", body)
	g.send("GET", "keys/"+m.name, nil)
	if m.imported { // an own HMAC key in each engine
		m.latest++
		m.shared = false
		g.share(m)
	}
}

// remove deletes the key, makes one of its name, and restores the old one over it.
func (g *generator) remove(m *model) {
	g.send("DELETE", "keys/"+m.name, nil)
	at := g.send("GET", "backup/"+m.name, nil)
	g.send("POST", "keys/"+m.name+"/config", object{"deletion_allowed": true})
	g.send("DELETE", "keys/"+m.name, nil)
	g.send("GET", "keys/"+m.name, nil)
	if g.chance(50) {
		body := object{"backup": fmt.Sprintf("{{%s:%d.backup}}", one(g, Builtin, PQTransit), at)}
		g.maybe(40, body, "name", m.name+"r")
		g.send("POST", one(g, "restore", "restore/"+m.name), body)
		g.send("GET", "keys/"+m.name, nil)
		g.send("GET", "keys/"+m.name+"r", nil)
	}
}
