package byok

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// The text form of a key that was wrapped with HPKE. docs/formats.md draws it.
const (
	hpkePrefix = "palisade-wrap:"
	hpkeForm   = hpkePrefix + "v1:"
	// hpkeInfo is HPKE's info: it keeps wraps from everything else that is encrypted to such
	// a key, and is their version.
	hpkeInfo = "palisade key wrap v1"
)

// keyIDSize is in bytes; the text has twice as many digits.
const keyIDSize = 8

// KeyID names a wrapping key: the first 8 bytes of the SHA-256 of its public half, in
// hexadecimal.
func KeyID(public suite.PublicKey) string {
	digest := sha256.Sum256(public.Bytes())
	return hex.EncodeToString(digest[:keyIDSize])
}

// WrapHPKE wraps a private key of the algorithm in the form that an import takes, to a key of
// a suite with Wrapping. The algorithm is bound: an import as another type is refused.
func WrapHPKE(to *suite.Suite, wrapping suite.Key, algorithm *suite.Suite, key suite.Secret) (string, error) {
	sealer, ok := wrapping.(suite.Encrypter)
	if !ok || !to.Wrapping {
		return "", fmt.Errorf("keys of type %s wrap no others", to.Name)
	}
	form := key.Bytes()
	defer clear(form)
	if len(form) == 0 {
		return "", errors.New("there is no private key to wrap")
	}
	body, err := sealer.Seal(hpkeParams(algorithm), form)
	if err != nil {
		return "", fmt.Errorf("failed to wrap the key: %v", err)
	}
	wrapped := Wrapped{Type: to.Name, KeyID: KeyID(wrapping.Public()), body: body}
	return wrapped.String(), nil
}

func hpkeParams(algorithm *suite.Suite) suite.Params {
	return suite.Params{Context: []byte(hpkeInfo), AssociatedData: []byte(algorithm.Name)}
}

// Wrapped is a key that was wrapped with HPKE.
type Wrapped struct {
	// Type is the wrapping key's, and KeyID its own name, see [KeyID].
	Type, KeyID string

	body []byte // enc || ciphertext
}

// IsHPKE reports whether a text means to be of this form. Text of the RSA form is base64,
// which has no colon.
func IsHPKE(text string) bool { return strings.HasPrefix(text, hpkePrefix) }

// ParseHPKE reads what WrapHPKE gives. Every error is the same, and that of a ciphertext that
// does not unwrap.
func ParseHPKE(text string) (Wrapped, error) {
	fields, ok := strings.CutPrefix(text, hpkeForm)
	parts := strings.Split(fields, ":")
	if !ok || len(parts) != 3 {
		return Wrapped{}, ErrUnwrap
	}
	to, known := suite.Lookup(parts[0])
	body, err := base64.StdEncoding.Strict().DecodeString(parts[2])
	if !known || !to.Wrapping || err != nil {
		return Wrapped{}, ErrUnwrap
	}
	wrapped := Wrapped{Type: to.Name, KeyID: parts[1], body: body}
	digits, err := hex.DecodeString(wrapped.KeyID)
	if err != nil || len(digits) != keyIDSize || hex.EncodeToString(digits) != wrapped.KeyID || wrapped.String() != text {
		return Wrapped{}, ErrUnwrap
	}
	return wrapped, nil
}

// String is the text form.
func (w Wrapped) String() string {
	return hpkeForm + w.Type + ":" + w.KeyID + ":" + base64.StdEncoding.EncodeToString(w.body)
}

// Unwrap gives the key in the form that an import takes. Its one error is the caller's input.
func (w Wrapped) Unwrap(wrapping suite.Key, algorithm *suite.Suite) (suite.Secret, error) {
	opener, ok := wrapping.(suite.Encrypter)
	if !ok || KeyID(wrapping.Public()) != w.KeyID {
		return suite.Secret{}, ErrUnwrap
	}
	form, err := opener.Open(hpkeParams(algorithm), w.body)
	if err != nil || len(form) == 0 {
		return suite.Secret{}, ErrUnwrap
	}
	defer clear(form)
	return suite.NewSecret(form), nil
}
