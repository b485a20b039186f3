package suite

import "crypto/hpke"

// OpenHPKE runs the open path of every HPKE suite with a ciphersuite and key
// of the test's choice.
func OpenHPKE(private hpke.PrivateKey, encSize int, kdf hpke.KDF, aead hpke.AEAD, params Params, sealed []byte) ([]byte, error) {
	return hpkeFamily{raw: kemFamily{ciphertextSize: encSize}, kdf: kdf, aead: aead}.open(private, params, sealed)
}

// Combine is the combiner of a hybrid KEM suite.
func Combine(name string, postQuantum, classical, ciphertext, public []byte) []byte {
	return hybridKEMs[name].combine(postQuantum, classical, ciphertext, public)
}

// Representative is what both halves of a composite signature sign.
func Representative(key Key, context, message []byte) []byte {
	return key.(*compositeKey).set.representative(context, message)
}

// Expand is the derivation of keys from a context.
func Expand(function KDF, key, context []byte, size int) ([]byte, error) {
	return expand(function, key, context, size)
}

// Fresh makes a key of random bytes.
var Fresh = fresh

// Register is register, to see it refuse duplicates.
var Register = register

var hybridKEMs = map[string]hybridKEM{
	"x25519-mlkem768": xwing,
	"p256-mlkem768":   p256Hybrid,
	"p384-mlkem1024":  p384Hybrid,
}

// HybridDecapsulate runs the combiner of a hybrid KEM suite with halves of the
// test's choice: LAMPS's composite KEMs differ from it in their private keys
// alone.
func HybridDecapsulate(name string, mlkemSeed, scalar, ciphertext []byte) ([]byte, error) {
	kem := hybridKEMs[name]
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
