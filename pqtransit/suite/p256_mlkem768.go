package suite

import (
	"crypto/ecdh"
	"crypto/hpke"
)

var p256Hybrid = hybridKEM{
	postQuantum: mlkem768,
	curve:       ecdh.P256(),
	seedSize:    32,
	pointSize:   65,
	label:       "MLKEM768-P256",
}

// MLKEM768-P256 (draft-irtf-cfrg-concrete-hybrid-kems) under HPKE
// (draft-ietf-hpke-pq). The private key is the 32-byte seed. No standard gives
// its keys another form than raw bytes.
var _ = register(rawOnly(hpkeFamily{
	kem:  hpke.MLKEM768P256(),
	kdf:  hpke.HKDFSHA256(),
	aead: hpke.AES256GCM(),
	raw:  p256Hybrid.family(),
}.suite(Suite{
	Name:      "p256-mlkem768",
	Module:    InsideModule,
	Inventory: Inventory{ClassicalBits: 192, SecurityCategory: 3, Primitive: "combiner", ParameterSet: "MLKEM768-P256", Curve: "nist/P-256"},
	SelfTest:  kemSelfTest("p256-mlkem768", "628541c30ab8dcf4df9dfd0c5912ad0198ab50be2ca2eed38bac64085bca90fe", 32, 1088, 1184),
})))
