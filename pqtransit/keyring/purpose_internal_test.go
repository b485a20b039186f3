package keyring

import (
	"strings"
	"testing"

	"github.com/palisade-vault/palisade/pqtransit/cryptopolicy"
	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// narrowed is a key whose versions are for the given purposes, on RSA or not, as rotation
// to algorithms that sign or encapsulate leaves them.
func narrowed(t *testing.T, versions ...*Version) *Key {
	t.Helper()
	key := &Key{Name: "k", Latest: len(versions), Settings: Settings{MinDecryption: 1}, versions: map[int]*Version{}}
	for i, version := range versions {
		version.Number = i + 1
		key.versions[i+1] = version
	}
	return lawless(key)
}

// lawless is a key of a mount without a crypto policy.
func lawless(key *Key) *Key {
	key.ring = New(Options{})
	key.ring.rules.set(cryptopolicy.Policy{}, 0)
	return key
}

func encrypting(t *testing.T) *Version {
	t.Helper()
	return fixedKey(t).versions[3]
}

func signing(name string) *Version {
	return &Version{Suite: &suite.Suite{Name: name, Purpose: suite.Signing, Asymmetric: true}, Purpose: suite.Signing}
}

func TestOperationsFollowThePurpose(t *testing.T) {
	mixed := narrowed(t, encrypting(t))
	old, _, err := mixed.Encrypt(Parameters{}, []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	mixed = narrowed(t, encrypting(t), signing("signer"))
	if got, err := mixed.Decrypt(Parameters{}, old); err != nil || string(got) != "x" {
		t.Errorf("an old version decrypts to %q, %v", got, err)
	}
	limited := encrypting(t)
	limited.Purpose = suite.KeyEncapsulation
	limited.Suite = &suite.Suite{Name: "kem", Purpose: suite.Encryption | suite.KeyEncapsulation}
	tests := []struct {
		name string
		key  *Key
		want string
	}{
		{"a signing algorithm", narrowed(t, signing("signer")), "not supported for key type signer"},
		{"a mixed key for signing", mixed, "not supported: version 2 of key k is for signing"},
		{"a purpose fixed at creation", narrowed(t, limited), "not supported: version 1 of key k is for key-encapsulation"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, _, err := test.key.Encrypt(Parameters{}, []byte("x"))
			if err == nil || !strings.Contains(err.Error(), "message encryption "+test.want) {
				t.Errorf("encrypt: %v", err)
			}
			_, err = test.key.Decrypt(Parameters{}, strings.Replace(old, "v1", "v"+string(rune('0'+test.key.Latest)), 1))
			if err == nil || !strings.Contains(err.Error(), "message decryption "+test.want) {
				t.Errorf("decrypt: %v", err)
			}
		})
	}
}

func TestRotationStaysWithinThePurpose(t *testing.T) {
	tests := []struct {
		name string
		key  *Key
		next *suite.Suite
		want string
	}{
		{"encryption to signing", narrowed(t, encrypting(t)), signing("signer").Suite, "key k is for encryption and cannot be rotated to signer, which is for signing"},
		{"signing to encryption", narrowed(t, signing("signer")), encrypting(t).Suite, "key k is for signing and cannot be rotated to x25519-mlkem768, which is for encryption or key-encapsulation"},
		{"signing to signing", narrowed(t, signing("signer")), signing("other").Suite, ""},
		{"both to signing", narrowed(t, &Version{Suite: &suite.Suite{Name: "rsa", Asymmetric: true}, Purpose: suite.Encryption | suite.Signing}), signing("signer").Suite, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := Rotation{}.check(test.key, test.next)
			if (err == nil) != (test.want == "") || (err != nil && err.Error() != test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
		})
	}
}

// Asking for names that do not exist costs no memory.
func TestAbsentNamesLeaveNothingBehind(t *testing.T) {
	keys := New(Options{Cache: true})
	for _, name := range []string{"a", "b"} {
		place := keys.acquire(name)
		keys.release(name, place)
		keys.Invalidate("policy/" + name)
	}
	keys.slots.Range(func(name, _ any) bool {
		t.Errorf("a slot for %v", name)
		return true
	})
}
