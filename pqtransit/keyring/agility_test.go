package keyring_test

import (
	"testing"

	"github.com/palisade-vault/palisade/pqtransit/keyring"
	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// Between any two algorithms that share a purpose there is a rotation, in one step, and what
// the first made is still recognised.
func TestRotationBetweenAnyTwoAlgorithms(t *testing.T) {
	pairs := 0
	for name, spec := range specs() {
		made := newMount(t)
		purpose := made.create("k", spec).Purpose()
		old, entries := made.prove(), made.storage.Snapshot()
		for _, next := range suite.All() {
			if !quickToMake(next) || (next.Purpose&purpose == 0 && next.Alternative != purpose) {
				continue
			}
			pairs++
			m := over(t, entries)
			key := m.rotate("k", keyring.Rotation{Type: next.Name, AllowUnauthenticatedEncryption: true})
			if key.Latest != 2 || key.Suite() != next || key.Purpose() != purpose {
				t.Errorf("%s to %s: version %d is %s for %s", name, next.Name, key.Latest, key.Suite().Name, keyring.PurposeText(key.Purpose()))
			}
			latest := m.prove()
			m = m.fresh()
			old(m)
			latest(m)
		}
	}
	if pairs < 350 {
		t.Errorf("only %d pairs", pairs)
	}
}

// An RSA key has two purposes, and goes to any algorithm of either.
func TestRotationOfRSAToEveryAlgorithm(t *testing.T) {
	entries, ciphertext := sharedRSA()
	both := suite.Encryption | suite.Signing
	for _, next := range suite.All() {
		if !quickToMake(next) {
			continue
		}
		t.Run(next.Name, func(t *testing.T) {
			m := over(t, entries)
			key, err := m.keys.Rotate(t.Context(), m.storage, "k", keyring.Rotation{Type: next.Name, AllowUnauthenticatedEncryption: true})
			if next.Purpose&both == 0 && next.Alternative&both == 0 {
				wantRefusal(t, err, "key k is for encryption and signing and cannot be rotated to "+next.Name)
				return
			}
			if err != nil || key.Purpose() != next.Purpose&both {
				t.Fatalf("for %s: %v", keyring.PurposeText(key.Purpose()), err)
			}
			m = m.fresh()
			m.mustDecrypt("k", keyring.Parameters{}, ciphertext, "old")
			lacks := both &^ next.Purpose
			refusal := m.lacking(lacks)
			wantRefusal(t, refusal, "version 2 of key k is for "+keyring.PurposeText(key.Purpose()))
		})
	}
}

// lacking is what the key answers to an operation of a purpose that its latest version lacks.
func (m *mount) lacking(purpose suite.Purpose) error {
	m.Helper()
	if purpose.Has(suite.Signing) {
		_, err := m.get("k").Sign(keyring.Signing{}, []byte("x"))
		return err
	}
	_, _, err := m.get("k").Encrypt(keyring.Parameters{}, []byte("x"))
	return err
}

// Derivation and convergence are settings of the whole key, so they bind its next algorithm.
func TestRotationOfDerivedKeys(t *testing.T) {
	derived := func(name string) keyring.Spec { return keyring.Spec{Type: name, Derived: true} }
	convergent := keyring.Spec{Type: symmetric, Derived: true, Convergent: true}
	allowed := 0
	for _, next := range suite.All() {
		if !quickToMake(next) {
			continue
		}
		for _, spec := range []keyring.Spec{derived(symmetric), derived("ed25519"), convergent} {
			m := newMount(t)
			purpose := m.create("k", spec).Purpose()
			if !next.Purpose.Has(purpose) {
				continue
			}
			_, err := m.keys.Rotate(t.Context(), m.storage, "k", keyring.Rotation{Type: next.Name, AllowUnauthenticatedEncryption: true})
			switch {
			case next.Name == spec.Type, next.Derivation && !spec.Convergent:
				allowed++
				if err != nil {
					t.Errorf("%s to %s: %v", spec.Type, next.Name, err)
				}
			case spec.Convergent:
				wantRefusal(t, err, "key k is convergent and cannot be rotated to another type")
			default:
				wantRefusal(t, err, "key k is derived and cannot be rotated to "+next.Name+", which has no derivation")
			}
		}
	}
	if allowed < 6 {
		t.Errorf("%d rotations of derived keys", allowed)
	}
}
