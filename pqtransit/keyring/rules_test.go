package keyring_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/palisade-vault/palisade/pqtransit/keyring"
	"github.com/palisade-vault/palisade/pqtransit/suite"
)

func TestCreateRefuses(t *testing.T) {
	tests := []struct {
		name string
		spec keyring.Spec
		want string
	}{
		{"no type", keyring.Spec{}, "unknown key type "},
		{"unknown type", keyring.Spec{Type: "rot13"}, "unknown key type rot13"},
		{"type in capitals", keyring.Spec{Type: "AES256-GCM96"}, "unknown key type AES256-GCM96"},
		{"Enterprise's type", keyring.Spec{Type: "managed_key"}, "unknown key type managed_key"},
		{"convergent without derivation", keyring.Spec{Type: symmetric, Convergent: true}, "convergent encryption requires derivation to be enabled"},
		{"derived RSA", keyring.Spec{Type: rsa, Derived: true}, "key derivation and convergent encryption not supported for keys of type rsa-4096"},
		{"derived hybrid", keyring.Spec{Type: hybrid, Derived: true}, "not supported for keys of type x25519-mlkem768"},
		{"convergent hybrid", keyring.Spec{Type: hybrid, Derived: true, Convergent: true}, "not supported for keys of type x25519-mlkem768"},
		{"key size", keyring.Spec{Type: symmetric, KeySize: 32}, "key_size is not valid for algorithm aes256-gcm96"},
		{"short period", keyring.Spec{Type: symmetric, AutoRotatePeriod: time.Minute}, "at least an hour"},
		{"negative period", keyring.Spec{Type: symmetric, AutoRotatePeriod: -time.Hour}, "at least an hour"},
		{"unfit purpose", keyring.Spec{Type: symmetric, For: suite.Signing}, "key type aes256-gcm96 not supported for this operation"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m := newMount(t)
			key, created, err := m.keys.Create(t.Context(), m.storage, "k", test.spec)
			wantRefusal(t, err, test.want)
			if key != nil || created || len(m.storage.Snapshot()) != 0 {
				t.Error("something was made")
			}
		})
	}
}

func TestCreateLeavesAnExistingKeyAlone(t *testing.T) {
	m := newMount(t)
	m.create("k", keyring.Spec{Type: symmetric, AutoRotatePeriod: time.Hour})
	before := m.storage.Snapshot()
	for _, m := range []*mount{m, m.fresh()} {
		key, created, err := m.keys.Create(t.Context(), m.storage, "k", keyring.Spec{Type: hybrid, Exportable: true, Derived: true})
		if err != nil || created || key.Suite().Name != symmetric || key.Exportable || key.AutoRotatePeriod != time.Hour {
			t.Errorf("%+v, created %v, %v", key, created, err)
		}
	}
	if diff := cmp.Diff(before, m.storage.Snapshot()); diff != "" {
		t.Errorf("storage was changed: %s", diff)
	}
}

