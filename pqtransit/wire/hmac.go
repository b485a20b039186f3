package wire

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// The faults of an HMAC's text, in the built-in engine's words.
var (
	ErrHMACNoPrefix = errors.New("invalid HMAC to verify: no prefix")
	ErrHMACFields   = errors.New("invalid HMAC: wrong number of fields")
	ErrHMACVersion  = errors.New("invalid HMAC: version number could not be decoded")
)

// HMAC is an authentication code and the version of the key it was made with.
type HMAC struct {
	// Version counts from 1; 0 parses, and no key has it. Whether the key has
	// that version is the keyring's to check.
	Version int
	// Sum is the code, of the hash function's length.
	Sum []byte
}

// String is `vault:v<version>:<standard base64 of the code, padded>`.
func (h HMAC) String() string { return Ciphertext{Version: h.Version, Body: h.Sum}.String() }

// ParseHMAC reads the form that String writes, and takes the same liberty as
// ParseCiphertext with line ends, but none with the version.
func ParseHMAC(text string) (HMAC, error) {
	rest, found := strings.CutPrefix(text, prefix)
	if !found {
		return HMAC{}, ErrHMACNoPrefix
	}
	number, encoded, found := strings.Cut(rest, ":")
	if !found {
		return HMAC{}, ErrHMACFields
	}
	version, err := strconv.Atoi(number)
	if err != nil || version < 0 || strconv.Itoa(version) != number {
		return HMAC{}, ErrHMACVersion
	}
	sum, err := encoding.DecodeString(encoded)
	if err != nil {
		var corrupt base64.CorruptInputError
		errors.As(err, &corrupt)
		return HMAC{}, fmt.Errorf("unable to decode verification HMAC as base64: %v", corrupt)
	}
	return HMAC{Version: version, Sum: sum}, nil
}
