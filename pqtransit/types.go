package pqtransit

import (
	"github.com/hashicorp/vault/sdk/framework"

	"github.com/palisade-vault/palisade/backend"
	"github.com/palisade-vault/palisade/pqtransit/keyring"
	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// typeFields are the parameters that name an algorithm together with type.
func typeFields() map[string]*framework.FieldSchema {
	return withFields(managedKeyFields(), map[string]*framework.FieldSchema{
		"parameter_set": {
			Type:        framework.TypeString,
			Description: "Parameter set of the types ml-dsa and hybrid (44, 65, 87), slh-dsa (such as slh-dsa-sha2-128s) and ml-kem (512, 768, 1024).",
		},
		"hybrid_key_type_pqc": {
			Type:        framework.TypeString,
			Description: "Post-quantum half of the type hybrid: ml-dsa.",
		},
		"hybrid_key_type_ec": {
			Type:        framework.TypeString,
			Description: "Classical half of the type hybrid: ecdsa-p256, ecdsa-p384, ecdsa-p521 or ed25519, where the standard has the pair.",
		},
	})
}

// managedKeyType is Vault Enterprise's for keys that lie in an HSM or a cloud service.
const managedKeyType = "managed_key"

// managedKeyFields are Vault Enterprise's names for such a key.
func managedKeyFields() map[string]*framework.FieldSchema {
	return map[string]*framework.FieldSchema{
		"managed_key_name": {Type: framework.TypeString, Description: "Refused: managed keys are not supported."},
		"managed_key_id":   {Type: framework.TypeString, Description: "Refused: managed keys are not supported."},
	}
}

// refuseManagedKey reports what asks for a managed key: Vault gives plugins no access to them.
func refuseManagedKey(f *backend.Fields) {
	if f.String("type") == managedKeyType || f.String("managed_key_name") != "" || f.String("managed_key_id") != "" {
		f.Fail("managed keys are not supported: Vault does not let plugins use them; name another type, without managed_key_name and managed_key_id")
	}
}

func decodeTypeParameters(f *backend.Fields) keyring.TypeParameters {
	refuseManagedKey(f)
	return keyring.TypeParameters{
		ParameterSet: f.String("parameter_set"),
		HybridPQC:    f.String("hybrid_key_type_pqc"),
		HybridEC:     f.String("hybrid_key_type_ec"),
	}
}

// decodePurpose is 0 where none is given.
func decodePurpose(f *backend.Fields) suite.Purpose {
	name := f.String("purpose")
	if name == "" {
		return 0
	}
	purpose, err := keyring.ParsePurpose(name)
	if err != nil {
		f.Fail("%v", err)
	}
	return purpose
}

// typeName is what the parameter type calls the algorithm.
func typeName(algorithm *suite.Suite) string {
	if algorithm.Selector.Type != "" {
		return algorithm.Selector.Type
	}
	return algorithm.Name
}

func addTypeParameters(data map[string]any, algorithm *suite.Suite) {
	if algorithm.Selector.ParameterSet != "" {
		data["parameter_set"] = algorithm.Selector.ParameterSet
	}
	if algorithm.Selector.HybridPQC != "" {
		data["hybrid_key_type_pqc"] = algorithm.Selector.HybridPQC
		data["hybrid_key_type_ec"] = algorithm.Selector.HybridEC
	}
}

// authenticates reports whether a key is of one type that only makes MACs.
func authenticates(key *keyring.Key) bool {
	return key.Purpose() == suite.Authentication && !key.Mixed()
}

// hybridText is the whole public key of a hybrid signature type, in the standard's encoding.
// Clients of Vault Enterprise look for it here; public_key has it too.
func hybridText(version *keyring.Version) string {
	if version.Suite.Selector.HybridPQC == "" {
		return ""
	}
	return version.Public().String()
}
