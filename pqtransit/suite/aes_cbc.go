package suite

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"errors"
)

// AES-CBC (NIST SP 800-38A) with the padding of PKCS #7 (RFC 5652, section
// 6.3) and an IV that is random, the caller's, or convergent. It authenticates
// nothing: whoever can ask for decryptions can find plaintexts out. It is there
// for what Vault Enterprise's users have; new keys should not be of it.
var (
	_ = register(aeadFamily{keySize: 16, cipher: newCBC, unauthenticated: true}.suite(Suite{
		Name:     "aes128-cbc",
		Module:   InsideModule,
		StoredAs: NotCommunity,
		Inventory: Inventory{
			ClassicalBits: 128, SecurityCategory: 1, Successors: []string{"aes256-gcm96"},
			Primitive: "block-cipher", ParameterSet: "128", Mode: "cbc", OID: "2.16.840.1.101.3.4.1.2",
		},
		SelfTest: aeadSelfTest("aes128-cbc", "2bbf86aa317f7a333a0a6c32d268446b6dd29e4561b6d6f35d50a1bfe3f764c4", 16),
	}))
	_ = register(aeadFamily{keySize: 32, cipher: newCBC, unauthenticated: true}.suite(Suite{
		Name:     "aes256-cbc",
		Module:   InsideModule,
		StoredAs: NotCommunity,
		Inventory: Inventory{
			ClassicalBits: 256, SecurityCategory: 5, Successors: []string{"aes256-gcm96"},
			Primitive: "block-cipher", ParameterSet: "256", Mode: "cbc", OID: "2.16.840.1.101.3.4.1.42",
		},
		SelfTest: aeadSelfTest("aes256-cbc", "2aa5824a9ff7e389dfb49c4736d8e4ae79722e865f5c4cafda6bcf9f8aef957f", 32),
	}))
)

var errCBC = errors.New("invalid ciphertext")

// cbc has the shape of an AEAD, so that derivation, convergent encryption and
// the place of the IV are the other symmetric suites'.
type cbc struct{ block cipher.Block }

func newCBC(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cbc{block}, nil
}

// NonceSize is the size of the IV.
func (c cbc) NonceSize() int { return c.block.BlockSize() }

// Overhead is the most that padding adds.
func (c cbc) Overhead() int { return c.block.BlockSize() }

// Seal ignores the associated data, which its caller refuses.
func (c cbc) Seal(dst, iv, plaintext, _ []byte) []byte {
	size := c.block.BlockSize()
	fill := size - len(plaintext)%size
	padded := append(bytes.Clone(plaintext), bytes.Repeat([]byte{byte(fill)}, fill)...)
	cipher.NewCBCEncrypter(c.block, iv).CryptBlocks(padded, padded)
	return append(dst, padded...)
}

// Open gives one error for every fault.
func (c cbc) Open(dst, iv, ciphertext, _ []byte) ([]byte, error) {
	size := c.block.BlockSize()
	if len(ciphertext) == 0 || len(ciphertext)%size != 0 {
		return nil, errCBC
	}
	padded := make([]byte, len(ciphertext))
	cipher.NewCBCDecrypter(c.block, iv).CryptBlocks(padded, ciphertext)
	fill := int(padded[len(padded)-1])
	if fill == 0 || fill > size {
		return nil, errCBC
	}
	body := len(padded) - fill
	if !bytes.Equal(padded[body:], bytes.Repeat([]byte{byte(fill)}, fill)) {
		return nil, errCBC
	}
	return append(dst, padded[:body]...), nil
}
