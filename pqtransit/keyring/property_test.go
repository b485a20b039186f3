package keyring_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/palisade-vault/palisade/pqtransit/keyring"
)

// sealed is a ciphertext that a model remembers.
type sealed struct {
	ciphertext, plaintext string
	version               int
}

// Whatever is done with a key, and whichever writes fail: what was encrypted decrypts as
// long as its version may, in the running keyring and in a fresh one.
func TestNothingEncryptedIsLost(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		m := newMount(t)
		algorithms := rapid.SampledFrom(encryptingNames(quickToMake))
		m.create("k", keyring.Spec{Type: algorithms.Draw(rt, "type")})
		var made []sealed
		rt.Repeat(map[string]func(*rapid.T){
			"encrypt": func(rt *rapid.T) {
				plaintext := rapid.String().Draw(rt, "plaintext")
				ciphertext, version, err := m.get("k").Encrypt(keyring.Parameters{}, []byte(plaintext))
				if err != nil {
					rt.Fatal(err)
				}
				made = append(made, sealed{ciphertext, plaintext, version})
			},
			"rotate": func(rt *rapid.T) {
				rotation := keyring.Rotation{Type: algorithms.Draw(rt, "type"), AllowUnauthenticatedEncryption: true}
				perhapsFailing(rt, m, func() error {
					_, err := m.keys.Rotate(t.Context(), m.storage, "k", rotation)
					return err
				})
			},
			"configure": func(rt *rapid.T) {
				minimum := rapid.IntRange(1, m.get("k").Latest).Draw(rt, "minimum")
				perhapsFailing(rt, m, func() error {
					_, err := m.keys.Configure(t.Context(), m.storage, "k", keyring.Configuration{MinDecryption: &minimum})
					return err
				})
			},
			"restart": func(*rapid.T) { m = m.fresh() },
			"":        func(rt *rapid.T) { checkAll(rt, m, made) },
		})
	})
}

// perhapsFailing does a change during which one write may fail.
func perhapsFailing(rt *rapid.T, m *mount, change func() error) {
	nth := rapid.IntRange(1, 6).Draw(rt, "failing write")
	reached := faults["one write fails"](m.storage, nth)
	err := change()
	m.storage.FailWhen(nil)
	if err != nil && !reached() {
		rt.Fatal(err)
	}
}

func checkAll(rt *rapid.T, m *mount, made []sealed) {
	key := m.get("k")
	for _, s := range made {
		plaintext, err := key.Decrypt(keyring.Parameters{}, s.ciphertext)
		tooOld := s.version < key.MinDecryption
		if (err != nil) != tooOld || (!tooOld && string(plaintext) != s.plaintext) {
			rt.Fatalf("version %d of %d, minimum %d: %v", s.version, key.Latest, key.MinDecryption, err)
		}
	}
}
