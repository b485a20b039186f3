package keyring_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/palisade-vault/palisade/pqtransit/keyring"
	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// quickToMake leaves out RSA and the small sets of SLH-DSA, of which tests make few.
func quickToMake(algorithm *suite.Suite) bool {
	return !strings.HasPrefix(algorithm.Name, "rsa-") && (!algorithm.Slow || algorithm.Name == "slh-dsa-sha2-128f")
}

// encryptingNames are the suites that encrypt and fulfil a condition.
func encryptingNames(condition func(*suite.Suite) bool) []string {
	var names []string
	for _, algorithm := range suite.All() {
		if algorithm.Purpose.Has(suite.Encryption) && condition(algorithm) {
			names = append(names, algorithm.Name)
		}
	}
	return names
}

// proof is something that the key made, and the check that it still recognises it.
type proof func(m *mount)

func (m *mount) prove() proof {
	m.Helper()
	key := m.get("k")
	switch purpose := key.Purpose(); {
	case purpose.Has(suite.Encryption):
		ciphertext := m.encrypt("k", keyring.Parameters{}, "x")
		return func(m *mount) { m.mustDecrypt("k", keyring.Parameters{}, ciphertext, "x") }
	case purpose.Has(suite.Signing):
		signature := m.sign(keyring.Signing{}, message)
		return func(m *mount) { m.wantValid(keyring.Signing{}, message, signature.Text, true) }
	case purpose.Has(suite.KeyEncapsulation):
		made, err := key.Encapsulate(0)
		if err != nil {
			m.Fatal(err)
		}
		return func(m *mount) {
			secret, version, err := m.get("k").Decapsulate(made.Ciphertext, made.Confirmation)
			if err != nil || !secret.Equal(made.SharedSecret) || version != made.Version {
				m.Errorf("decapsulated with version %d: %v", version, err)
			}
		}
	}
	want := key.Latest // nothing here uses a MAC's key
	return func(m *mount) {
		if m.get("k").Latest < want {
			m.Errorf("version %d is lost", want)
		}
	}
}

// specs are a key of every suite that is quick to make, for each of its purposes.
func specs() map[string]keyring.Spec {
	found := map[string]keyring.Spec{}
	for _, algorithm := range suite.All() {
		if !quickToMake(algorithm) {
			continue
		}
		found[algorithm.Name] = keyring.Spec{Type: algorithm.Name}
		if algorithm.Alternative != 0 {
			found[algorithm.Name+" for "+keyring.PurposeText(algorithm.Alternative)] = keyring.Spec{Type: algorithm.Name, Purpose: algorithm.Alternative}
		}
	}
	return found
}

func TestEverySuiteSurvivesEveryFault(t *testing.T) {
	for name, spec := range specs() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMount(t)
			m.create("k", spec)
			old, entries := m.prove(), m.storage.Snapshot()
			rotate := func(m *mount) error {
				_, err := m.keys.Rotate(m.Context(), m.storage, "k", keyring.Rotation{})
				return err
			}
			eachFault(t, entries, rotate, func(t *testing.T, m *mount, _ error) {
				for _, m := range []*mount{m, m.fresh()} {
					m.TB = t
					old(m)
				}
				if err := rotate(m); err != nil {
					t.Fatalf("repeated: %v", err)
				}
				latest := m.prove()
				old(m.fresh())
				latest(m.fresh())
			})
		})
	}
}

