package keyring_test

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/vault/sdk/helper/keysutil"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend/backendtest"
	"github.com/palisade-vault/palisade/pqtransit/keyring"
)

const (
	symmetric = "aes256-gcm96"
	rsa       = "rsa-4096"
	hybrid    = "x25519-mlkem768"
)

func newKeyring() *keyring.Keyring { return newKeyringAt(time.Now) }

func newKeyringAt(now func() time.Time) *keyring.Keyring {
	return keyring.New(keyring.Options{Rand: rand.Reader, Now: now, Cache: true})
}

// mount is a keyring over its storage, with helpers that fail the test.
type mount struct {
	testing.TB
	keys    *keyring.Keyring
	storage *backendtest.Storage
	hours   int // that follow has let pass
}

func newMount(t testing.TB) *mount {
	return &mount{TB: t, keys: newKeyring(), storage: backendtest.NewStorage()}
}

// over is a fresh keyring, with nothing in memory, over a copy of some entries.
func over(t testing.TB, entries map[string][]byte) *mount {
	t.Helper()
	m := newMount(t)
	for path, value := range entries {
		if err := m.storage.Put(t.Context(), &logical.StorageEntry{Key: path, Value: value}); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

func (m *mount) fresh() *mount {
	return &mount{TB: m.TB, keys: newKeyring(), storage: m.storage}
}

func (m *mount) create(name string, spec keyring.Spec) *keyring.Key {
	m.Helper()
	key, created, err := m.keys.Create(m.Context(), m.storage, name, spec)
	if err != nil || !created {
		m.Fatalf("create %s: created %v, %v", name, created, err)
	}
	return key
}

func (m *mount) rotate(name string, rotation keyring.Rotation) *keyring.Key {
	m.Helper()
	key, err := m.keys.Rotate(m.Context(), m.storage, name, rotation)
	if err != nil {
		m.Fatalf("rotate %s: %v", name, err)
	}
	return key
}

func (m *mount) configure(name string, configuration keyring.Configuration) *keyring.Key {
	m.Helper()
	key, err := m.keys.Configure(m.Context(), m.storage, name, configuration)
	if err != nil {
		m.Fatalf("configure %s: %v", name, err)
	}
	return key
}

func (m *mount) get(name string) *keyring.Key {
	m.Helper()
	key, err := m.keys.Get(m.Context(), m.storage, name)
	if err != nil || key == nil {
		m.Fatalf("get %s: %v, %v", name, key != nil, err)
	}
	return key
}

func (m *mount) encrypt(name string, p keyring.Parameters, plaintext string) string {
	m.Helper()
	ciphertext, _, err := m.get(name).Encrypt(p, []byte(plaintext))
	if err != nil {
		m.Fatalf("encrypt with %s: %v", name, err)
	}
	return ciphertext
}

func (m *mount) mustDecrypt(name string, p keyring.Parameters, ciphertext, want string) {
	m.Helper()
	got, err := m.get(name).Decrypt(p, ciphertext)
	if err != nil || string(got) != want {
		m.Fatalf("decrypt with %s: %q, %v, want %q", name, got, err, want)
	}
}

// theirs is the key as the built-in engine's own library loads it, for an encryption: it
// would create a key if it found none.
func (m *mount) theirs(name string) (*keysutil.Policy, bool) {
	m.Helper()
	manager, err := keysutil.NewLockManager(true, 0)
	if err != nil {
		m.Fatal(err)
	}
	policy, upserted, err := manager.GetPolicy(m.Context(), keysutil.PolicyRequest{
		Upsert: true, Storage: m.storage, Name: name, KeyType: keysutil.KeyType_AES256_GCM96,
	}, rand.Reader)
	if err != nil {
		m.Fatalf("keysutil loads %s: %v", name, err)
	}
	return policy, upserted
}

// sharedRSA is the storage of a mount with one RSA key named "k", made once, as that is
// slow, and a ciphertext of "old" under it.
var sharedRSA = sync.OnceValues(func() (map[string][]byte, string) {
	storage, keys := backendtest.NewStorage(), newKeyring()
	ctx := context.Background()
	key, _, err := keys.Create(ctx, storage, "k", keyring.Spec{Type: rsa})
	if err != nil {
		panic(err)
	}
	ciphertext, _, err := key.Encrypt(keyring.Parameters{}, []byte("old"))
	if err != nil {
		panic(err)
	}
	return storage.Snapshot(), ciphertext
})

func wantRefusal(t testing.TB, err error, text string) {
	t.Helper()
	if _, ok := errors.AsType[*keyring.Refusal](err); !ok {
		t.Fatalf("error %v, want a refusal with %q", err, text)
	}
	if !strings.Contains(err.Error(), text) {
		t.Errorf("refused with %q, want %q in it", err, text)
	}
}

var cryptoRand = rand.Reader

func contains(err error, text string) bool { return strings.Contains(err.Error(), text) }
