package suite

import (
	"crypto/ecdh"
	"crypto/hpke"
)

var p384Hybrid = hybridKEM{
	postQuantum: mlkem1024,
	curve:       ecdh.P384(),
	seedSize:    48,
	pointSize:   97,
	label:       "MLKEM1024-P384",
}

// MLKEM1024-P384 (draft-irtf-cfrg-concrete-hybrid-kems) under HPKE
// (draft-ietf-hpke-pq). The private key is the 32-byte seed. No standard gives
// its keys another form than raw bytes.
var _ = register(rawOnly(hpkeFamily{
	kem:  hpke.MLKEM1024P384(),
	kdf:  hpke.HKDFSHA384(),
	aead: hpke.AES256GCM(),
	raw:  p384Hybrid.family(),
}.suite(Suite{
	Name:      "p384-mlkem1024",
	Wrapping:  true,
	Module:    InsideModule,
	Inventory: Inventory{ClassicalBits: 256, SecurityCategory: 5, Primitive: "combiner", ParameterSet: "MLKEM1024-P384", Curve: "nist/P-384"},
	SelfTest:  kemSelfTest("p384-mlkem1024", "552aed89cba76eb5f2603f56760b47aa20593e99281d3e44b7c1339c66749adf", 32, 1568, 1568),
})))
