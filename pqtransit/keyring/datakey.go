package keyring

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// DataKey is a symmetric key for the caller's own use, in clear and encrypted under a named
// key. Nothing of the named key can be learnt from it.
type DataKey struct {
	Plaintext suite.Secret
	// Ciphertext is what Encrypt gives for the plaintext.
	Ciphertext string
	// Version is the one that encrypted.
	Version int
}

// Derivation says which keys [Key.DerivedKeys] makes. The same derivation of the same key
// version gives the same keys at any time.
type Derivation struct {
	// Salt and Info are free text that tells one series of keys from another.
	Salt, Info string
	// From is the first key's index, To that behind the last's.
	From, To uint64
}

// derivedLabel opens HKDF's info, and is the derivation's version.
const derivedLabel = "palisade derived key v1"

// DataKey makes a random key of size bytes.
func (k *Key) DataKey(p Parameters, size int) (DataKey, error) {
	made := make([]byte, size)
	// crypto/rand ends the process rather than return an error.
	_, _ = rand.Read(made)
	return k.wrapDataKey(p, made)
}

// DerivedKeys makes keys of size bytes that depend on the named key and the derivation
// alone. They come from the HMAC key of the version that encrypts, as in Vault Enterprise,
// by HKDF-SHA256 (RFC 5869); docs/formats.md draws its inputs.
func (k *Key) DerivedKeys(p Parameters, d Derivation, size int) ([]DataKey, error) {
	version, err := k.forEncryption(p.Version)
	if err != nil {
		return nil, err
	}
	if version, err = k.withHMACKey(version.Number); err != nil {
		return nil, err
	}
	source, err := hkdf.Extract(sha256.New, version.hmacKey.Bytes(), []byte(d.Salt))
	if err != nil {
		return nil, fmt.Errorf("failed to derive keys: %v", err)
	}
	var keys []DataKey
	for index := d.From; index < d.To; index++ {
		derived, err := hkdf.Expand(sha256.New, source, d.info(index, size), size)
		if err != nil {
			return nil, fmt.Errorf("failed to derive keys: %v", err)
		}
		key, err := k.wrapDataKey(p, derived)
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// info has each input at a fixed place or with its length before it, so that no two
// derivations share one.
func (d Derivation) info(index uint64, size int) string {
	info := []byte(derivedLabel)
	info = binary.BigEndian.AppendUint64(info, index)
	info = binary.BigEndian.AppendUint64(info, uint64(size))
	return string(append(info, d.Info...))
}

// wrapDataKey forgets the plaintext that it gets.
func (k *Key) wrapDataKey(p Parameters, plaintext []byte) (DataKey, error) {
	ciphertext, version, err := k.Encrypt(p, plaintext)
	if err != nil {
		return DataKey{}, err
	}
	defer clear(plaintext)
	return DataKey{Plaintext: suite.NewSecret(plaintext), Ciphertext: ciphertext, Version: version}, nil
}
