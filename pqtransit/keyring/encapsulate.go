package keyring

import (
	"github.com/palisade-vault/palisade/pqtransit/suite"
	"github.com/palisade-vault/palisade/pqtransit/usage"
	"github.com/palisade-vault/palisade/pqtransit/wire"
)

// Encapsulation is a fresh shared secret and what its receiver needs.
type Encapsulation struct {
	// Ciphertext is vault:v<version>:<base64>.
	Ciphertext string
	// Version is whose public key it is for.
	Version int
	// SharedSecret is the 32 bytes that the caller keeps.
	SharedSecret suite.Secret
	// Confirmation shows to [Key.Decapsulate] that the secret is this one.
	Confirmation []byte
}

// Encapsulate makes a shared secret for a version; 0 is the latest.
func (k *Key) Encapsulate(number int) (Encapsulation, error) {
	version, err := k.forMaking("encapsulation", number)
	if err != nil {
		return Encapsulation{}, err
	}
	mechanism, err := k.encapsulator(version)
	if err != nil {
		return Encapsulation{}, err
	}
	secret, body, err := mechanism.Encapsulate()
	if err != nil {
		return Encapsulation{}, refuse("%v", err)
	}
	confirmation, err := suite.Confirmation(version.Public(), secret, body)
	if err != nil {
		return Encapsulation{}, err
	}
	version.uses.Count(usage.Protect, 0)
	return Encapsulation{
		Ciphertext:   wire.Ciphertext{Version: version.Number, Body: body}.String(),
		Version:      version.Number,
		SharedSecret: secret,
		Confirmation: confirmation,
	}, nil
}

// Decapsulate recovers a shared secret and confirms it.
func (k *Key) Decapsulate(ciphertext string, confirmation []byte) (secret suite.Secret, version int, err error) {
	secret, from, body, err := k.decapsulate(ciphertext)
	if err != nil {
		return suite.Secret{}, 0, err
	}
	if err := suite.Confirm(from.Public(), secret, body, confirmation); err != nil {
		return suite.Secret{}, 0, refuse("%v", err)
	}
	return secret, from.Number, nil
}

// DecapsulateUnconfirmed is for ciphertexts of senders that know no confirmation. Of a
// ciphertext that is not for this key it makes a random secret, and no error.
func (k *Key) DecapsulateUnconfirmed(ciphertext string) (secret suite.Secret, version int, err error) {
	secret, from, _, err := k.decapsulate(ciphertext)
	if err != nil {
		return suite.Secret{}, 0, err
	}
	return secret, from.Number, nil
}

func (k *Key) decapsulate(ciphertext string) (suite.Secret, *Version, []byte, error) {
	parsed, err := wire.ParseCiphertext(ciphertext)
	if err != nil {
		return suite.Secret{}, nil, nil, refuse("%v", err)
	}
	version, err := k.forReading("ciphertext", parsed.Version)
	if err != nil {
		return suite.Secret{}, nil, nil, err
	}
	mechanism, err := k.encapsulator(version)
	if err != nil {
		return suite.Secret{}, nil, nil, err
	}
	secret, err := mechanism.Decapsulate(parsed.Body)
	if err != nil {
		return suite.Secret{}, nil, nil, refuse("%v", err)
	}
	version.uses.Count(usage.Process, 0)
	return secret, version, parsed.Body, nil
}

// encapsulator holds that no key both encrypts and encapsulates: a raw decapsulation would
// open its ciphertexts past every check.
func (k *Key) encapsulator(version *Version) (suite.Encapsulator, error) {
	key, err := version.open()
	if err != nil {
		return nil, err
	}
	mechanism, ok := key.(suite.Encapsulator)
	if !ok || version.Purpose != suite.KeyEncapsulation {
		return nil, refuse("key encapsulation not supported: version %d of key %s is of type %s and for %s",
			version.Number, k.Name, version.Suite.Name, PurposeText(version.Purpose))
	}
	if err := k.algorithms.check(version.Suite); err != nil {
		return nil, err
	}
	return mechanism, nil
}
