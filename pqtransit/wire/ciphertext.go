// Package wire is the text form of what transit hands out. It is pure: it
// knows neither keys nor Vault. docs/formats.md draws the form.
package wire

import (
	"encoding/base64"
	"errors"
	"strconv"
	"strings"
)

// prefix opens every text, before the version number.
const prefix = "vault:v"

// The faults of a ciphertext's text, in the built-in engine's words.
var (
	ErrNoPrefix = errors.New("invalid ciphertext: no prefix")
	ErrFields   = errors.New("invalid ciphertext: wrong number of fields")
	ErrVersion  = errors.New("invalid ciphertext: version number could not be decoded")
	ErrBase64   = errors.New("invalid ciphertext: could not decode base64")
)

// encoding refuses padding bits that are not zero. It skips carriage returns
// and line feeds, as the built-in engine does.
var encoding = base64.StdEncoding.Strict()

// Ciphertext is an encrypted value and the version of the key it is under.
type Ciphertext struct {
	// Version counts from 1. Whether the key has that version is the
	// keyring's to check.
	Version int
	// Body is what the version's suite made, of any length.
	Body []byte
}

// String is `vault:v<version>:<standard base64 of the body, padded>`.
func (c Ciphertext) String() string {
	text := make([]byte, 0, len(prefix)+20+len(":")+encoding.EncodedLen(len(c.Body)))
	text = append(text, prefix...)
	text = strconv.AppendInt(text, int64(c.Version), 10)
	text = append(text, ':')
	return string(encoding.AppendEncode(text, c.Body))
}

// ParseCiphertext reads the form that String writes. Its errors are the four
// of this package, all of them the caller's input.
//
// It takes two liberties, because texts in the field have them and the
// built-in engine reads them: carriage returns and line feeds anywhere in the
// base64 (a file's last line, a folded YAML scalar), and version 0, which
// means 1 and comes from the first releases of Vault. It refuses what the
// built-in engine would read but nothing ever wrote: signs and leading zeros in
// the version, and base64 whose padding bits are not zero. A text without those
// two liberties is what String makes of the result, byte for byte.
func ParseCiphertext(text string) (Ciphertext, error) {
	rest, found := strings.CutPrefix(text, prefix)
	if !found {
		return Ciphertext{}, ErrNoPrefix
	}
	number, encoded, found := strings.Cut(rest, ":")
	if !found {
		return Ciphertext{}, ErrFields
	}
	version, err := strconv.Atoi(number)
	if err != nil || version < 0 || strconv.Itoa(version) != number {
		return Ciphertext{}, ErrVersion
	}
	body, err := encoding.DecodeString(encoded)
	if err != nil {
		return Ciphertext{}, ErrBase64
	}
	return Ciphertext{Version: max(version, 1), Body: body}, nil
}
