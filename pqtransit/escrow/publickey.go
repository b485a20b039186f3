package escrow

import (
	"crypto/sha3"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// PublicKey is a public key and the algorithm it is of, as it is registered and
// persisted.
type PublicKey struct {
	// Suite is the name of a registered suite.
	Suite string `json:"suite"`
	// Key is the form that the suite's ParsePublic reads.
	Key []byte `json:"public_key"`
}

// PublicKeyOf is the public half of a key of that suite.
func PublicKeyOf(s *suite.Suite, key suite.Key) PublicKey {
	return PublicKey{Suite: s.Name, Key: key.Public().Bytes()}
}

// ID is the fingerprint by which people and records name the key: 64 hexadecimal
// digits of SHA3-256 over the suite's name and the key.
func (p PublicKey) ID() string {
	digest := sha3.Sum256(framed("public key", []byte(p.Suite), p.Key))
	return hex.EncodeToString(digest[:])
}

// Equal reports whether the two are the same key of the same suite.
func (p PublicKey) Equal(other PublicKey) bool {
	return p.Suite == other.Suite && slices.Equal(p.Key, other.Key)
}

// encrypter refuses what is not hybrid: an escrowed share must outlive both a
// quantum computer and a flaw in the newer algorithm.
func (p PublicKey) encrypter() (suite.Encrypter, error) {
	key, found, err := p.parse()
	if err != nil {
		return nil, err
	}
	encrypter, ok := key.(suite.Encrypter)
	if !ok || !hybrid(found) || found.HPKE == nil {
		return nil, fmt.Errorf("type %s is no hybrid encryption type, use one of %s", p.Suite, names(EncryptionSuites()))
	}
	return encrypter, nil
}

// verifier refuses what a quantum computer could forge.
func (p PublicKey) verifier() (suite.Signer, error) {
	key, found, err := p.parse()
	if err != nil {
		return nil, err
	}
	signer, ok := key.(suite.Signer)
	if !ok || !signs(found) {
		return nil, fmt.Errorf("type %s is no signature type for escrow, use one of %s", p.Suite, names(SignatureSuites()))
	}
	return signer, nil
}

func (p PublicKey) parse() (suite.Key, *suite.Suite, error) {
	found, ok := suite.Lookup(p.Suite)
	if !ok || found.Name != p.Suite || found.ParsePublic == nil {
		return nil, nil, fmt.Errorf("%q is no type of public keys", p.Suite)
	}
	key, err := found.ParsePublic(p.Key)
	if err != nil {
		return nil, nil, fmt.Errorf("the %s public key does not parse: %v", p.Suite, err)
	}
	return key, found, nil
}
