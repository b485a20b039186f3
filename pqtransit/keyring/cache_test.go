package keyring_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend/backendtest"
	"github.com/palisade-vault/palisade/pqtransit/keyring"
)

func TestWarmUseMakesNoStorageCall(t *testing.T) {
	for _, algorithm := range encryptingNames(quickToMake) {
		m := newMount(t)
		m.create("k", keyring.Spec{Type: algorithm})
		m.rotate("k", keyring.Rotation{})
		before := m.storage.Counts()
		m.mustDecrypt("k", keyring.Parameters{}, m.encrypt("k", keyring.Parameters{}, "x"), "x")
		if _, created, err := m.keys.Create(t.Context(), m.storage, "k", keyring.Spec{Type: symmetric}); created || err != nil {
			t.Error(created, err)
		}
		if after := m.storage.Counts(); after != before {
			t.Errorf("%s: %+v, then %+v", algorithm, before, after)
		}
	}
}

func TestWithoutCacheEachUseReadsStorage(t *testing.T) {
	m := newMount(t)
	m.keys = keyring.New(keyring.Options{Rand: cryptoRand, Now: time.Now})
	m.create("k", keyring.Spec{Type: hybrid})
	ciphertext := m.encrypt("k", keyring.Parameters{}, "x")
	m.fresh().rotate("k", keyring.Rotation{}) // another keyring
	if got := m.get("k").Latest; got != 2 {
		t.Errorf("version %d", got)
	}
	m.mustDecrypt("k", keyring.Parameters{}, ciphertext, "x")
}

func TestInvalidate(t *testing.T) {
	for _, path := range []string{"policy/k", "archive/k", "palisade/key/k"} {
		m := newMount(t)
		m.create("k", keyring.Spec{Type: symmetric})
		m.get("k")
		m.fresh().rotate("k", keyring.Rotation{})
		if got := m.get("k").Latest; got != 1 {
			t.Fatalf("version %d is not cached", got)
		}
		m.keys.Invalidate("policy/other")
		m.keys.Invalidate("config/keys")
		if got := m.get("k").Latest; got != 1 {
			t.Fatalf("version %d is not cached", got)
		}
		m.keys.Invalidate(path)
		if got := m.get("k").Latest; got != 2 {
			t.Errorf("version %d after Invalidate(%q)", got, path)
		}
	}
}

func TestChangesStartFromStorage(t *testing.T) {
	m := newMount(t)
	m.create("k", keyring.Spec{Type: symmetric})
	m.get("k")
	m.fresh().rotate("k", keyring.Rotation{})
	if got := m.rotate("k", keyring.Rotation{}).Latest; got != 3 {
		t.Errorf("a rotation of a stale key made version %d", got)
	}
}

func TestList(t *testing.T) {
	m := newMount(t)
	if err := m.storage.Put(t.Context(), &logical.StorageEntry{Key: "policy/import/wrapping-key", Value: []byte("{}")}); err != nil {
		t.Fatal(err)
	}
	m.create("a", keyring.Spec{Type: symmetric})
	m.create("b", keyring.Spec{Type: hybrid})
	before := m.storage.Counts()
	names, err := m.keys.List(t.Context(), m.storage)
	if diff := cmp.Diff([]string{"a", "b"}, names); diff != "" || err != nil {
		t.Error(diff, err)
	}
	before.List++
	if after := m.storage.Counts(); after != before {
		t.Errorf("a list makes other calls than one: %+v", after)
	}
	m.storage.FailWhen(func(string, string) bool { return true })
	if _, err := m.keys.List(t.Context(), m.storage); err == nil {
		t.Error("no error")
	}
}

func TestReadFaultsAreNotCached(t *testing.T) {
	m := newMount(t)
	m.create("k", keyring.Spec{Type: hybrid})
	m = m.fresh()
	for _, path := range []string{"policy/k", "palisade/key/k"} {
		m.storage.FailWhen(func(_, key string) bool { return key == path })
		if _, err := m.keys.Get(t.Context(), m.storage, "k"); err == nil {
			t.Errorf("no error when %s cannot be read", path)
		}
		if _, _, err := m.keys.Create(t.Context(), m.storage, "k", keyring.Spec{Type: symmetric}); err == nil {
			t.Errorf("made anew when %s cannot be read", path)
		}
	}
	m.storage.FailWhen(nil)
	m.get("k")
}

// Everything at once on a few names: whatever a use gets is whole, and nothing stands still.
func TestChangesWhileOthersUse(t *testing.T) {
	m := newMount(t)
	const names, rounds = 3, 40
	var group sync.WaitGroup
	worker := func(work func(name string) error) {
		for i := range names {
			group.Go(func() {
				for range rounds {
					if err := work(fmt.Sprintf("k%d", i)); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
	}
	ctx := t.Context()
	tolerate := func(_ any, err error) error {
		if _, ok := errors.AsType[*keyring.Refusal](err); ok {
			return nil // there is no such key just now
		}
		return err
	}
	for _, algorithm := range []string{symmetric, hybrid} {
		worker(func(name string) error {
			_, _, err := m.keys.Create(ctx, m.storage, name, keyring.Spec{Type: algorithm})
			return err
		})
		worker(func(name string) error {
			return tolerate(m.keys.Rotate(ctx, m.storage, name, keyring.Rotation{Type: algorithm, AllowUnauthenticatedEncryption: true}))
		})
	}
	worker(func(name string) error {
		return tolerate(m.keys.Configure(ctx, m.storage, name, keyring.Configuration{DeletionAllowed: new(true)}))
	})
	worker(func(name string) error { return tolerate(nil, m.keys.Delete(ctx, m.storage, name)) })
	worker(func(name string) error { m.keys.Invalidate("policy/" + name); return nil })
	for range 3 {
		worker(func(name string) error { return useOnce(t, m.keys, m.storage, name) })
	}
	group.Wait()
}

func useOnce(t *testing.T, keys *keyring.Keyring, storage *backendtest.Storage, name string) error {
	key, err := keys.Get(t.Context(), storage, name)
	if err != nil || key == nil {
		return err
	}
	ciphertext, version, err := key.Encrypt(keyring.Parameters{}, []byte("x"))
	if err != nil {
		return err
	}
	if version != key.Latest {
		return fmt.Errorf("version %d of %d", version, key.Latest)
	}
	if plaintext, err := key.Decrypt(keyring.Parameters{}, ciphertext); err != nil || string(plaintext) != "x" {
		return fmt.Errorf("%q, %w", plaintext, err)
	}
	return nil
}
