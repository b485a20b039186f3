package suite

import (
	"crypto"
	// Each hash that a name here stands for is linked in.
	_ "crypto/sha1" //nolint:gosec // transit offers SHA-1, so its clients need it
	_ "crypto/sha256"
	_ "crypto/sha3"
	_ "crypto/sha512"
	"errors"
	"fmt"
)

// defaultHash is transit's for signatures and for HMAC.
const defaultHash = "sha2-256"

// hashNone is transit's name for signing what the caller gives, unhashed and
// without the hash's identifier.
const hashNone = "none"

// errHashNone is transit's text.
var errHashNone = errors.New("hash_algorithm=none requires both prehashed=true and signature_algorithm=pkcs1v15")

// hashNames are transit's, in its order.
var hashNames = []string{
	hashNone, "sha1", "sha2-224", defaultHash, "sha2-384", "sha2-512",
	"sha3-224", "sha3-256", "sha3-384", "sha3-512",
}

// hashByName holds what hashNames stand for, and zero for none.
var hashByName = map[string]crypto.Hash{
	hashNone:    0,
	"sha1":      crypto.SHA1,
	"sha2-224":  crypto.SHA224,
	defaultHash: crypto.SHA256,
	"sha2-384":  crypto.SHA384,
	"sha2-512":  crypto.SHA512,
	"sha3-224":  crypto.SHA3_224,
	"sha3-256":  crypto.SHA3_256,
	"sha3-384":  crypto.SHA3_384,
	"sha3-512":  crypto.SHA3_512,
}

// findHash takes the empty name for the default. The result is zero for none.
func findHash(name string) (crypto.Hash, error) {
	if name == "" {
		name = defaultHash
	}
	hash, known := hashByName[name]
	if !known {
		return 0, fmt.Errorf("unsupported hash algorithm %q", name)
	}
	return hash, nil
}

// digest is the message hashed, or as it is where it is prehashed. As in
// transit, no hash at all goes only with what PKCS #1 v1.5 calls for.
func digest(params SignParams, message []byte) (crypto.Hash, []byte, error) {
	hash, err := findHash(params.HashAlgorithm)
	if err != nil {
		return 0, nil, err
	}
	if hash == 0 && (!params.Prehashed || params.SignatureAlgorithm != paddingPKCS1v15) {
		return 0, nil, errHashNone
	}
	if params.Prehashed {
		return hash, message, nil
	}
	return hash, sum(hash, message), nil
}

func sum(hash crypto.Hash, message []byte) []byte {
	state := hash.New()
	state.Write(message)
	return state.Sum(nil)
}
