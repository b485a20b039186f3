package keyring_test

import (
	"context"
	"encoding/base64"
	"errors"
	"testing"

	"github.com/palisade-vault/palisade/pqtransit/keyring"
)

// FuzzRestore restores anything: it is refused and nothing is stored, or it is a key that a
// fresh keyring loads and that is used.
func FuzzRestore(f *testing.F) {
	for _, spec := range []keyring.Spec{
		{Type: symmetric, Exportable: true, AllowPlaintextBackup: true},
		{Type: symmetric, Exportable: true, AllowPlaintextBackup: true, Derived: true, Convergent: true},
		{Type: hybrid, Exportable: true, AllowPlaintextBackup: true},
	} {
		m := newMount(f)
		m.create("k", spec)
		m.rotate("k", keyring.Rotation{})
		body, err := base64.StdEncoding.DecodeString(m.backup("k"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		ctx := context.Background()
		m := newMount(t)
		key, err := m.keys.Restore(ctx, m.storage, "", base64.StdEncoding.EncodeToString(body), false)
		if err != nil {
			var refusal *keyring.Refusal
			if !errors.As(err, &refusal) || len(m.storage.Snapshot()) != 0 {
				t.Fatalf("%v, %d entries", err, len(m.storage.Snapshot()))
			}
			return
		}
		found, err := m.fresh().keys.Get(ctx, m.storage, key.Name)
		if err != nil || found == nil || found.Latest != key.Latest {
			t.Fatalf("does not load again: %v", err)
		}
		with := keyring.Parameters{Context: []byte("c"), Nonce: nil}
		ciphertext, _, err := found.Encrypt(with, []byte("x"))
		if err != nil {
			return // as keys of the first convergent scheme, which want a nonce
		}
		if plaintext, err := found.Decrypt(with, ciphertext); err != nil || string(plaintext) != "x" {
			t.Fatalf("%q, %v", plaintext, err)
		}
	})
}
