package suite

import "crypto/hpke"

// OpenHPKE runs the open path of every HPKE suite with a ciphersuite and key
// of the test's choice.
func OpenHPKE(private hpke.PrivateKey, encSize int, kdf hpke.KDF, aead hpke.AEAD, params Params, sealed []byte) ([]byte, error) {
	return hpkeFamily{encSize: encSize, kdf: kdf, aead: aead}.open(private, params, sealed)
}

// Register is register, to see it refuse duplicates.
var Register = register
