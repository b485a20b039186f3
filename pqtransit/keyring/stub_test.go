package keyring_test

import (
	"encoding/base64"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/vault/sdk/helper/keysutil"

	"github.com/palisade-vault/palisade/pqtransit/keyring"
)

// After going back to the built-in engine, a name whose key it cannot serve is taken: the
// engine refuses everything, writes nothing and makes no key of that name.
func TestBuiltInEngineRefusesStubs(t *testing.T) {
	m := newMount(t)
	m.create("hybrid", keyring.Spec{Type: hybrid, Exportable: true, AllowPlaintextBackup: true})
	m.create("mixed", keyring.Spec{Type: symmetric})
	m.rotate("mixed", keyring.Rotation{Type: hybrid, AllowUnauthenticatedEncryption: true})
	m.configure("mixed", keyring.Configuration{DeletionAllowed: new(true)})
	before := m.storage.Snapshot()

	for _, name := range []string{"hybrid", "mixed"} {
		t.Run(name, func(t *testing.T) {
			policy, upserted := m.theirs(name)
			if upserted || policy.Type.EncryptionSupported() || policy.Type.DecryptionSupported() || policy.Type.SigningSupported() {
				t.Fatalf("created %v, type %v", upserted, policy.Type)
			}
			for operation, call := range theirOperations(t, m, policy) {
				if err := call(); err == nil {
					t.Errorf("%s works", operation)
				}
			}
			if diff := cmp.Diff(before, m.storage.Snapshot()); diff != "" {
				t.Errorf("storage was changed: %s", diff)
			}
		})
	}
}

func theirOperations(t *testing.T, m *mount, policy *keysutil.Policy) map[string]func() error {
	t.Helper()
	manager, err := keysutil.NewLockManager(true, 0)
	if err != nil {
		t.Fatal(err)
	}
	discard := func(_ any, err error) error { return err }
	ctx := t.Context()
	return map[string]func() error{
		"encrypt": func() error { return discard(policy.Encrypt(0, nil, nil, "eA==")) },
		"decrypt": func() error {
			return discard(policy.Decrypt(nil, nil, "vault:v1:"+base64.StdEncoding.EncodeToString(make([]byte, 40))))
		},
		"hmac of the latest version": func() error { return discard(policy.HMACKey(policy.LatestVersion)) },
		"hmac of version 1":          func() error { return discard(policy.HMACKey(1)) },
		"rotate":                     func() error { return policy.Rotate(ctx, m.storage, cryptoRand) },
		"config": func() error {
			policy.DeletionAllowed = true
			defer func() { policy.DeletionAllowed = false }()
			return policy.Persist(ctx, m.storage)
		},
		"config of versions": func() error {
			policy.MinDecryptionVersion, policy.MinEncryptionVersion = -1, -1
			defer func() { policy.MinDecryptionVersion, policy.MinEncryptionVersion = 1, 0 }()
			return policy.Persist(ctx, m.storage)
		},
		"backup": func() error { return discard(manager.BackupPolicy(ctx, m.storage, policy.Name)) },
		"delete": func() error { return manager.DeletePolicy(ctx, m.storage, policy.Name) },
		"restore": func() error {
			backup := base64.StdEncoding.EncodeToString([]byte(`{"policy":{"name":"` + policy.Name + `"}}`))
			return discard(manager.RestorePolicy(ctx, m.storage, "", backup, false))
		},
	}
}

// Nothing of a key's material is in the entries that the built-in engine reads.
func TestStubHoldsNoMaterial(t *testing.T) {
	m := newMount(t)
	m.create("a", keyring.Spec{Type: hybrid})
	m.create("b", keyring.Spec{Type: hybrid})
	first, second := m.storage.Snapshot()["policy/a"], m.storage.Snapshot()["policy/b"]
	if len(first) == 0 || len(first) != len(second) {
		t.Fatalf("%d and %d bytes", len(first), len(second))
	}
	for i := range first {
		if first[i] != second[i] && (first[i] != 'a' || second[i] != 'b') {
			t.Fatalf("stubs differ by more than the name: %s, %s", first, second)
		}
	}
}

// A conversion leaves nothing behind for the built-in engine to take for its own.
func TestConvertedKeyHasNoArchive(t *testing.T) {
	m := newMount(t)
	m.create("k", keyring.Spec{Type: symmetric})
	old := m.encrypt("k", keyring.Parameters{}, "x")
	m.rotate("k", keyring.Rotation{})
	m.configure("k", keyring.Configuration{MinDecryption: new(2)})
	m.rotate("k", keyring.Rotation{Type: hybrid, AllowUnauthenticatedEncryption: true})
	entries := m.storage.Snapshot()
	want := []string{"palisade/history/k", "palisade/key/k", "policy/k"}
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(entries))); diff != "" {
		t.Fatal(diff)
	}
	// The version that was only in the archive has moved along.
	_, err := m.get("k").Decrypt(keyring.Parameters{}, old)
	wantRefusal(t, err, "too old")
	m.configure("k", keyring.Configuration{MinDecryption: new(1)})
	m.mustDecrypt("k", keyring.Parameters{}, old, "x")
}

// The built-in engine's archive starts with the oldest version that was not trimmed.
func TestConversionOfATrimmedKey(t *testing.T) {
	m := newMount(t)
	policy := theirsCreate(t, m.storage, keyring.Spec{Type: symmetric})
	var ciphertexts []string
	for range 4 {
		ciphertexts = append(ciphertexts, theirsEncrypt(t, policy, nil, "x"))
		if err := policy.Rotate(t.Context(), m.storage, cryptoRand); err != nil {
			t.Fatal(err)
		}
	}
	policy.MinDecryptionVersion, policy.MinEncryptionVersion, policy.MinAvailableVersion = 4, 4, 2
	if err := policy.Persist(t.Context(), m.storage); err != nil {
		t.Fatal(err)
	}
	m.rotate("k", keyring.Rotation{Type: hybrid, AllowUnauthenticatedEncryption: true})
	_, err := m.keys.Configure(t.Context(), m.storage, "k", keyring.Configuration{MinDecryption: new(1)})
	wantRefusal(t, err, "min decryption version should not be less then min available version")
	m.configure("k", keyring.Configuration{MinDecryption: new(2)})
	for _, m := range []*mount{m, m.fresh()} {
		for _, ciphertext := range ciphertexts[1:] {
			m.mustDecrypt("k", keyring.Parameters{}, ciphertext, "x")
		}
		_, err := m.get("k").Decrypt(keyring.Parameters{}, ciphertexts[0])
		wantRefusal(t, err, "too old")
	}
}

func TestConversionNeedsTheWholeArchive(t *testing.T) {
	m := newMount(t)
	m.create("k", keyring.Spec{Type: symmetric})
	m.rotate("k", keyring.Rotation{})
	m.configure("k", keyring.Configuration{MinDecryption: new(2)})
	if err := m.storage.Delete(t.Context(), "archive/k"); err != nil {
		t.Fatal(err)
	}
	before := m.storage.Snapshot()
	history := m.history("k")
	_, err := m.keys.Rotate(t.Context(), m.storage, "k", keyring.Rotation{Type: hybrid, AllowUnauthenticatedEncryption: true})
	if err == nil || !contains(err, "version 1 is missing from the archive") {
		t.Fatalf("error %v", err)
	}
	after := m.storage.Snapshot()
	after["palisade/history/k"] = before["palisade/history/k"] // written ahead; it does not count, see below
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("storage was changed: %s", diff)
	}
	if diff := cmp.Diff(history, m.history("k")); diff != "" {
		t.Errorf("history was changed: %s", diff)
	}
}
