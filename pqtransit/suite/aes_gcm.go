package suite

import (
	"crypto/aes"
	"crypto/cipher"
)

// AES-GCM (NIST SP 800-38D) with a 96-bit random nonce.
var (
	_ = register(aeadFamily{keySize: 16, cipher: newGCM}.suite(Suite{
		Name:      "aes128-gcm96",
		Module:    InsideModule,
		StoredAs:  8,
		SafeBytes: blockOf128Max,
		Inventory: Inventory{
			ClassicalBits: 128, SecurityCategory: 1, Successors: []string{"aes256-gcm96"},
			Primitive: "ae", ParameterSet: "128", Mode: "gcm", OID: "2.16.840.1.101.3.4.1.6",
		},
		SelfTest: aeadSelfTest("aes128-gcm96", "43e63f0c2b1925946be0aa839b209584e01e27bdfcd82a3afb6ca9f320b181b5", 16),
	}))
	_ = register(aeadFamily{keySize: 32, cipher: newGCM}.suite(Suite{
		Name:      "aes256-gcm96",
		Module:    InsideModule,
		StoredAs:  0,
		SafeBytes: blockOf128Max,
		Inventory: Inventory{ClassicalBits: 256, SecurityCategory: 5, Primitive: "ae", ParameterSet: "256", Mode: "gcm", OID: "2.16.840.1.101.3.4.1.46"},
		SelfTest:  aeadSelfTest("aes256-gcm96", "c558d5877490ec93cbb441f0c0c065f40fb3aba3052a822dc3509274308d860e", 32),
	}))
)

func newGCM(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}
