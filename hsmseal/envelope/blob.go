package envelope

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
)

// Bounds of what Parse accepts and Seal makes.
const (
	// Version is the first byte of every blob of this form.
	Version = 1
	// DataKeySize is the length in bytes of a data key.
	DataKeySize = 32
	// MaxPlaintext is the longest payload in bytes. Vault's own are below 200.
	MaxPlaintext = 32 << 10
	// MaxWraps is how many wraps a blob may have; one is the least.
	MaxWraps = 16
	// MaxKeyID is the longest CKA_ID in bytes; one is the least.
	MaxKeyID = 64
	// MaxMechanism is the longest mechanism name in bytes; one is the least.
	MaxMechanism = 32
	// MaxWrapped is the longest wrapped data key in bytes: RSA of 8192 bits.
	MaxWrapped = 1024
	// TokenSize is the length in bytes of a token fingerprint.
	TokenSize = 8

	nonceSize = 12
	tagSize   = 16
	// maxBlob is the longest encoding there can be.
	maxBlob = 10 + MaxWraps*(TokenSize+4+MaxKeyID+MaxMechanism+MaxWrapped) + 2 + nonceSize + MaxPlaintext + tagSize
)

// ErrInvalid is matched by every error about bytes or text that are no blob, or
// that were changed after sealing. Trying again never helps.
var ErrInvalid = errors.New("invalid ciphertext")

func invalid(format string, a ...any) error {
	return fmt.Errorf("%w: %s", ErrInvalid, fmt.Sprintf(format, a...))
}

// TokenID is a token's fingerprint: it says for whom a wrap was made. It is a
// hint for choosing a token, not a proof of identity.
type TokenID [TokenSize]byte

// String is the fingerprint in hexadecimal.
func (t TokenID) String() string { return hex.EncodeToString(t[:]) }

// Wrap is the data key wrapped for one token.
type Wrap struct {
	// Token is whom it was made for.
	Token TokenID
	// KeyID is the CKA_ID of the wrapping key, 1 to MaxKeyID bytes.
	KeyID []byte
	// Mechanism is the registry name of how it was wrapped: a to z, 0 to 9, '-'.
	Mechanism string
	// Wrapped is the wrapped data key, 1 to MaxWrapped bytes.
	Wrapped []byte
}

// compare orders wraps in a blob: by token, then by key id. A blob has each
// pair once, so one list of wraps has one encoding.
func (w Wrap) compare(other Wrap) int {
	if c := bytes.Compare(w.Token[:], other.Token[:]); c != 0 {
		return c
	}
	return bytes.Compare(w.KeyID, other.KeyID)
}

// Blob is one sealed payload.
type Blob struct {
	// KeyID is the version of the tenant's wrapping keys that was current.
	KeyID KeyID
	// Wraps holds the data key once per token, 1 to MaxWraps, in the order of
	// their encoding; Seal brings them into it.
	Wraps []Wrap
	// sealed is nonce || ciphertext || tag.
	sealed []byte
}
