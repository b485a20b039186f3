package parity

import (
	"fmt"
	"slices"
	"strings"
)

// keyTypes are the types of Vault Community; the first are taken most.
var keyTypes = []string{
	"aes256-gcm96", "aes128-gcm96", "chacha20-poly1305", "ed25519", "ecdsa-p256", "ecdsa-p384", "ecdsa-p521",
	"hmac", "rsa-2048", "rsa-3072", "rsa-4096",
}

// model is what the generator takes a key to be.
type model struct {
	name                string // with its reference
	kind                string
	derived, convergent bool
	latest              int
	exportable, backup  bool
	imported, rotates   bool
	shared              bool // the engines hold the same material
	made                []product
}

// product is something that a step made with the key, to be decrypted or verified later.
type product struct {
	field  string // ciphertext, signature or hmac
	at     string // STEP.FIELD
	pinned bool   // both engines can use what either made
	with   object // parameters that using it takes
	path   string // for signatures and HMACs, what follows the key's name
}

func (m *model) encrypts() bool { return m.aead() || strings.HasPrefix(m.kind, "rsa-") }

func (m *model) aead() bool {
	return strings.HasPrefix(m.kind, "aes") || m.kind == "chacha20-poly1305"
}

func (m *model) rsa() bool { return strings.HasPrefix(m.kind, "rsa-") }

func (m *model) signs() bool { return m.kind != "hmac" && !m.aead() }

func (m *model) derives() bool { return m.aead() || m.kind == "ed25519" }

// keep notes a product of the key.
func (m *model) keep(field string, step int, below string, with object, path string) {
	at := fmt.Sprintf("%d.%s%s", step, below, field)
	m.made = append(m.made, product{field, at, m.shared, with, path})
}

// forget drops what the other engine cannot use once the keys are the same.
func (m *model) forget() {
	m.made = slices.DeleteFunc(m.made, func(p product) bool { return !p.pinned })
}

// pickMade is a product of that field, nil if there is none.
func (g *generator) pickMade(m *model, field string) *product {
	var fitting []*product
	for i := range m.made {
		if m.made[i].field == field {
			fitting = append(fitting, &m.made[i])
		}
	}
	if len(fitting) == 0 {
		return nil
	}
	return one(g, fitting...)
}

// use is a reference to the product, of one engine where the other has the key too, seldom with a
// fault in it.
func (g *generator) use(p *product) string {
	at := p.at
	if p.pinned {
		at = one(g, Builtin, PQTransit).String() + ":" + at
	}
	if !g.chance(12) {
		return "{{" + at + "}}"
	}
	damage := one(g, "|flip", "|cut", "|tag v0", "|tag v9", "|tag v-1", "|tag 1", "|tag vx", "|tag v", "|tag v99999999999999999999")
	return "{{" + at + damage + "}}"
}

func (g *generator) newModel() *model {
	kind := keyTypes[min(g.IntN(len(keyTypes)), g.IntN(len(keyTypes)+4))]
	m := &model{name: fmt.Sprintf("{{n}}k%d", len(g.steps)), kind: kind, latest: 1, rotates: true}
	if m.derives() && g.chance(40) {
		m.derived = true
		m.convergent = m.aead() && g.chance(60)
	}
	m.exportable, m.backup = g.chance(50), g.chance(50)
	return m
}
