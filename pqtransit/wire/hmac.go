package wire

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// HMAC is an authentication code, an HMAC or a CMAC, and the version of the key it was made
// with.
type HMAC struct {
	// Version counts from 1; 0 parses, and no key has it. Whether the key has
	// that version is the keyring's to check.
	Version int
	// Sum is the code, of the hash function's length or, of a CMAC, the one chosen.
	Sum []byte
}

// String is `vault:v<version>:<standard base64 of the code, padded>`.
func (h HMAC) String() string { return Ciphertext{Version: h.Version, Body: h.Sum}.String() }

// ParseHMAC reads the form that String writes, and takes the same liberty as
// ParseCiphertext with line ends, but none with the version. Its errors are the built-in
// engine's.
func ParseHMAC(text string) (HMAC, error) { return parseCode("HMAC", text) }

// ParseCMAC is ParseHMAC for the other kind of code, which its errors name.
func ParseCMAC(text string) (HMAC, error) { return parseCode("CMAC", text) }

func parseCode(kind, text string) (HMAC, error) {
	rest, found := strings.CutPrefix(text, prefix)
	if !found {
		return HMAC{}, fmt.Errorf("invalid %s to verify: no prefix", kind)
	}
	number, encoded, found := strings.Cut(rest, ":")
	if !found {
		return HMAC{}, fmt.Errorf("invalid %s: wrong number of fields", kind)
	}
	version, err := strconv.Atoi(number)
	if err != nil || version < 0 || strconv.Itoa(version) != number {
		return HMAC{}, fmt.Errorf("invalid %s: version number could not be decoded", kind)
	}
	sum, err := encoding.DecodeString(encoded)
	if err != nil {
		var corrupt base64.CorruptInputError
		errors.As(err, &corrupt)
		return HMAC{}, fmt.Errorf("unable to decode verification %s as base64: %v", kind, corrupt)
	}
	return HMAC{Version: version, Sum: sum}, nil
}
