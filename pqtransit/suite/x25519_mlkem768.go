package suite

import "crypto/hpke"

// X-Wing (draft-connolly-cfrg-xwing-kem-10), which draft-ietf-hpke-pq calls
// MLKEM768-X25519, under HPKE. The private key is the 32-byte seed, the public
// key the 1216 raw bytes of both drafts.
var _ = register(hpkeFamily{
	kem:     hpke.MLKEM768X25519(),
	encSize: 1088 + 32,
	kdf:     hpke.HKDFSHA256(),
	aead:    hpke.AES256GCM(),
}.suite(Suite{
	Name:        "x25519-mlkem768",
	QuantumSafe: true,
}))
