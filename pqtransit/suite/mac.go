package suite

import (
	"crypto/hmac"
	"errors"
	"fmt"
)

// Sized is a key of a suite with KeySize.
type Sized interface {
	// Size is the key's, in bytes.
	Size() int
}

// MACer is a key with purpose Authentication.
type MACer interface {
	// MAC authenticates a message of any length. Every error is a fault of
	// the caller's parameters. To verify, make the MAC again and compare with
	// [EqualMAC].
	MAC(params MACParams, message []byte) ([]byte, error)
}

// MACParams are the inputs of one MAC beside the message. The zero value is
// the suite's full-length default.
type MACParams struct {
	// HashAlgorithm is one of transit's names; empty means sha2-256. Suites
	// without MACHash refuse it.
	HashAlgorithm string
	// Length truncates a CMAC, in bytes: 8 to 16. Zero: no truncation. HMAC
	// refuses it.
	Length int
}

// HMAC is RFC 2104 under any secret key: the hmac suite's, or the one that
// transit keeps beside every other key. The empty algorithm means sha2-256.
func HMAC(algorithm string, key Secret, message []byte) ([]byte, error) {
	hash, err := findHash(algorithm)
	if err != nil {
		return nil, err
	}
	if hash == 0 {
		return nil, fmt.Errorf("unsupported algorithm %q for HMAC", algorithm)
	}
	if key.IsZero() {
		return nil, errors.New("no HMAC key exists for that key version")
	}
	mac := hmac.New(hash.New, key.view())
	mac.Write(message)
	return mac.Sum(nil), nil
}

// EqualMAC compares two MACs in constant time; those of different lengths, and
// empty ones, differ.
func EqualMAC(a, b []byte) bool { return len(a) > 0 && hmac.Equal(a, b) }
