package bench

import (
	"errors"
	"fmt"

	"github.com/palisade-vault/palisade/pqtransit/suite"
)

var errWrongSide = errors.New("the key has no such operation")

func bareEncrypt(key suite.Key, message []byte) (func() error, error) {
	encrypter, ok := key.(suite.Encrypter)
	if !ok {
		return nil, errWrongSide
	}
	return func() error {
		_, err := encrypter.Seal(suite.Params{}, message)
		return err
	}, nil
}

func bareDecrypt(key suite.Key, message []byte) (func() error, error) {
	encrypter, ok := key.(suite.Encrypter)
	if !ok {
		return nil, errWrongSide
	}
	sealed, err := encrypter.Seal(suite.Params{}, message)
	if err != nil {
		return nil, fmt.Errorf("encrypting: %v", err)
	}
	return func() error {
		_, err := encrypter.Open(suite.Params{}, sealed)
		return err
	}, nil
}

func bareSign(key suite.Key, message []byte) (func() error, error) {
	signer, ok := key.(suite.Signer)
	if !ok {
		return nil, errWrongSide
	}
	return func() error {
		_, err := signer.Sign(suite.SignParams{}, message)
		return err
	}, nil
}

func bareVerify(key suite.Key, message []byte) (func() error, error) {
	signer, ok := key.(suite.Signer)
	if !ok {
		return nil, errWrongSide
	}
	signature, err := signer.Sign(suite.SignParams{}, message)
	if err != nil {
		return nil, fmt.Errorf("signing: %v", err)
	}
	return func() error {
		valid, err := signer.Verify(suite.SignParams{}, message, signature)
		if err == nil && !valid {
			err = errors.New("a signature of ours is not valid")
		}
		return err
	}, nil
}

func bareHMAC(_ suite.Key, message []byte) (func() error, error) {
	key := suite.NewSecret(message)
	return func() error {
		_, err := suite.HMAC("sha2-256", key, message)
		return err
	}, nil
}
