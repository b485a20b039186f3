package keyring

import (
	"slices"
	"sync"

	"github.com/palisade-vault/palisade/pqtransit/suite"
	"github.com/palisade-vault/palisade/pqtransit/usage"
	"github.com/palisade-vault/palisade/pqtransit/wire"
)

// Parameters are what goes with one encryption or decryption beside its input. The zero
// value is a plain one.
type Parameters struct {
	// Version encrypts; 0 is the latest. A decryption reads it from the ciphertext.
	Version int
	// Context derives the key where it is a derived one, and is the info of HPKE.
	Context []byte
	// Nonce is for keys of the first convergent scheme alone.
	Nonce []byte
	// AssociatedData is authenticated and not part of the ciphertext.
	AssociatedData []byte
	// PaddingScheme is for algorithms that offer a choice; empty is their default.
	PaddingScheme string
	// IV is for encryptions with algorithms that take the caller's; empty is a random one.
	IV []byte
}

// Rewrapping are the parameters of [Key.Rewrap].
type Rewrapping struct {
	// Parameters are those of the new ciphertext; Context, Nonce and AssociatedData are the
	// old one's as well. An old version that cannot authenticate AssociatedData ignores it,
	// so that a rewrap to one that can may add it.
	Parameters
	// DecryptPaddingScheme is the old ciphertext's.
	DecryptPaddingScheme string
}

// Encrypt answers a ciphertext in transit's text form and the version that made it.
func (k *Key) Encrypt(p Parameters, plaintext []byte) (ciphertext string, version int, err error) {
	if len(p.Nonce) > 0 && !k.nonceAllowed() {
		return "", 0, refuse("provided nonce not allowed for this key")
	}
	chosen, choiceErr := k.forEncryption(p.Version)
	params, err := k.params(chosen, p, "padding_scheme")
	if err != nil {
		return "", 0, err
	}
	if choiceErr != nil {
		return "", 0, choiceErr
	}
	return k.seal(chosen, params, plaintext)
}

// Decrypt answers the plaintext, perhaps empty, of what Encrypt made.
func (k *Key) Decrypt(p Parameters, ciphertext string) ([]byte, error) {
	return k.decrypt(p, ciphertext, "padding_scheme")
}

// Rewrap decrypts and encrypts again, by default to the latest version.
func (k *Key) Rewrap(p Rewrapping, ciphertext string) (rewrapped string, version int, err error) {
	if len(p.Nonce) > 0 && !k.nonceAllowed() {
		return "", 0, refuse("provided nonce not allowed for this key")
	}
	old := p.Parameters
	old.PaddingScheme = p.DecryptPaddingScheme
	if parsed, err := wire.ParseCiphertext(ciphertext); err == nil {
		if from := k.usable(parsed.Version); from != nil && !from.Suite.AssociatedData {
			old.AssociatedData = nil
		}
	}
	plaintext, err := k.decrypt(old, ciphertext, "decrypt_padding_scheme")
	if err != nil {
		return "", 0, err
	}
	chosen, choiceErr := k.forEncryption(p.Version)
	params, err := k.params(chosen, p.Parameters, "encrypt_padding_scheme")
	if err != nil {
		return "", 0, err
	}
	if choiceErr != nil {
		return "", 0, choiceErr
	}
	return k.seal(chosen, params, plaintext)
}

func (k *Key) decrypt(p Parameters, ciphertext, paddingField string) ([]byte, error) {
	parsed, chosen, choiceErr := k.forDecryption(ciphertext)
	params, err := k.params(chosen, p, paddingField)
	if err != nil {
		return nil, err
	}
	if choiceErr != nil {
		return nil, choiceErr
	}
	switch {
	case params.Convergent != 1:
		params.Nonce = nil
	case len(params.Nonce) == 0:
		return nil, refuse("invalid convergent nonce supplied")
	}
	encrypter, err := k.encrypter(chosen, "message decryption", p.Context)
	if err != nil {
		return nil, err
	}
	plaintext, err := encrypter.Open(params, parsed.Body)
	if err != nil {
		return nil, refuse("%v", err)
	}
	chosen.uses.Count(usage.Process, len(plaintext))
	return plaintext, nil
}

func (k *Key) seal(version *Version, params suite.Params, plaintext []byte) (string, int, error) {
	encrypter, err := k.encrypter(version, "message encryption", params.Context)
	if err != nil {
		return "", 0, err
	}
	body, err := encrypter.Seal(params, plaintext)
	if err != nil {
		return "", 0, refuse("%v", err)
	}
	version.uses.Count(usage.Protect, len(plaintext))
	return wire.Ciphertext{Version: version.Number, Body: body}.String(), version.Number, nil
}

