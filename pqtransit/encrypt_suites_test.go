package pqtransit_test

import (
	"strings"
	"testing"

	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// Every type that encrypts does so through every path, with a context where it is derived.
func TestEverySuiteEncrypts(t *testing.T) {
	for _, algorithm := range quickSuites() {
		if !algorithm.Purpose.Has(suite.Encryption) {
			continue
		}
		for _, kind := range kindsOf(algorithm) {
			t.Run(algorithm.Name+kind.name, func(t *testing.T) {
				t.Parallel()
				m := newMount(t)
				m.MustWrite("keys/k", with(asked(algorithm), kind.create))
				ciphertext := m.MustWrite("encrypt/k", with(object{"plaintext": b64("hello")}, kind.use)).Data["ciphertext"]
				m.MustWrite("keys/k/rotate", object{})
				m.Restart()
				moved := m.MustWrite("rewrap/k", with(object{"ciphertext": ciphertext}, kind.use)).Data
				if text, _ := moved["ciphertext"].(string); moved["key_version"] != 2.0 || !strings.HasPrefix(text, "vault:v2:") {
					t.Errorf("rewrapped to %v", moved)
				}
				for _, text := range []any{ciphertext, moved["ciphertext"]} {
					if got := m.MustWrite("decrypt/k", with(object{"ciphertext": text}, kind.use)).Data["plaintext"]; got != b64("hello") {
						t.Errorf("plaintext %v", got)
					}
				}
				again := m.MustWrite("encrypt/k", with(object{"plaintext": b64("hello")}, kind.use)).Data["ciphertext"]
				if equal := again == moved["ciphertext"]; equal != kind.convergent {
					t.Errorf("equal ciphertexts: %v", equal)
				}
				if kind.use != nil {
					if got := m.Write("encrypt/k", object{"plaintext": b64("hello")}); got.Status != 400 || !strings.HasPrefix(got.Message, "missing 'context' for key derivation") {
						t.Errorf("%d %s", got.Status, got.Message)
					}
				}
			})
		}
	}
}

type encryptingKind struct {
	name        string
	create, use object
	convergent  bool
}

func kindsOf(algorithm *suite.Suite) []encryptingKind {
	kinds := []encryptingKind{{name: ""}}
	if algorithm.Derivation {
		kinds = append(kinds, encryptingKind{name: " derived", create: object{"derived": true}, use: object{"context": b64("c")}})
	}
	if algorithm.Convergent {
		kinds = append(kinds, encryptingKind{
			name: " convergent", create: object{"derived": true, "convergent_encryption": true},
			use: object{"context": b64("c")}, convergent: true,
		})
	}
	return kinds
}

func TestInitialisationVectors(t *testing.T) {
	m := newMount(t)
	m.MustWrite("keys/cbc", object{"type": "aes128-cbc"})
	m.MustWrite("keys/gcm", object{})
	item := object{"plaintext": b64("hello"), "iv": b64("0123456789abcdef")}
	got := results(t, m.MustWrite("encrypt/cbc", object{"batch_input": []any{item, item}}), 2)
	if got[0]["ciphertext"] != got[1]["ciphertext"] || got[0]["ciphertext"] != m.MustWrite("encrypt/cbc", item).Data["ciphertext"] {
		t.Errorf("%v", got)
	}
	wantPlaintext(t, m, "cbc", m.MustWrite("encrypt/cbc", item).Data["ciphertext"].(string), "hello")
	for path, iv := range map[string]any{"encrypt/gcm": item["iv"], "encrypt/cbc": b64("short")} {
		if got := m.Write(path, with(item, object{"iv": iv})); got.Status != 400 {
			t.Errorf("%s: %d %s", path, got.Status, got.Message)
		}
	}
}
