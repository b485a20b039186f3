package wire

import (
	"encoding/base64"
	"errors"
	"strconv"
	"strings"
)

// The faults of a signature's text, in the built-in engine's words.
var (
	ErrSignaturePrefix  = errors.New("invalid signature: no prefix")
	ErrSignatureFields  = errors.New("invalid signature: wrong number of fields")
	ErrSignatureVersion = errors.New("invalid signature: version number could not be decoded")
	ErrSignatureBase64  = errors.New("invalid base64 signature value")
)

// urlEncoding is JWS's (RFC 7515, section 2).
var urlEncoding = base64.RawURLEncoding.Strict()

// Signature is a signature or MAC and the version of the key that made it.
type Signature struct {
	// Version counts from 1. Whether the key has that version is the
	// keyring's to check.
	Version int
	// Body is what the version's suite made, of any length.
	Body []byte
	// JWS puts the body into base64url without padding instead of standard
	// base64. The text does not say which of the two it is in: a reader must
	// know.
	JWS bool
}

// String is `vault:v<version>:<base64 of the body>`.
func (s Signature) String() string {
	text := encoding.EncodeToString(s.Body)
	if s.JWS {
		text = urlEncoding.EncodeToString(s.Body)
	}
	return prefix + strconv.Itoa(s.Version) + ":" + text
}

// ParseSignature reads the form that String writes, in the encoding that the
// caller says. Its errors are the four of this file, all of them the caller's
// input. It takes the liberties of [ParseCiphertext] and no others, and refuses
// what that refuses, also version 0, which no signature ever had.
func ParseSignature(text string, jws bool) (Signature, error) {
	rest, found := strings.CutPrefix(text, prefix)
	if !found {
		return Signature{}, ErrSignaturePrefix
	}
	number, encoded, found := strings.Cut(rest, ":")
	if !found {
		return Signature{}, ErrSignatureFields
	}
	version, err := strconv.Atoi(number)
	if err != nil || version < 1 || strconv.Itoa(version) != number {
		return Signature{}, ErrSignatureVersion
	}
	decoding := encoding
	if jws {
		decoding = urlEncoding
	}
	body, err := decoding.DecodeString(encoded)
	if err != nil {
		return Signature{}, ErrSignatureBase64
	}
	return Signature{Version: version, Body: body, JWS: jws}, nil
}
