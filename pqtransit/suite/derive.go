package suite

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
)

// errContext is transit's text.
var errContext = errors.New("missing 'context' for key derivation; the key was created using a derived key, which means additional, per-request information must be included in order to perform operations with the key")

// expand derives size bytes from key for a context; HMACSHA256Counter gives 32
// whatever the size, as transit only ever asked it for 256 bits.
func expand(function KDF, key, context []byte, size int) ([]byte, error) {
	if len(context) == 0 {
		return nil, errContext
	}
	switch function {
	case HKDFSHA256:
		return hkdf.Key(sha256.New, key, nil, string(context), size)
	case HMACSHA256Counter:
		return counterMode(key, context), nil
	default:
		return nil, fmt.Errorf("unsupported key derivation mode %d", function)
	}
}

// counterMode is the first block of NIST SP 800-108 (revision 1), section 4.1,
// in transit's layout: the counter starts at zero, there is no label, and the
// length in bits comes last.
func counterMode(key, context []byte) []byte {
	mac := hmac.New(sha256.New, key)
	input := binary.BigEndian.AppendUint32(nil, 0)
	input = append(input, context...)
	mac.Write(binary.BigEndian.AppendUint32(input, 8*sha256.Size))
	return mac.Sum(nil)
}
