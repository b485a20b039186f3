package suite

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
)

// errECDSAKey says no more, since x509's own texts may quote what it read.
var errECDSAKey = errors.New("invalid ECDSA private key, or not exactly its PKCS#8 DER")

func (f ecdsaFamily) generate() (Key, error) {
	private, err := ecdsa.GenerateKey(f.curve, rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("could not generate key: %v", err)
	}
	return f.pair(private)
}

// parse reads our own PKCS#8 and no other encoding of the same key.
func (f ecdsaFamily) parse(der []byte) (Key, error) {
	key, err := f.fromPKCS8(der)
	if err != nil {
		return nil, err
	}
	if !key.Private().Equal(NewSecret(der)) {
		return nil, errECDSAKey
	}
	return key, nil
}

// fromPKCS8 takes every encoding that x509 takes.
func (f ecdsaFamily) fromPKCS8(der []byte) (Key, error) {
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, errECDSAKey
	}
	private, ok := parsed.(*ecdsa.PrivateKey)
	if !ok {
		return nil, errECDSAKey
	}
	return f.pair(private)
}

func (f ecdsaFamily) parsePublic(der []byte) (Key, error) {
	key, err := f.fromPKIX(der)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(key.Public().raw, der) {
		return nil, errors.New("invalid ECDSA public key: not in its canonical encoding")
	}
	return key, nil
}

// fromPKIX also takes a compressed point.
func (f ecdsaFamily) fromPKIX(der []byte) (Key, error) {
	parsed, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return nil, fmt.Errorf("invalid ECDSA public key: %v", err)
	}
	public, ok := parsed.(*ecdsa.PublicKey)
	if !ok {
		return nil, fmt.Errorf("invalid ECDSA public key: it is a %T", parsed)
	}
	return f.publicKey(public)
}

func (f ecdsaFamily) fromMaterial(material any) (Key, error) {
	switch stored := material.(type) {
	case *ecdsa.PrivateKey:
		//nolint:staticcheck // keysutil stores the numbers, so they must be looked at
		if stored == nil || stored.X == nil || stored.Y == nil || stored.D == nil || stored.Curve == nil {
			return nil, errors.New("stored ECDSA key is empty")
		}
		return f.pair(stored)
	case *ecdsa.PublicKey:
		//nolint:staticcheck // as above
		if stored == nil || stored.X == nil || stored.Y == nil || stored.Curve == nil {
			return nil, errors.New("stored ECDSA key is empty")
		}
		return f.publicKey(stored)
	default:
		return nil, fmt.Errorf("stored key is a %T, want an ECDSA key", material)
	}
}

// pair refuses numbers that are no key pair of the curve.
func (f ecdsaFamily) pair(private *ecdsa.PrivateKey) (Key, error) {
	key, err := f.half(&private.PublicKey)
	if err != nil {
		return nil, err
	}
	scalar, err := private.ECDH()
	if err != nil {
		return nil, errECDSAKey
	}
	point, err := private.PublicKey.ECDH()
	if err != nil || !scalar.PublicKey().Equal(point) {
		return nil, errECDSAKey
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, errECDSAKey
	}
	key.private, key.der = private, NewSecret(der)
	return key, nil
}

func (f ecdsaFamily) publicKey(public *ecdsa.PublicKey) (Key, error) {
	key, err := f.half(public)
	if err != nil {
		return nil, err
	}
	return key, nil
}

// half is a key that has only its public half yet.
func (f ecdsaFamily) half(public *ecdsa.PublicKey) (*ecdsaKey, error) {
	if public.Curve != f.curve {
		return nil, fmt.Errorf("invalid curve: expected %s, got %s", f.curve.Params().Name, public.Params().Name)
	}
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return nil, fmt.Errorf("invalid ECDSA public key: %v", err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	return &ecdsaKey{public: public, pkix: PublicKey{raw: der, text: string(text)}}, nil
}

// jwk is the public key of RFC 7518, section 6.2.
func (f ecdsaFamily) jwk() jwkForm {
	size := (f.curve.Params().BitSize + 7) / 8
	return jwkForm{
		names: map[string]string{"kty": "EC", "crv": f.curve.Params().Name},
		values: func(key Key) (map[string][]byte, error) {
			half, ok := key.(*ecdsaKey)
			if !ok {
				return nil, errForeignKey
			}
			point, err := half.public.Bytes()
			if err != nil {
				return nil, fmt.Errorf("invalid ECDSA public key: %v", err)
			}
			return map[string][]byte{"x": point[1 : 1+size], "y": point[1+size:]}, nil
		},
		parse: func(values map[string][]byte) (Key, error) {
			point := slices.Concat([]byte{4}, values["x"], values["y"])
			public, err := ecdsa.ParseUncompressedPublicKey(f.curve, point)
			if err != nil {
				return nil, errors.New("invalid ECDSA public key: x and y are no point of the curve")
			}
			return f.publicKey(public)
		},
	}
}

// selfTest gives the signature of RFC 6979, which has no randomness.
func (f ecdsaFamily) selfTest(name string) func() error {
	return selfTest(name, f.answer, func(*Suite) ([][]byte, error) {
		private, err := ecdsa.ParseRawPrivateKey(f.curve, counting((f.curve.Params().BitSize+7)/8))
		if err != nil {
			return nil, err
		}
		key, err := f.pair(private)
		if err != nil {
			return nil, err
		}
		if _, err := signAndVerify(key, SignParams{}); err != nil {
			return nil, err
		}
		signature, err := private.Sign(nil, sum(crypto.SHA256, selfTestMessage), crypto.SHA256)
		return [][]byte{key.Public().raw, signature}, err
	})
}
