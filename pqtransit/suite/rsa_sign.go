package suite

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"encoding/asn1"
	"fmt"
)

// signaturePSS is the default of transit's two names, the other being
// paddingPKCS1v15.
const signaturePSS = "pss"

var rsaSignatures = SignatureOptions{
	Algorithms: []string{signaturePSS, paddingPKCS1v15},
	Hashes:     hashNames,
	Prehashed:  true,
	SaltLength: true,
}

// rsaCertification is sha256WithRSAEncryption (RFC 4055, section 5), as transit's.
var rsaCertification = Certification{
	Algorithm: asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 11},
	Null:      true,
	Params:    SignParams{HashAlgorithm: defaultHash, SignatureAlgorithm: paddingPKCS1v15},
}

func (k *rsaKey) Sign(params SignParams, message []byte) ([]byte, error) {
	hash, digest, options, err := k.signing(params, message)
	if err != nil {
		return nil, err
	}
	if k.private == nil {
		return nil, errNoSigningKey
	}
	var signature []byte
	if options == nil {
		signature, err = rsa.SignPKCS1v15(nil, k.private, hash, digest)
	} else {
		signature, err = rsa.SignPSS(rand.Reader, k.private, hash, digest, options)
	}
	if err != nil {
		return nil, err // such as that the input is no digest; transit has the same text
	}
	return signature, nil
}

func (k *rsaKey) Verify(params SignParams, message, signature []byte) (bool, error) {
	hash, digest, options, err := k.signing(params, message)
	if err != nil {
		return false, err
	}
	if options == nil {
		return rsa.VerifyPKCS1v15(k.public, hash, digest, signature) == nil, nil
	}
	return rsa.VerifyPSS(k.public, hash, digest, signature, options) == nil, nil
}

// signing checks the parameters. The options are nil for PKCS #1 v1.5, which
// ignores the salt length, as transit does.
func (k *rsaKey) signing(params SignParams, message []byte) (crypto.Hash, []byte, *rsa.PSSOptions, error) {
	if err := rsaSignatures.check(params); err != nil {
		return 0, nil, nil, err
	}
	hash, hashed, err := digest(params, message)
	if err != nil || params.SignatureAlgorithm == paddingPKCS1v15 {
		return hash, hashed, nil, err
	}
	longest := (k.public.N.BitLen()-1+7)/8 - 2 - hash.Size()
	if params.SaltLength < SaltLengthHash || params.SaltLength > longest {
		return 0, nil, nil, fmt.Errorf("requested salt length %d is invalid", params.SaltLength)
	}
	return hash, hashed, &rsa.PSSOptions{SaltLength: params.SaltLength}, nil
}
