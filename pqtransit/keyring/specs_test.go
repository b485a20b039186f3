package keyring_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/palisade-vault/palisade/pqtransit/keyring"
	"github.com/palisade-vault/palisade/pqtransit/suite"
)

func TestSpecsOfEverySuite(t *testing.T) {
	tests := []struct {
		name string
		spec keyring.Spec
		want string
	}{
		{"Vault's name", keyring.Spec{Type: "ml-dsa", TypeParameters: keyring.TypeParameters{ParameterSet: "65"}}, "ml-dsa-65"},
		{"OpenBao's name", keyring.Spec{Type: "mldsa-87"}, "ml-dsa-87"},
		{"upper case", keyring.Spec{Type: "slh-dsa", TypeParameters: keyring.TypeParameters{ParameterSet: "SLH-DSA-SHA2-128F"}}, "slh-dsa-sha2-128f"},
		{"a hybrid", keyring.Spec{Type: "hybrid", TypeParameters: keyring.TypeParameters{ParameterSet: "65", HybridPQC: "ml-dsa", HybridEC: "ed25519"}}, "hybrid-ml-dsa-65-ed25519"},
		{"a KEM", keyring.Spec{Type: "ml-kem", TypeParameters: keyring.TypeParameters{ParameterSet: "512"}, Purpose: suite.KeyEncapsulation}, "ml-kem-512"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := newMount(t).create("k", test.spec).Suite().Name; got != test.want {
				t.Errorf("made a key of type %s, want %s", got, test.want)
			}
		})
	}
}

func TestSpecsThatAreRefused(t *testing.T) {
	tests := []struct {
		name string
		spec keyring.Spec
		want string
	}{
		{"no parameter set", keyring.Spec{Type: "ml-dsa"}, "invalid parameter set  for key type ml-dsa: use one of 44, 65, 87"},
		{"another parameter set", keyring.Spec{Type: "ml-kem", TypeParameters: keyring.TypeParameters{ParameterSet: "65"}}, "invalid parameter set 65 for key type ml-kem"},
		{"a pair without a standard", keyring.Spec{Type: "hybrid", TypeParameters: keyring.TypeParameters{ParameterSet: "87", HybridPQC: "ml-dsa", HybridEC: "ed25519"}}, "the standard has no such pair, use one of ecdsa-p384, ecdsa-p521"},
		{"a size for one that has one size", keyring.Spec{Type: symmetric, KeySize: 32}, "key_size is not valid for algorithm aes256-gcm96"},
		{"too small", keyring.Spec{Type: "hmac", KeySize: 31}, "invalid key_size 31"},
		{"too large", keyring.Spec{Type: "hmac", KeySize: 513}, "invalid key_size 513"},
		{"negative", keyring.Spec{Type: "hmac", KeySize: -1}, "invalid key_size -1"},
		{"another purpose", keyring.Spec{Type: symmetric, Purpose: suite.KeyEncapsulation}, "keys of type aes256-gcm96 cannot be for key-encapsulation: they are for encryption"},
		{"both purposes", keyring.Spec{Type: hybrid, Purpose: suite.Encryption | suite.KeyEncapsulation}, "they are for encryption or key-encapsulation"},
		{"a derived signer", keyring.Spec{Type: "ml-dsa-44", Derived: true}, "key derivation and convergent encryption not supported for keys of type ml-dsa-44"},
		{"a convergent signer", keyring.Spec{Type: "ed25519", Derived: true, Convergent: true}, "convergent encryption not supported for keys of type ed25519"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m := newMount(t)
			_, _, err := m.keys.Create(t.Context(), m.storage, "k", test.spec)
			wantRefusal(t, err, test.want)
			if left := m.storage.Snapshot(); len(left) != 0 {
				t.Errorf("something was stored: %v", slices.Sorted(maps.Keys(left)))
			}
		})
	}
}
