package keyring

import (
	"crypto/hmac"

	"github.com/palisade-vault/palisade/pqtransit/digest"
	"github.com/palisade-vault/palisade/pqtransit/suite"
	"github.com/palisade-vault/palisade/pqtransit/usage"
	"github.com/palisade-vault/palisade/pqtransit/wire"
)

// HMAC authenticates data with a version's HMAC key, which every key has whatever its type.
// It is ready for many inputs, and may be used by many goroutines.
type HMAC struct {
	key       *Key
	algorithm digest.Algorithm
	version   *Version // that makes codes; nil to verify
}

// NewHMAC chooses the version that makes codes; 0 is the latest.
func (k *Key) NewHMAC(algorithm digest.Algorithm, number int) (*HMAC, error) {
	if number == 0 {
		number = k.Latest
	}
	if number != k.Latest && k.MinEncryption > 0 && number < k.MinEncryption {
		return nil, refuse("cannot generate HMAC: version is too old (disallowed by policy)")
	}
	version, err := k.withHMACKey(number)
	if err != nil {
		return nil, err
	}
	// The HMAC key that other types have beside their own is not of their algorithm.
	if version.Purpose.Has(suite.Authentication) {
		if err := k.mayMake(version); err != nil {
			return nil, err
		}
	}
	return &HMAC{key: k, algorithm: algorithm, version: version}, nil
}

// HMACVerifier verifies codes of any version in use.
func (k *Key) HMACVerifier(algorithm digest.Algorithm) *HMAC {
	return &HMAC{key: k, algorithm: algorithm}
}

// withHMACKey is a version in use that has an HMAC key.
func (k *Key) withHMACKey(number int) (*Version, error) {
	switch {
	case number < 0:
		return nil, refuse("key version does not exist (cannot be negative)")
	case number > k.Latest:
		return nil, refuse("key version does not exist; latest key version is %d", k.Latest)
	}
	version := k.usable(number)
	switch {
	case version == nil:
		return nil, refuse("no such key version")
	case version.hmacKey.IsZero():
		return nil, refuse("no HMAC key exists for that key version")
	case version.Suite.MACHash: // else HMAC is not the key's own algorithm
		return version, k.algorithms.check(version.Suite)
	}
	return version, nil
}

// Sum is the code of an input in transit's text form.
func (h *HMAC) Sum(input []byte) string {
	h.version.uses.Count(usage.Protect, len(input))
	return wire.HMAC{Version: h.version.Number, Sum: h.sum(h.version, input)}.String()
}

// Verify reports whether text is the code of the input, in constant time for codes of the
// right length.
func (h *HMAC) Verify(input []byte, text string) (bool, error) {
	parsed, err := wire.ParseHMAC(text)
	switch {
	case err != nil:
		return false, refuse("%v", err)
	case parsed.Version > h.key.Latest:
		return false, refuse("invalid HMAC: version is too new")
	case parsed.Version < h.key.MinDecryption:
		return false, refuse("cannot verify HMAC: version is too old (disallowed by policy)")
	}
	version, err := h.key.withHMACKey(parsed.Version)
	if err != nil {
		return false, err
	}
	version.uses.Count(usage.Process, len(input))
	return hmac.Equal(h.sum(version, input), parsed.Sum), nil
}

func (h *HMAC) sum(version *Version, input []byte) []byte {
	state := hmac.New(h.algorithm.New, version.hmacKey.Bytes())
	state.Write(input)
	return state.Sum(nil)
}
