package keyring

import (
	"crypto/rand"
	"testing"
	"time"

	"github.com/palisade-vault/palisade/backend/backendtest"
	"github.com/palisade-vault/palisade/pqtransit/suite"
)

func testKeyring() *Keyring {
	return New(Options{Rand: rand.Reader, Now: time.Now, Cache: true})
}

// Without this a rotation takes time in proportion to the key's versions.
func TestChangesDoNotParseKnownVersionsAgain(t *testing.T) {
	ctx, storage, keys := t.Context(), backendtest.NewStorage(), testKeyring()
	for _, algorithm := range []string{"aes256-gcm96", "rsa-4096", "x25519-mlkem768"} {
		first, _, err := keys.Create(ctx, storage, algorithm, Spec{Type: algorithm})
		if err != nil {
			t.Fatal(err)
		}
		second, err := keys.Configure(ctx, storage, algorithm, Configuration{Exportable: new(true)})
		if err != nil || second.versions[1] == first.versions[1] || second.versions[1].key != first.versions[1].key {
			t.Errorf("%s: parsed again: %v", algorithm, err)
		}
		third, err := keys.Rotate(ctx, storage, algorithm, Rotation{Type: "x25519-mlkem768", AllowUnauthenticatedEncryption: true})
		if err != nil || third.versions[1].key != first.versions[1].key || third.versions[2].key == first.versions[1].key {
			t.Errorf("%s: parsed again: %v", algorithm, err)
		}
	}
}

// A change trusts storage and not memory: another key may have taken the name meanwhile.
func TestChangesNoticeOtherMaterial(t *testing.T) {
	for _, algorithm := range []string{"aes256-gcm96", "rsa-4096", "x25519-mlkem768"} {
		t.Run(algorithm, func(t *testing.T) {
			ctx, storage, keys := t.Context(), backendtest.NewStorage(), testKeyring()
			before, _, err := keys.Create(ctx, storage, "k", Spec{Type: algorithm})
			if err != nil {
				t.Fatal(err)
			}
			other := testKeyring()
			if _, err := other.Configure(ctx, storage, "k", Configuration{DeletionAllowed: new(true)}); err != nil {
				t.Fatal(err)
			}
			if err := other.Delete(ctx, storage, "k"); err != nil {
				t.Fatal(err)
			}
			stored, _, err := other.Create(ctx, storage, "k", Spec{Type: algorithm})
			if err != nil {
				t.Fatal(err)
			}
			after, err := keys.Configure(ctx, storage, "k", Configuration{Exportable: new(true)})
			if err != nil {
				t.Fatal(err)
			}
			if after.versions[1].key == before.versions[1].key || !privateOf(t, after).Equal(privateOf(t, stored)) {
				t.Error("the deleted key came back")
			}
		})
	}
}

// privateOf is the private half of version 1.
func privateOf(t *testing.T, key *Key) suite.Secret {
	t.Helper()
	parsed, err := key.versions[1].open()
	if err != nil {
		t.Fatal(err)
	}
	return parsed.Private()
}