func TestRotationRules(t *testing.T) {
	tests := []struct {
		name     string
		first    keyring.Spec
		rotation keyring.Rotation
		want     string // "" where it is allowed
		purpose  suite.Purpose
	}{
		{"same by default", keyring.Spec{Type: symmetric}, keyring.Rotation{}, "", suite.Encryption},
		{"same by name", keyring.Spec{Type: symmetric}, keyring.Rotation{Type: symmetric}, "", suite.Encryption},
		{"unknown", keyring.Spec{Type: symmetric}, keyring.Rotation{Type: "rot13"}, "unknown key type rot13", 0},
		{"symmetric to hybrid", keyring.Spec{Type: symmetric}, keyring.Rotation{Type: hybrid}, "set allow_unauthenticated_encryption=true", 0},
		{"symmetric to RSA", keyring.Spec{Type: symmetric}, keyring.Rotation{Type: rsa}, "set allow_unauthenticated_encryption=true", 0},
		{"symmetric to hybrid, allowed", keyring.Spec{Type: symmetric}, keyring.Rotation{Type: hybrid, AllowUnauthenticatedEncryption: true}, "", suite.Encryption},
		{"symmetric to RSA, allowed", keyring.Spec{Type: symmetric}, keyring.Rotation{Type: rsa, AllowUnauthenticatedEncryption: true}, "", suite.Encryption},
		{"hybrid to symmetric", keyring.Spec{Type: hybrid}, keyring.Rotation{Type: symmetric}, "", suite.Encryption},
		{"hybrid to RSA", keyring.Spec{Type: hybrid}, keyring.Rotation{Type: rsa}, "", suite.Encryption},
		{"derived, same", keyring.Spec{Type: symmetric, Derived: true}, keyring.Rotation{Type: symmetric}, "", suite.Encryption},
		{"derived to hybrid", keyring.Spec{Type: symmetric, Derived: true}, keyring.Rotation{Type: hybrid, AllowUnauthenticatedEncryption: true}, "derived and cannot be rotated to x25519-mlkem768, which has no derivation", 0},
		{"convergent, same", keyring.Spec{Type: symmetric, Derived: true, Convergent: true}, keyring.Rotation{}, "", suite.Encryption},
		{"convergent to hybrid", keyring.Spec{Type: symmetric, Derived: true, Convergent: true}, keyring.Rotation{Type: hybrid, AllowUnauthenticatedEncryption: true}, "convergent and cannot be rotated to another type", 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			m := newMount(t)
			m.create("k", test.first)
			before := m.storage.Snapshot()
			key, err := m.keys.Rotate(t.Context(), m.storage, "k", test.rotation)
			if test.want != "" {
				wantRefusal(t, err, test.want)
				if diff := cmp.Diff(before, m.storage.Snapshot()); diff != "" || m.get("k").Latest != 1 {
					t.Errorf("a refused rotation changed something: %s", diff)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if key.Latest != 2 || key.Purpose() != test.purpose {
				t.Errorf("version %d for %s", key.Latest, keyring.PurposeText(key.Purpose()))
			}
		})
	}
}

// An RSA key is for two things; its first rotation to another family settles for which.
func TestRotationFixesThePurposeOfRSA(t *testing.T) {
	entries, ciphertext := sharedRSA()
	m := over(t, entries)
	if got := m.get("k").Purpose(); got != suite.Encryption|suite.Signing {
		t.Fatalf("for %s", keyring.PurposeText(got))
	}
	m.rotate("k", keyring.Rotation{Type: hybrid})
	m.rotate("k", keyring.Rotation{Type: rsa})
	for _, m := range []*mount{m, m.fresh()} {
		key := m.get("k")
		if key.Purpose() != suite.Encryption || key.Community() || !key.Mixed() {
			t.Errorf("for %s", keyring.PurposeText(key.Purpose()))
		}
		m.mustDecrypt("k", keyring.Parameters{}, ciphertext, "old")
	}
}

func TestImportedKeysRotateOnlyIfAllowed(t *testing.T) {
	for _, allowed := range []bool{false, true} {
		m := newMount(t)
		policy := theirsCreate(t, m.storage, keyring.Spec{Type: symmetric})
		policy.Imported, policy.AllowImportedKeyRotation = true, allowed
		if err := policy.Persist(t.Context(), m.storage); err != nil {
			t.Fatal(err)
		}
		key, err := m.keys.Rotate(t.Context(), m.storage, "k", keyring.Rotation{})
		if !allowed {
			wantRefusal(t, err, "imported key k does not allow rotation within Vault")
			continue
		}
		if err != nil || key.Imported {
			t.Errorf("imported %v, %v", key.Imported, err)
		}
	}
}

func TestConfigure(t *testing.T) {
	for _, algorithm := range encryptingNames(quickToMake) {
		for _, test := range configurations {
			t.Run(algorithm+"/"+test.name, func(t *testing.T) {
				m := newMount(t)
				m.create("k", keyring.Spec{Type: algorithm})
				m.rotate("k", keyring.Rotation{})
				m.rotate("k", keyring.Rotation{})
				if test.prepare != nil {
					m.configure("k", *test.prepare)
				}
				before, settings := m.storage.Snapshot(), m.get("k").Settings
				key, err := m.keys.Configure(t.Context(), m.storage, "k", test.change)
				if test.refused != "" {
					wantRefusal(t, err, test.refused)
					if diff := cmp.Diff(before, m.storage.Snapshot()); diff != "" || m.get("k").Settings != settings {
						t.Errorf("a refused change changed something: %s", diff)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				test.want(&settings)
				if diff := cmp.Diff(settings, key.Settings); diff != "" {
					t.Error(diff)
				}
				if diff := cmp.Diff(settings, m.fresh().get("k").Settings); diff != "" {
					t.Errorf("stored: %s", diff)
				}
			})
		}
	}
}

// configurations are changes of a key with three versions.
var configurations = []struct {
	name    string
	prepare *keyring.Configuration
	change  keyring.Configuration
	refused string
	want    func(*keyring.Settings)
}{
	{name: "nothing", want: func(*keyring.Settings) {}},
	{name: "decryption minimum", change: keyring.Configuration{MinDecryption: new(2)}, want: func(s *keyring.Settings) { s.MinDecryption = 2 }},
	{name: "decryption minimum of zero", prepare: &keyring.Configuration{MinDecryption: new(3)}, change: keyring.Configuration{MinDecryption: new(0)}, want: func(s *keyring.Settings) { s.MinDecryption = 1 }},
	{name: "negative decryption minimum", change: keyring.Configuration{MinDecryption: new(-1)}, refused: "min decryption version cannot be negative"},
	{name: "decryption minimum beyond the latest", change: keyring.Configuration{MinDecryption: new(4)}, refused: "cannot set min decryption version of 4, latest key version is 3"},
	{name: "encryption minimum", change: keyring.Configuration{MinEncryption: new(3)}, want: func(s *keyring.Settings) { s.MinEncryption = 3 }},
	{name: "encryption minimum back to zero", prepare: &keyring.Configuration{MinEncryption: new(2)}, change: keyring.Configuration{MinEncryption: new(0)}, want: func(s *keyring.Settings) { s.MinEncryption = 0 }},
	{name: "negative encryption minimum", change: keyring.Configuration{MinEncryption: new(-1)}, refused: "min encryption version cannot be negative"},
	{name: "encryption minimum beyond the latest", change: keyring.Configuration{MinEncryption: new(4)}, refused: "cannot set min encryption version of 4, latest key version is 3"},
	{name: "both", change: keyring.Configuration{MinDecryption: new(2), MinEncryption: new(2)}, want: func(s *keyring.Settings) { s.MinDecryption, s.MinEncryption = 2, 2 }},
	{name: "conflicting", change: keyring.Configuration{MinDecryption: new(3), MinEncryption: new(2)}, refused: "min encryption version of 2 must be greater than or equal to min decryption version of 3"},
	{name: "conflicting with what is set", prepare: &keyring.Configuration{MinEncryption: new(1)}, change: keyring.Configuration{MinDecryption: new(2), Exportable: new(true)}, refused: "must be greater than or equal"},
	{name: "deletion", change: keyring.Configuration{DeletionAllowed: new(true)}, want: func(s *keyring.Settings) { s.DeletionAllowed = true }},
	{name: "deletion back", prepare: &keyring.Configuration{DeletionAllowed: new(true)}, change: keyring.Configuration{DeletionAllowed: new(false)}, want: func(s *keyring.Settings) { s.DeletionAllowed = false }},
	{name: "export", change: keyring.Configuration{Exportable: new(true), AllowPlaintextBackup: new(true)}, want: func(s *keyring.Settings) { s.Exportable, s.AllowPlaintextBackup = true, true }},
	{name: "export cannot be taken back", prepare: &keyring.Configuration{Exportable: new(true), AllowPlaintextBackup: new(true)}, change: keyring.Configuration{Exportable: new(false), AllowPlaintextBackup: new(false)}, want: func(*keyring.Settings) {}},
	{name: "period", change: keyring.Configuration{AutoRotatePeriod: new(time.Hour)}, want: func(s *keyring.Settings) { s.AutoRotatePeriod = time.Hour }},
	{name: "period back to zero", prepare: &keyring.Configuration{AutoRotatePeriod: new(time.Hour)}, change: keyring.Configuration{AutoRotatePeriod: new(time.Duration(0))}, want: func(s *keyring.Settings) { s.AutoRotatePeriod = 0 }},
	{name: "short period", change: keyring.Configuration{AutoRotatePeriod: new(time.Hour - 1), Exportable: new(true)}, refused: "at least an hour"},
}

func TestUnknownKey(t *testing.T) {
	m := newMount(t)
	_, err := m.keys.Rotate(t.Context(), m.storage, "k", keyring.Rotation{})
	wantRefusal(t, err, "key not found")
	_, err = m.keys.Configure(t.Context(), m.storage, "k", keyring.Configuration{})
	wantRefusal(t, err, "no existing key named k could be found")
	wantRefusal(t, m.keys.Delete(t.Context(), m.storage, "k"), "error deleting policy k: could not delete key; not found")
	if key, err := m.keys.Get(t.Context(), m.storage, "k"); key != nil || err != nil {
		t.Errorf("%v, %v", key, err)
	}
}

func TestDeleteNeedsPermission(t *testing.T) {
	m := newMount(t)
	m.create("k", keyring.Spec{Type: hybrid})
	wantRefusal(t, m.keys.Delete(t.Context(), m.storage, "k"), "error deleting policy k: deletion is not allowed for this key")
	m.get("k")
}
