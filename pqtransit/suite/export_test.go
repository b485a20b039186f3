package suite

import "crypto/hpke"

// OpenHPKE runs the open path of every HPKE suite with a ciphersuite and key
// of the test's choice.
func OpenHPKE(private hpke.PrivateKey, encSize int, kdf hpke.KDF, aead hpke.AEAD, params Params, sealed []byte) ([]byte, error) {
	return hpkeFamily{raw: kemFamily{ciphertextSize: encSize}, kdf: kdf, aead: aead}.open(private, params, sealed)
}

// Register is register, to see it refuse duplicates.
var Register = register

// HybridDecapsulate runs the combiner of a hybrid KEM suite with halves of the
// test's choice: LAMPS's composite KEMs differ from it in their private keys
// alone.
func HybridDecapsulate(name string, mlkemSeed, scalar, ciphertext []byte) ([]byte, error) {
	kem := map[string]hybridKEM{
		"x25519-mlkem768": xwing,
		"p256-mlkem768":   p256Hybrid,
		"p384-mlkem1024":  p384Hybrid,
	}[name]
	postQuantum, err := kem.postQuantum.newPrivate(mlkemSeed)
	if err != nil {
		return nil, err
	}
	classical, err := kem.curve.NewPrivateKey(scalar)
	if err != nil {
		return nil, err
	}
	return hybridPrivate{kem, postQuantum, classical}.Decapsulate(ciphertext)
}
