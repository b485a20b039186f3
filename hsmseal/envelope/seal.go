package envelope

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
)

const (
	payloadDomain = "palisade hsmseal payload v1"
	wrapDomain    = "palisade hsmseal wrap v1"
)

// NewDataKey reads a fresh data key. A key seals one blob and is then dropped.
func NewDataKey(random io.Reader) ([]byte, error) {
	key := make([]byte, DataKeySize)
	if _, err := io.ReadFull(random, key); err != nil {
		return nil, fmt.Errorf("reading randomness for a data key: %v", err)
	}
	return key, nil
}

// WrapAAD is what a token must bind to a wrap: the tenant, the version of its
// keys, and whose wrap it is. So a wrap moved into another tenant's blob, or
// relabelled, does not unwrap.
func WrapAAD(tenant Tenant, id KeyID, token TokenID, keyID []byte) []byte {
	version := binary.BigEndian.AppendUint32(nil, id.Version)
	return tenant.Encode(wrapDomain, version, id.Fingerprint[:], token[:], keyID)
}

// Seal puts the plaintext (0 to MaxPlaintext bytes) under the data key, bound
// to the tenant, the version and every wrap; Wraps must be complete before.
// AES-256-GCM with a random nonce drawn by the cipher (NIST SP 800-38D, 8.2.2).
func (b *Blob) Seal(tenant Tenant, dataKey, plaintext []byte) error {
	if len(plaintext) > MaxPlaintext {
		return fmt.Errorf("plaintext has %d bytes, at most %d can be sealed", len(plaintext), MaxPlaintext)
	}
	slices.SortFunc(b.Wraps, Wrap.compare)
	header, err := b.header()
	if err != nil {
		return err
	}
	aead, err := payloadCipher(dataKey)
	if err != nil {
		return err
	}
	//nolint:gosec // G407: this cipher draws its nonce itself and takes none
	b.sealed = aead.Seal(nil, nil, plaintext, payloadAAD(tenant, header))
	return nil
}

// Open returns the plaintext. An error matches ErrInvalid: the data key is
// another's, or the tenant, the header or the payload is not what was sealed.
func (b *Blob) Open(tenant Tenant, dataKey []byte) ([]byte, error) {
	header, err := b.header()
	if err != nil {
		return nil, err
	}
	aead, err := payloadCipher(dataKey)
	if err != nil {
		return nil, err
	}
	plaintext, err := aead.Open(nil, nil, b.sealed, payloadAAD(tenant, header))
	if err != nil {
		return nil, invalid("payload does not open")
	}
	return plaintext, nil
}

func payloadAAD(tenant Tenant, header []byte) []byte {
	return tenant.Encode(payloadDomain, header)
}

func payloadCipher(dataKey []byte) (cipher.AEAD, error) {
	if len(dataKey) != DataKeySize {
		return nil, errors.New("data key has the wrong length")
	}
	block, err := aes.NewCipher(dataKey)
	if err != nil {
		return nil, fmt.Errorf("setting up AES: %v", err)
	}
	return cipher.NewGCMWithRandomNonce(block)
}
