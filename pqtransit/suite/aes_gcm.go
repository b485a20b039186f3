package suite

import (
	"crypto/aes"
	"crypto/cipher"
)

// AES-256-GCM (NIST SP 800-38D) with a 96-bit random nonce.
var _ = register(aeadFamily{keySize: 32, cipher: newGCM}.suite(Suite{
	Name:        "aes256-gcm96",
	StoredAs:    0,
	QuantumSafe: true,
}))

func newGCM(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}
