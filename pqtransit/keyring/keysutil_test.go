package keyring_test

import (
	"encoding/base64"
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/vault/sdk/helper/keysutil"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/pqtransit/keyring"
	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// kind is a key that lies in the built-in engine's format, and what goes with its use.
type kind struct {
	name    string
	spec    keyring.Spec
	context []byte
}

// kinds are all such keys that encrypt, but for the larger of RSA's, which take long to make.
var kinds = encryptingKinds()

func encryptingKinds() []kind {
	var found []kind
	for _, algorithm := range communitySuites() {
		if !algorithm.Purpose.Has(suite.Encryption) || slowToMake(algorithm) {
			continue
		}
		name, context := algorithm.Name, []byte("user 7")
		found = append(found, kind{name: name, spec: keyring.Spec{Type: name}})
		if algorithm.Derivation {
			found = append(found, kind{name + " derived", keyring.Spec{Type: name, Derived: true}, context})
		}
		if algorithm.Convergent {
			found = append(found, kind{name + " convergent", keyring.Spec{Type: name, Derived: true, Convergent: true}, context})
		}
	}
	return found
}

func theirsEncrypt(t *testing.T, policy *keysutil.Policy, context []byte, plaintext string) string {
	t.Helper()
	ciphertext, err := policy.Encrypt(0, context, nil, base64.StdEncoding.EncodeToString([]byte(plaintext)))
	if err != nil {
		t.Fatalf("keysutil encrypts: %v", err)
	}
	return ciphertext
}

func theirsDecrypt(t *testing.T, policy *keysutil.Policy, context []byte, ciphertext, want string) {
	t.Helper()
	got, err := policy.Decrypt(context, nil, ciphertext)
	if err != nil || got != base64.StdEncoding.EncodeToString([]byte(want)) {
		t.Fatalf("keysutil decrypts to %q, %v", got, err)
	}
}

func (m *mount) bothWays(t *testing.T, context []byte, ours string) {
	t.Helper()
	policy, upserted := m.theirs("k")
	if upserted {
		t.Fatal("keysutil made a key anew")
	}
	theirsDecrypt(t, policy, context, ours, "ours")
	m.mustDecrypt("k", keyring.Parameters{Context: context}, theirsEncrypt(t, policy, context, "theirs"), "theirs")
}

func TestKeysutilServesOurKeys(t *testing.T) {
	for _, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			m := newMount(t)
			with := keyring.Parameters{Context: kind.context}
			m.create("k", kind.spec)
			first := m.encrypt("k", with, "ours")
			m.bothWays(t, kind.context, first)

			m.rotate("k", keyring.Rotation{})
			m.rotate("k", keyring.Rotation{Type: kind.spec.Type})
			third := m.encrypt("k", with, "ours")
			m.bothWays(t, kind.context, first)
			m.bothWays(t, kind.context, third)

			m.configure("k", keyring.Configuration{MinDecryption: new(3)})
			m.bothWays(t, kind.context, third)
			policy, _ := m.theirs("k")
			if _, err := policy.Decrypt(kind.context, nil, first); err == nil || len(policy.Keys) != 1 {
				t.Errorf("keysutil has %d versions and decrypts an old one: %v", len(policy.Keys), err)
			}

			m.configure("k", keyring.Configuration{MinDecryption: new(1)})
			m.bothWays(t, kind.context, first)
		})
	}
}

func TestWeServeKeysutilsKeys(t *testing.T) {
	for _, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			m := newMount(t)
			policy := theirsCreate(t, m.storage, kind.spec)
			first := theirsEncrypt(t, policy, kind.context, "theirs")
			for range 2 {
				if err := policy.Rotate(t.Context(), m.storage, cryptoRand); err != nil {
					t.Fatal(err)
				}
			}
			policy.MinDecryptionVersion = 2
			if err := policy.Persist(t.Context(), m.storage); err != nil {
				t.Fatal(err)
			}
			third := theirsEncrypt(t, policy, kind.context, "theirs")
			with := keyring.Parameters{Context: kind.context}

			m.mustDecrypt("k", with, third, "theirs")
			_, err := m.get("k").Decrypt(with, first)
			wantRefusal(t, err, "ciphertext or signature version is disallowed by policy (too old)")
			if got := m.get("k").Suite().Name; got != kind.spec.Type {
				t.Errorf("type %s", got)
			}
			if kind.spec.Convergent && m.encrypt("k", with, "theirs") != third {
				t.Error("convergent ciphertexts differ")
			}

			m.configure("k", keyring.Configuration{MinDecryption: new(1)})
			m.mustDecrypt("k", with, first, "theirs")
			m.fresh().mustDecrypt("k", with, first, "theirs")
			m.rotate("k", keyring.Rotation{})
			m.bothWays(t, kind.context, m.encrypt("k", with, "ours"))
		})
	}
}

