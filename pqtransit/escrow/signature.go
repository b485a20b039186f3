package escrow

import (
	"errors"

	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// ErrSignature is in the errors of what its supposed maker did not sign.
var ErrSignature = errors.New("the signature is not of the registered key")

func sign(key suite.Key, message []byte) ([]byte, error) {
	signer, ok := key.(suite.Signer)
	if !ok {
		return nil, errors.New("this key signs nothing")
	}
	return signer.Sign(signing(), message)
}

func verify(key PublicKey, message, signature []byte) error {
	signer, err := key.verifier()
	if err != nil {
		return err
	}
	valid, err := signer.Verify(signing(), message, signature)
	if err != nil || !valid {
		return ErrSignature
	}
	return nil
}

// signing is how everything in escrow is signed: the domain is the context too.
func signing() suite.SignParams { return suite.SignParams{Context: []byte(domain)} }
