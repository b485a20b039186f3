package pqtransit_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// asked is what a client sends for a suite in Vault Enterprise's words.
func asked(algorithm *suite.Suite) object {
	selector := algorithm.Selector
	if selector.Type == "" {
		return object{"type": algorithm.Name}
	}
	request := object{"type": selector.Type, "parameter_set": selector.ParameterSet}
	if selector.HybridPQC != "" {
		request["hybrid_key_type_pqc"], request["hybrid_key_type_ec"] = selector.HybridPQC, selector.HybridEC
	}
	return request
}

// quickSuites leaves out the two RSA sizes whose keys take seconds to make.
func quickSuites() []*suite.Suite {
	var quick []*suite.Suite
	for _, algorithm := range suite.All() {
		if algorithm.Name != "rsa-3072" && algorithm.Name != rsa {
			quick = append(quick, algorithm)
		}
	}
	return quick
}

// A read shows what was asked for, and the same as the creation.
func TestReadOfEverySuite(t *testing.T) {
	for _, algorithm := range quickSuites() {
		t.Run(algorithm.Name, func(t *testing.T) {
			t.Parallel()
			m := newMount(t)
			created := m.MustWrite("keys/k", asked(algorithm))
			if diff := cmp.Diff(created.Data, m.MustRead("keys/k").Data); diff != "" {
				t.Errorf("read otherwise than created: %s", diff)
			}
			for field, want := range asked(algorithm) {
				if got := created.Data[field]; got != want {
					t.Errorf("%s is %v, want %v", field, got, want)
				}
			}
			for field, purpose := range map[string]suite.Purpose{
				"supports_encryption": suite.Encryption, "supports_decryption": suite.Encryption, "supports_signing": suite.Signing,
			} {
				if got := created.Data[field]; got != algorithm.Purpose.Has(purpose) {
					t.Errorf("%s is %v", field, got)
				}
			}
			if created.Data["supports_derivation"] != algorithm.Derivation {
				t.Errorf("supports_derivation is %v", created.Data["supports_derivation"])
			}
			checkVersions(t, algorithm, created.Data["keys"])
		})
	}
}

func checkVersions(t *testing.T, algorithm *suite.Suite, keys any) {
	t.Helper()
	if algorithm.Purpose == suite.Authentication {
		if keys != nil {
			t.Errorf("keys %v of a key that transit shows none of", keys)
		}
		return
	}
	versions, _ := keys.(object)
	if !algorithm.Asymmetric {
		if seconds, ok := versions["1"].(float64); !ok || seconds == 0 {
			t.Errorf("keys %v, want a time each", keys)
		}
		return
	}
	version, _ := versions["1"].(object)
	for field, value := range version {
		if _, ok := value.(string); !ok {
			t.Errorf("%s is %T", field, value)
		}
	}
	checkCreated(t, version)
	if version["public_key"] == "" || (version["hybrid_public_key"] != "") != (algorithm.Selector.HybridPQC != "") {
		t.Errorf("version %v", version)
	}
}

func TestNamesOfVersions(t *testing.T) {
	tests := []struct{ algorithm, name, prefix string }{
		{"ecdsa-p256", "P-256", "-----BEGIN PUBLIC KEY-----\n"},
		{"ecdsa-p384", "P-384", "-----BEGIN PUBLIC KEY-----\n"},
		{"ecdsa-p521", "P-521", "-----BEGIN PUBLIC KEY-----\n"},
		{"rsa-2048", "rsa-2048", "-----BEGIN PUBLIC KEY-----\n"},
		{"ed25519", "ed25519", ""},
		{"ml-dsa-65", "ml-dsa-65", ""},
		{"ml-kem-768", "ml-kem-768", ""},
	}
	for _, test := range tests {
		t.Run(test.algorithm, func(t *testing.T) {
			_, keys := withoutKeys(t, newMount(t).MustWrite("keys/k", object{"type": test.algorithm}))
			version, _ := keys["1"].(object)
			text, _ := version["public_key"].(string)
			if version["name"] != test.name || !strings.HasPrefix(text, test.prefix) {
				t.Errorf("%v", version)
			}
		})
	}
}

// The public key of a derived Ed25519 key belongs to a context.
func TestReadOfADerivedEd25519Key(t *testing.T) {
	m := newMount(t)
	public := func(context string) any {
		_, keys := withoutKeys(t, m.Do(t.Context(), logical.ReadOperation, "keys/k", object{"context": b64(context)}))
		version, _ := keys["1"].(object)
		return version["public_key"]
	}
	_, keys := withoutKeys(t, m.MustWrite("keys/k", object{"type": "ed25519", "derived": true}))
	if version, _ := keys["1"].(object); version["public_key"] != "" {
		t.Errorf("without a context: %v", version)
	}
	if one := public("one"); one == "" || one != public("one") || one == public("two") {
		t.Errorf("public key %v", one)
	}
}

func TestRotationByParameterSetAlone(t *testing.T) {
	m := newMount(t)
	m.MustWrite("keys/k", object{"type": "ml-dsa", "parameter_set": "44"})
	got := m.MustWrite("keys/k/rotate", object{"parameter_set": "87"})
	if got.Data["type"] != "ml-dsa" || got.Data["parameter_set"] != "87" || got.Data["latest_version"] != 2.0 {
		t.Errorf("%v", got.Data)
	}
}
