// Package byok wraps keys that travel between engines. To an RSA key, in the form
// of PKCS #11's CKM_RSA_AES_KEY_WRAP: an AES key under RSA-OAEP, and the key itself
// under that. To a hybrid post-quantum key, with HPKE. It is pure: it knows
// neither Vault nor what a key is for.
package byok

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // clients choose it where their HSM has no other; OAEP needs no collision resistance
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"fmt"
	"hash"
	"strings"

	"github.com/tink-crypto/tink-go/v2/kwp/subtle"
)

// Hash is the function of the OAEP part, for its label and its mask.
type Hash func() hash.Hash

var hashes = map[string]Hash{
	"SHA1":   sha1.New,
	"SHA224": sha256.New224,
	"SHA256": sha256.New,
	"SHA384": sha512.New384,
	"SHA512": sha512.New,
}

// DefaultHash is SHA-256, as in transit.
var DefaultHash Hash = sha256.New

// ParseHash finds a function by transit's name for it, in any case.
func ParseHash(name string) (Hash, error) {
	found, ok := hashes[strings.ToUpper(name)]
	if !ok {
		return nil, fmt.Errorf("unknown hash function: %s", name)
	}
	return found, nil
}

// wrapKeySize is that of AES-256.
const wrapKeySize = 32

var (
	errShort = errors.New("provided ciphertext is too short")
	// ErrUnwrap is why a ciphertext does not unwrap. It says no more, so that nobody learns what was wrong with a
	// ciphertext that he did not make.
	ErrUnwrap = errors.New("provided ciphertext does not unwrap to a key: it is not for a wrapping key of this mount, not for this type or hash function, or damaged; read wrapping_key again and wrap anew")
)

// Wrap gives RSA-OAEP(public, fresh AES-256 key) || AES-KWP(that key, key), by
// RFC 8017 section 7.1 with an empty label and RFC 5649. The key has 16 to 8192
// bytes.
func Wrap(public *rsa.PublicKey, newHash Hash, key []byte) ([]byte, error) {
	transport := make([]byte, wrapKeySize)
	// crypto/rand ends the process rather than return an error.
	_, _ = rand.Read(transport)
	defer clear(transport)
	first, err := rsa.EncryptOAEP(newHash(), rand.Reader, public, transport, nil)
	if err != nil {
		return nil, fmt.Errorf("failed to encrypt the transport key: %v", err)
	}
	kwp, err := subtle.NewKWP(transport)
	if err != nil {
		return nil, fmt.Errorf("failed to make the transport cipher: %v", err)
	}
	second, err := kwp.Wrap(key)
	if err != nil {
		return nil, fmt.Errorf("failed to wrap a key of %d bytes: %v", len(key), err)
	}
	return append(first, second...), nil
}

// Unwrap reverses Wrap. Its errors are the caller's input.
func Unwrap(private *rsa.PrivateKey, newHash Hash, wrapped []byte) ([]byte, error) {
	if len(wrapped) <= private.Size() {
		return nil, errShort
	}
	transport, err := rsa.DecryptOAEP(newHash(), nil, private, wrapped[:private.Size()], nil)
	if err != nil || len(transport) != wrapKeySize {
		return nil, ErrUnwrap
	}
	defer clear(transport)
	kwp, err := subtle.NewKWP(transport)
	if err != nil {
		return nil, ErrUnwrap
	}
	key, err := kwp.Unwrap(wrapped[private.Size():])
	if err != nil {
		return nil, ErrUnwrap
	}
	return key, nil
}
