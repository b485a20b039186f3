package keyring

import (
	"slices"
	"sync"

	"github.com/palisade-vault/palisade/pqtransit/suite"
	"github.com/palisade-vault/palisade/pqtransit/usage"
	"github.com/palisade-vault/palisade/pqtransit/wire"
)

// Signing are the parameters of one signature or of its verification beside the message.
type Signing struct {
	// Version signs; 0 is the latest. A verification reads it from the signature.
	Version int
	// Context derives the key where it is a derived one; others ignore it.
	Context []byte
	// Params are the algorithm's own. Their context is not the one above.
	Params suite.SignParams
}

// Signature is what [Key.Sign] makes.
type Signature struct {
	// Text is vault:v<version>:<base64>.
	Text string
	// Version made it.
	Version int
	// Public is the public key that verifies it where the key is a derived one, else zero.
	Public suite.PublicKey
}

// Signs refuses a key whose latest version does not sign.
func (k *Key) Signs() error {
	if latest := k.versions[k.Latest]; !latest.Purpose.Has(suite.Signing) {
		return k.notASigner(latest)
	}
	return nil
}

// Verifies refuses a key of which no version signed.
func (k *Key) Verifies() error {
	for _, version := range k.versions {
		if version.Purpose.Has(suite.Signing) {
			return nil
		}
	}
	return k.notASigner(k.versions[k.Latest])
}

// notASigner has transit's text where the type is the reason.
func (k *Key) notASigner(version *Version) error {
	if version.Suite.Purpose.Has(suite.Signing) || k.Mixed() {
		return k.unsupported("signing", version)
	}
	return refuse("key type %s does not support signing", version.Suite.Name)
}

// Sign signs a message of any length, also an empty one.
func (k *Key) Sign(p Signing, message []byte) (Signature, error) {
	version, err := k.forMaking("signing", p.Version)
	if err != nil {
		return Signature{}, err
	}
	signer, key, err := k.signer(version, p.Context)
	if err != nil {
		return Signature{}, err
	}
	body, err := signer.Sign(p.Params, message)
	if err != nil {
		return Signature{}, refuse("%v", err)
	}
	version.uses.Count(usage.Protect, len(message))
	text := wire.Signature{Version: version.Number, Body: body, JWS: p.Params.Marshaling == suite.JWS}
	signature := Signature{Text: text.String(), Version: version.Number}
	if k.Derived {
		signature.Public = key.Public()
	}
	return signature, nil
}

// Verify reports whether a signature in its text form is one of the message.
func (k *Key) Verify(p Signing, message []byte, text string) (bool, error) {
	parsed, err := wire.ParseSignature(text, p.Params.Marshaling == suite.JWS)
	if err != nil {
		return false, refuse("%v", err)
	}
	version, err := k.forReading("signature", parsed.Version)
	if err != nil {
		return false, err
	}
	signer, _, err := k.signer(version, p.Context)
	if err != nil {
		return false, err
	}
	valid, err := signer.Verify(p.Params, message, parsed.Body)
	if err != nil {
		return false, refuse("%v", err)
	}
	version.uses.Count(usage.Process, len(message))
	return valid, nil
}

// forMaking is the version that the caller chose for an operation whose result names it.
func (k *Key) forMaking(operation string, number int) (*Version, error) {
	switch {
	case number == 0:
		number = k.Latest
	case number < 0:
		return nil, refuse("requested version for %s is negative", operation)
	case number > k.Latest:
		return nil, refuse("requested version for %s is higher than the latest key version", operation)
	case number < k.MinEncryption:
		return nil, refuse("requested version for %s is less than the minimum encryption key version", operation)
	}
	version := k.usable(number)
	if version == nil {
		return nil, refuse("no such key version")
	}
	return version, k.mayMake(version)
}

// forReading is the version that made the signature or ciphertext.
func (k *Key) forReading(what string, number int) (*Version, error) {
	switch {
	case number > k.Latest:
		return nil, refuse("invalid %s: version is too new", what)
	case number < k.MinDecryption:
		return nil, refuse("ciphertext or signature version is disallowed by policy (too old)")
	}
	version := k.usable(number)
	if version == nil {
		return nil, refuse("no such key version")
	}
	return version, nil
}

// signer also answers the key that it is, for its public half.
func (k *Key) signer(version *Version, context []byte) (suite.Signer, suite.Key, error) {
	if !version.Purpose.Has(suite.Signing) {
		return nil, nil, k.notASigner(version)
	}
	if err := k.algorithms.check(version.Suite); err != nil {
		return nil, nil, err
	}
	key, err := version.open()
	if err != nil {
		return nil, nil, err
	}
	if k.Derived {
		derived, err := k.derive(version, context)
		if err != nil {
			return nil, nil, refuse("error deriving key: %v", err)
		}
		key = derived
	}
	signer, ok := key.(suite.Signer)
	if !ok {
		return nil, nil, k.notASigner(version)
	}
	return signer, key, nil
}

// SlowToSign reports whether one signature of that version takes so long that the caller must
// bound how many are made at once; 0 is the latest.
func (k *Key) SlowToSign(number int) bool {
	version := k.versions[number]
	if number == 0 {
		version = k.versions[k.Latest]
	}
	return version != nil && version.Suite.Slow
}

// CheckHash refuses a hash that no algorithm here signs with; empty is the default one.
func CheckHash(name string) error {
	if name != "" && !slices.Contains(allHashes(), name) {
		return refuse("invalid hash algorithm %q", name)
	}
	return nil
}

var allHashes = sync.OnceValue(func() []string {
	var names []string
	for _, algorithm := range suite.All() {
		if algorithm.Signatures != nil {
			names = append(names, algorithm.Signatures.Hashes...)
		}
	}
	return names
})
