package mechanism

import (
	"fmt"
	"io"
	"slices"

	"github.com/palisade-vault/palisade/hsmseal/cryptoki"
)

// Lengths in bytes (NIST SP 800-38D: a 96-bit IV, a 128-bit tag).
const (
	gcmIVSize  = 12
	gcmTagSize = 16
	gcmSize    = gcmIVSize + DataKeySize + gcmTagSize
)

// The IV is made by the host, at random: one key wraps far fewer than the 2^32
// data keys SP 800-38D section 8.3 allows. A token that overwrites the IV with
// its own is honoured.
var _ = register(Mechanism{
	Name:  "aes-gcm",
	Needs: []cryptoki.MechanismType{cryptoki.AESKeyGen, cryptoki.AESGCM},
	Keys: []Key{{
		Type:       cryptoki.KeyTypeAES,
		Length:     32,
		Generator:  cryptoki.AESKeyGen,
		Usages:     []cryptoki.AttributeType{cryptoki.AttrEncrypt, cryptoki.AttrDecrypt},
		Mechanisms: []cryptoki.MechanismType{cryptoki.AESGCM},
	}},
	Size:   gcmSize,
	Wrap:   wrapGCM,
	Unwrap: unwrapGCM,
})

// wrapGCM returns IV || ciphertext || tag.
func wrapGCM(session cryptoki.Session, keys []cryptoki.Handle, random io.Reader, dataKey, aad []byte) ([]byte, error) {
	if len(dataKey) != DataKeySize {
		return nil, fmt.Errorf("data key has %d bytes, not %d", len(dataKey), DataKeySize)
	}
	gcm := &cryptoki.GCM{IV: make([]byte, gcmIVSize), AAD: aad, TagBits: gcmTagSize * 8}
	if _, err := io.ReadFull(random, gcm.IV); err != nil {
		return nil, fmt.Errorf("random IV: %v", err)
	}
	sealed, err := session.Encrypt(keys[0], cryptoki.Operation{Mechanism: cryptoki.AESGCM, Parameter: gcm}, dataKey)
	if err != nil {
		return nil, err
	}
	wrapped := append(slices.Clip(gcm.IV), sealed...)
	if len(gcm.IV) != gcmIVSize || len(wrapped) != gcmSize {
		return nil, fmt.Errorf("%w: token made an IV of %d and a ciphertext of %d bytes",
			ErrMalformed, len(gcm.IV), len(sealed))
	}
	return wrapped, nil
}

func unwrapGCM(session cryptoki.Session, keys []cryptoki.Handle, wrapped, aad []byte) ([]byte, error) {
	if len(wrapped) != gcmSize {
		return nil, fmt.Errorf("%w: %d bytes, not %d", ErrMalformed, len(wrapped), gcmSize)
	}
	gcm := &cryptoki.GCM{IV: wrapped[:gcmIVSize:gcmIVSize], AAD: aad, TagBits: gcmTagSize * 8}
	dataKey, err := session.Decrypt(keys[0], cryptoki.Operation{Mechanism: cryptoki.AESGCM, Parameter: gcm}, wrapped[gcmIVSize:])
	if err != nil {
		return nil, err
	}
	if len(dataKey) != DataKeySize {
		return nil, fmt.Errorf("%w: token returned %d bytes, not %d", ErrMalformed, len(dataKey), DataKeySize)
	}
	return dataKey, nil
}