// One key of each purpose goes through every algorithm of that purpose, and recognises all
// that it ever made.
func TestRotationThroughEveryAlgorithmOfAPurpose(t *testing.T) {
	for _, purpose := range []suite.Purpose{suite.Encryption, suite.Signing, suite.KeyEncapsulation, suite.Authentication} {
		t.Run(keyring.PurposeText(purpose), func(t *testing.T) {
			t.Parallel()
			var m *mount
			var proofs []proof
			for _, algorithm := range suite.All() {
				possible := algorithm.Purpose.Has(purpose) || algorithm.Alternative == purpose
				if !possible || (!quickToMake(algorithm) && algorithm.Name != "rsa-2048") {
					continue
				}
				if m == nil {
					m = newMount(t)
					m.create("k", keyring.Spec{Type: algorithm.Name, Purpose: purpose})
				} else {
					m.rotate("k", keyring.Rotation{Type: algorithm.Name, AllowUnauthenticatedEncryption: true})
				}
				if key := m.get("k"); key.Suite() != algorithm || key.Purpose() != purpose {
					t.Fatalf("version %d is %s for %s", key.Latest, key.Suite().Name, keyring.PurposeText(key.Purpose()))
				}
				proofs = append(proofs, m.prove())
			}
			if len(proofs) < 4 {
				t.Fatalf("%d algorithms", len(proofs))
			}
			m = m.fresh()
			for _, check := range proofs {
				check(m)
			}
			if !m.get("k").Mixed() {
				t.Error("not mixed")
			}
		})
	}
}

// Any two algorithms rotate into each other when they share the purpose, and never else.
func TestRotationAcrossPurposesIsRefused(t *testing.T) {
	for name, spec := range specs() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMount(t)
			m.create("k", spec)
			purpose, before := m.get("k").Purpose(), m.storage.Snapshot()
			for _, next := range suite.All() {
				if next.Purpose.Has(purpose) || next.Alternative == purpose || next.Purpose&purpose != 0 {
					continue
				}
				_, err := m.keys.Rotate(t.Context(), m.storage, "k", keyring.Rotation{Type: next.Name, AllowUnauthenticatedEncryption: true})
				wantRefusal(t, err, "key k is for "+keyring.PurposeText(purpose)+" and cannot be rotated to "+next.Name+", which is for ")
			}
			if diff := cmp.Diff(before, m.storage.Snapshot()); diff != "" {
				t.Errorf("a refused rotation changed something: %s", diff)
			}
		})
	}
}

func TestRotationThatGivesUpAuthenticity(t *testing.T) {
	tests := []struct{ from, to, want string }{
		{symmetric, "aes256-cbc", "lets anyone change ciphertexts unnoticed; set allow_unauthenticated_encryption=true"},
		{hybrid, "aes128-cbc", "lets anyone change ciphertexts unnoticed; set allow_unauthenticated_encryption=true"},
		{"aes256-cbc", "ml-kem-768", "lets anyone who has the public key make ciphertexts; set allow_unauthenticated_encryption=true"},
		{"aes256-cbc", "aes128-cbc", ""},
		{"aes256-cbc", symmetric, ""},
		{hybrid, "p384-mlkem1024", ""},
	}
	for _, test := range tests {
		t.Run(test.from+" to "+test.to, func(t *testing.T) {
			m := newMount(t)
			m.create("k", keyring.Spec{Type: test.from})
			_, err := m.keys.Rotate(t.Context(), m.storage, "k", keyring.Rotation{Type: test.to})
			if test.want != "" {
				wantRefusal(t, err, test.want)
				m.rotate("k", keyring.Rotation{Type: test.to, AllowUnauthenticatedEncryption: true})
			} else if err != nil {
				t.Error(err)
			}
		})
	}
}

func TestIV(t *testing.T) {
	m := newMount(t)
	m.create("cbc", keyring.Spec{Type: "aes256-cbc"})
	m.create("gcm", keyring.Spec{Type: symmetric})
	with := keyring.Parameters{IV: []byte("0123456789abcdef")}
	first, second := m.encrypt("cbc", with, "x"), m.encrypt("cbc", with, "x")
	if first != second {
		t.Error("equal vectors give different ciphertexts")
	}
	m.mustDecrypt("cbc", keyring.Parameters{}, first, "x")
	if first == m.encrypt("cbc", keyring.Parameters{}, "x") {
		t.Error("the vector is not random by default")
	}
	_, _, err := m.get("cbc").Encrypt(keyring.Parameters{IV: []byte("short")}, nil)
	wantRefusal(t, err, "iv")
	_, _, err = m.get("gcm").Encrypt(with, nil)
	wantRefusal(t, err, "iv is not supported for this key type")
}
