package suite

import "golang.org/x/crypto/chacha20poly1305"

// ChaCha20-Poly1305 (RFC 8439) with a 96-bit random nonce.
var _ = register(aeadFamily{keySize: chacha20poly1305.KeySize, cipher: chacha20poly1305.New}.suite(Suite{
	Name:      "chacha20-poly1305",
	StoredAs:  5,
	Inventory: Inventory{ClassicalBits: 256, SecurityCategory: 5, Primitive: "ae", ParameterSet: "256", OID: "1.2.840.113549.1.9.16.3.18"},
	SelfTest:  aeadSelfTest("chacha20-poly1305", "30c8ecf63fb10eebc8ca75f78626c624fd044f4aab5921722091dfe90044ad1a", 32),
}))