// forEncryption is the version to encrypt with. With an error it answers the latest one,
// against which the other parameters are judged first, as the built-in engine does.
func (k *Key) forEncryption(number int) (*Version, error) {
	latest := k.versions[k.Latest]
	switch {
	case !k.Purpose().Has(suite.Encryption):
		return latest, k.unsupported("message encryption", latest)
	case number == 0:
		return latest, k.mayMake(latest)
	case number < 0:
		return latest, refuse("requested version for encryption is negative")
	case number > k.Latest:
		return latest, refuse("requested version for encryption is higher than the latest key version")
	case number < k.MinEncryption:
		return latest, refuse("requested version for encryption is less than the minimum encryption key version")
	}
	version := k.usable(number)
	if version == nil {
		return latest, refuse("no such key version")
	}
	return version, k.mayMake(version)
}

// forDecryption is the version that a ciphertext names. Like forEncryption it answers the
// latest one with an error.
func (k *Key) forDecryption(ciphertext string) (wire.Ciphertext, *Version, error) {
	latest := k.versions[k.Latest]
	if !latest.Purpose.Has(suite.Encryption) && !k.Mixed() {
		return wire.Ciphertext{}, latest, k.unsupported("message decryption", latest)
	}
	parsed, err := wire.ParseCiphertext(ciphertext)
	switch {
	case err != nil:
		return parsed, latest, refuse("%v", err)
	case parsed.Version > k.Latest:
		return parsed, latest, refuse("invalid ciphertext: version is too new")
	case parsed.Version < k.MinDecryption:
		return parsed, latest, refuse("ciphertext or signature version is disallowed by policy (too old)")
	}
	version := k.usable(parsed.Version)
	if version == nil {
		return parsed, latest, refuse("no such key version")
	}
	return parsed, version, nil
}

// params checks against a version's algorithm what it may have no use for.
func (k *Key) params(version *Version, p Parameters, paddingField string) (suite.Params, error) {
	if err := checkPadding(version.Suite, p.PaddingScheme, paddingField); err != nil {
		return suite.Params{}, err
	}
	if len(p.AssociatedData) > 0 && !version.Suite.AssociatedData {
		return suite.Params{}, refuseField("associated_data", "provided for non-AEAD cipher suite %s", version.Suite.Name)
	}
	return suite.Params{
		Context:        p.Context,
		AssociatedData: p.AssociatedData,
		PaddingScheme:  p.PaddingScheme,
		Convergent:     k.convergentVersion(version),
		Nonce:          p.Nonce,
		IV:             p.IV,
	}, nil
}

func (k *Key) encrypter(version *Version, operation string, context []byte) (suite.Encrypter, error) {
	if !version.Purpose.Has(suite.Encryption) {
		return nil, k.unsupported(operation, version)
	}
	if err := k.algorithms.check(version.Suite); err != nil {
		return nil, err
	}
	key, err := version.open()
	if err != nil {
		return nil, err
	}
	// The built-in engine imports keys as derived whose type cannot be, and then uses them
	// as they are.
	if k.Derived && version.Suite.Derivation {
		derived, err := k.derive(version, context)
		if err != nil {
			return nil, err
		}
		key = derived
	}
	encrypter, ok := key.(suite.Encrypter)
	if !ok {
		return nil, k.unsupported(operation, version)
	}
	return encrypter, nil
}

// unsupported names the algorithm where it is the reason, else what the key is for.
func (k *Key) unsupported(operation string, version *Version) error {
	if version.Purpose == version.Suite.Purpose && !k.Mixed() {
		return refuse("%s not supported for key type %s", operation, version.Suite.Name)
	}
	return refuse("%s not supported: version %d of key %s is for %s",
		operation, version.Number, k.Name, PurposeText(version.Purpose))
}

// usable is the version of that number, nil when there is none or it was set too old.
func (k *Key) usable(number int) *Version {
	if number < k.MinDecryption {
		return nil
	}
	return k.versions[number]
}

func (k *Key) nonceAllowed() bool { return k.Convergent && k.ConvergentVersion == 1 }

func checkPadding(algorithm *suite.Suite, scheme, field string) error {
	switch {
	case scheme == "" || slices.Contains(algorithm.PaddingSchemes, scheme):
		return nil
	case slices.Contains(allPaddings(), scheme):
		return refuseField(field, "invalid: unsupported key type %s for padding scheme", algorithm.Name)
	}
	return refuseField(field, "invalid: unknown padding scheme: %s", scheme)
}

var allPaddings = sync.OnceValue(func() []string {
	var schemes []string
	for _, algorithm := range suite.All() {
		schemes = append(schemes, algorithm.PaddingSchemes...)
	}
	return schemes
})