func theirsCreate(t *testing.T, storage logical.Storage, spec keyring.Spec) *keysutil.Policy {
	t.Helper()
	manager, err := keysutil.NewLockManager(true, 0)
	if err != nil {
		t.Fatal(err)
	}
	algorithm, _ := suite.Lookup(spec.Type)
	policy, upserted, err := manager.GetPolicy(t.Context(), keysutil.PolicyRequest{
		Upsert: true, Storage: storage, Name: "k", KeyType: keysutil.KeyType(algorithm.StoredAs),
		Derived: spec.Derived, Convergent: spec.Convergent, KeySize: spec.KeySize,
	}, cryptoRand)
	if err != nil || !upserted {
		t.Fatalf("keysutil creates: %v, %v", upserted, err)
	}
	return policy
}

// A change there and back leaves every byte as keysutil wrote it, also what we do not use.
func TestStoringLosesNothing(t *testing.T) {
	for _, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			m := newMount(t)
			policy := theirsCreate(t, m.storage, kind.spec)
			entry := policy.Keys["1"]
			entry.CertificateChain = [][]byte{{1, 2, 3}}
			policy.Keys["1"] = entry
			policy.Exportable, policy.AllowPlaintextBackup, policy.VersionTemplate = true, true, "vault:v{{version}}:"
			policy.Imported, policy.AllowImportedKeyRotation = true, true
			policy.HybridConfig = keysutil.HybridKeyConfig{PQCKeyType: keysutil.KeyType_ML_DSA}
			policy.ParameterSet = "65"
			if _, err := policy.Backup(t.Context(), m.storage); err != nil {
				t.Fatal(err)
			}
			before := m.storage.Snapshot()

			m.get("k")
			m.configure("k", keyring.Configuration{DeletionAllowed: new(false)})
			if diff := cmp.Diff(before, m.storage.Snapshot()); diff != "" {
				t.Errorf("a load wrote: %s", diff)
			}
			writes := m.storage.Counts().Put
			m.configure("k", keyring.Configuration{DeletionAllowed: new(true)})
			m.configure("k", keyring.Configuration{DeletionAllowed: new(false)})
			if m.storage.Counts().Put == writes {
				t.Fatal("nothing was stored")
			}
			if diff := cmp.Diff(before, m.storage.Snapshot()); diff != "" {
				t.Errorf("stored otherwise: %s", diff)
			}
		})
	}
}

// Keys of the first Vault releases have one key and no versions, no archive and no HMAC key.
func TestOldEntriesAreUpgraded(t *testing.T) {
	const old = `{"name":"k","key":"AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=","keys":null,"derived":true,"kdf":0,"type":0}`
	m := over(t, map[string][]byte{"policy/k": []byte(old)})
	with := keyring.Parameters{Context: []byte("c")}
	ciphertext := m.encrypt("k", with, "x")
	policy, upserted := m.theirs("k")
	if upserted {
		t.Fatal("keysutil made a key anew")
	}
	theirsDecrypt(t, policy, with.Context, ciphertext, "x")
	if got := m.get("k"); got.MinDecryption != 1 || got.Latest != 1 {
		t.Errorf("minimum %d, latest %d", got.MinDecryption, got.Latest)
	}
}

func TestForeignEntries(t *testing.T) {
	m := newMount(t)
	m.create("k", keyring.Spec{Type: symmetric})
	sound := m.storage.Snapshot()
	tests := []struct {
		name, entry, want string
		refusal           bool
	}{
		{"a type of Enterprise", `{"name":"k","type":10,"latest_version":1,"min_decryption_version":1,"archive_version":1,"keys":{"1":{"hmac_key":"AA=="}}}`, "managed_key, which this release does not support", true},
		{"another key's entry", `{"name":"l","type":0}`, "not that key's", false},
		{"not JSON", `vault`, "failed to read key k", false},
		{"empty material", `{"name":"k","type":0,"latest_version":1,"min_decryption_version":1,"archive_version":1,"keys":{"1":{"hmac_key":"AA=="}}}`, "version 1", false},
		{"missing latest version", `{"name":"k","type":0,"latest_version":0,"min_decryption_version":1,"archive_version":1,"keys":{}}`, "k", false},
		{"a stub whose key is missing", `{"palisade":1,"type":1000,"name":"k"}`, "palisade/key/", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			entries := maps.Clone(sound)
			entries["policy/k"] = []byte(test.entry)
			m := over(t, entries)
			_, err := m.keys.Get(t.Context(), m.storage, "k")
			if test.refusal {
				wantRefusal(t, err, test.want)
			} else if err == nil || !contains(err, test.want) {
				t.Fatalf("error %v, want %q in it", err, test.want)
			}
			if diff := cmp.Diff(entries, m.storage.Snapshot()); diff != "" {
				t.Errorf("storage was changed: %s", diff)
			}
			if _, _, err := m.keys.Create(t.Context(), m.storage, "k", keyring.Spec{Type: symmetric}); err == nil {
				t.Error("the key was made anew")
			}
		})
	}
}
