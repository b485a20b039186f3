package suite

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/subtle"
	"errors"
	"fmt"
	"strconv"
)

// AES-CMAC (NIST SP 800-38B).
var (
	_ = register(cmacSuite(16, "112889d273d0951cee53c500a760fbe83a84cf6d6947045ffbacf6ccaaeab65e", Suite{Name: "aes128-cmac", Inventory: cmacInventory(1, "aes256-cmac")}))
	_ = register(cmacSuite(24, "c8f7a306b2eb2a779c343c40f2f6ab8fb3ee0c30f72b4ad097036d42067f1f35", Suite{Name: "aes192-cmac", Inventory: cmacInventory(3)}))
	_ = register(cmacSuite(32, "0b9556dca9f6305c9815f17bfed305ab7727dc7e7e978575572f6e3b7599b450", Suite{Name: "aes256-cmac", Inventory: cmacInventory(5)}))
)

// minCMACLength is 64 bits: shorter ones can be guessed (SP 800-38B, appendix
// A.2).
const minCMACLength = 8

func cmacInventory(category int, successors ...string) Inventory {
	return Inventory{SecurityCategory: category, Successors: successors, Primitive: "mac"}
}

func cmacSuite(keySize int, answer string, s Suite) Suite {
	s.StoredAs = NotCommunity
	s.Purpose = Authentication
	s.Module = PartlyInModule // the block cipher alone
	s.Inventory.ClassicalBits = 8 * keySize
	s.Inventory.ParameterSet = strconv.Itoa(8 * keySize)
	s.Parse = func(raw []byte) (Key, error) { return parseCMAC(keySize, raw) }
	s.Generate = func() (Key, error) { return fresh(keySize, s.Parse) }
	s.SelfTest = macSelfTest(s.Name, answer, keySize)
	return s
}

func parseCMAC(keySize int, raw []byte) (Key, error) {
	if len(raw) != keySize {
		return nil, fmt.Errorf("invalid key size %d bytes, want %d", len(raw), keySize)
	}
	block, err := aes.NewCipher(raw)
	if err != nil {
		return nil, fmt.Errorf("invalid key: %v", err)
	}
	return &macKey{raw: NewSecret(raw), mac: newCMAC(block).mac}, nil
}

// cmac holds the two subkeys of SP 800-38B, section 6.1.
type cmac struct {
	block  cipher.Block
	k1, k2 [aes.BlockSize]byte
}

func newCMAC(block cipher.Block) *cmac {
	c := &cmac{block: block}
	block.Encrypt(c.k1[:], c.k1[:])
	double(&c.k1)
	c.k2 = c.k1
	double(&c.k2)
	return c
}

// double multiplies by x in GF(2^128), in constant time.
func double(b *[aes.BlockSize]byte) {
	carry := b[0] >> 7
	for i := range len(b) - 1 {
		b[i] = b[i]<<1 | b[i+1]>>7
	}
	b[len(b)-1] = b[len(b)-1]<<1 ^ 0x87*carry
}

// mac is SP 800-38B, section 6.2.
func (c *cmac) mac(params MACParams, message []byte) ([]byte, error) {
	switch {
	case params.HashAlgorithm != "":
		return nil, errors.New("a hash algorithm is not supported for this key type")
	case params.Length != 0 && (params.Length < minCMACLength || params.Length > aes.BlockSize):
		return nil, fmt.Errorf("mac_length %d is invalid, must be between %d and %d", params.Length, minCMACLength, aes.BlockSize)
	}
	var state [aes.BlockSize]byte
	for ; len(message) > aes.BlockSize; message = message[aes.BlockSize:] {
		subtle.XORBytes(state[:], state[:], message[:aes.BlockSize])
		c.block.Encrypt(state[:], state[:])
	}
	subtle.XORBytes(state[:], state[:], message)
	if len(message) == aes.BlockSize {
		subtle.XORBytes(state[:], state[:], c.k1[:])
	} else {
		state[len(message)] ^= 0x80
		subtle.XORBytes(state[:], state[:], c.k2[:])
	}
	c.block.Encrypt(state[:], state[:])
	if params.Length != 0 {
		return state[:params.Length], nil
	}
	return state[:], nil
}
