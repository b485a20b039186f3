package keyring

import (
	"io"

	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// TypeParameters are Vault's further names of an algorithm, empty where its type has no such
// parameter.
type TypeParameters struct {
	// ParameterSet is that of ml-dsa, slh-dsa, hybrid and ml-kem.
	ParameterSet string
	// HybridPQC and HybridEC are the two types that hybrid joins.
	HybridPQC, HybridEC string
}

func (p TypeParameters) find(name string) (*suite.Suite, error) {
	algorithm, err := suite.Select(suite.Selector{
		Type: name, ParameterSet: p.ParameterSet, HybridPQC: p.HybridPQC, HybridEC: p.HybridEC,
	})
	if err != nil {
		return nil, refuse("%v", err)
	}
	return algorithm, nil
}

func (s Spec) purpose(algorithm *suite.Suite) suite.Purpose {
	if s.Purpose == 0 {
		return algorithm.Purpose
	}
	return s.Purpose
}

func purposeChoice(algorithm *suite.Suite) string {
	if algorithm.Alternative == 0 {
		return PurposeText(algorithm.Purpose)
	}
	return PurposeText(algorithm.Purpose) + " or " + PurposeText(algorithm.Alternative)
}

func (s Spec) checkSize(algorithm *suite.Suite) error {
	sizes := algorithm.KeySize
	switch {
	case s.KeySize == 0:
		return nil
	case sizes == nil:
		return refuse("key_size is not valid for algorithm %s", algorithm.Name)
	case s.KeySize < sizes.Min || s.KeySize > sizes.Max:
		return refuse("invalid key_size %d", s.KeySize)
	}
	return nil
}

// generate also keeps the key's size setting to what its newest algorithm has, which is
// where the built-in engine takes the next version's size from.
func (k *Key) generate(algorithm *suite.Suite) (suite.Key, error) {
	sizes := algorithm.KeySize
	if sizes == nil {
		k.KeySize = 0
		return algorithm.Generate()
	}
	if k.KeySize == 0 {
		k.KeySize = sizes.Default
	}
	return algorithm.GenerateSize(k.KeySize)
}

// hmacKeyFor is what hmac uses beside a version's own key, as the built-in engine has it:
// the hmac type's is the key itself, and keys that make other MACs have none.
func (r *Keyring) hmacKeyFor(algorithm *suite.Suite, material suite.Key) (suite.Secret, error) {
	switch {
	case algorithm.MACHash:
		return material.Private(), nil
	case algorithm.Purpose == suite.Authentication:
		return suite.Secret{}, nil
	}
	hmacKey := make([]byte, 32)
	if _, err := io.ReadFull(r.rand, hmacKey); err != nil {
		return suite.Secret{}, err
	}
	defer clear(hmacKey)
	return suite.NewSecret(hmacKey), nil
}
