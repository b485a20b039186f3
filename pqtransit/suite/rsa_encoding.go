package suite

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"embed"
	"encoding/pem"
	"errors"
	"fmt"
	"math"
	"math/big"
)

// errRSAKey says no more, since x509's own texts may quote what it read.
var errRSAKey = errors.New("invalid RSA private key, or not exactly its PKCS#8 DER")

func (f rsaFamily) generate() (Key, error) {
	private, err := rsa.GenerateKey(rand.Reader, f.bits)
	if err != nil {
		return nil, fmt.Errorf("could not generate key: %v", err)
	}
	return f.pair(private)
}

// parse reads our own PKCS#8 and no other encoding of the same key.
func (f rsaFamily) parse(der []byte) (Key, error) {
	key, err := f.fromPKCS8(der)
	if err != nil {
		return nil, err
	}
	if !key.Private().Equal(NewSecret(der)) {
		return nil, errRSAKey
	}
	return key, nil
}

// fromPKCS8 takes every encoding that x509 takes.
func (f rsaFamily) fromPKCS8(der []byte) (Key, error) {
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, errRSAKey
	}
	private, ok := parsed.(*rsa.PrivateKey)
	if !ok {
		return nil, errRSAKey
	}
	return f.pair(private)
}

func (f rsaFamily) parsePublic(der []byte) (Key, error) {
	key, err := f.fromPKIX(der)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(key.Public().raw, der) {
		return nil, errors.New("invalid RSA public key: not in its canonical encoding")
	}
	return key, nil
}

func (f rsaFamily) fromPKIX(der []byte) (Key, error) {
	parsed, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return nil, fmt.Errorf("invalid RSA public key: %v", err)
	}
	public, ok := parsed.(*rsa.PublicKey)
	if !ok {
		return nil, fmt.Errorf("invalid RSA public key: it is a %T", parsed)
	}
	return f.publicKey(public)
}

// fromMaterial copies a private key's numbers and computes anew what JSON does
// not carry: without it, each decryption would.
func (f rsaFamily) fromMaterial(material any) (Key, error) {
	switch stored := material.(type) {
	case *rsa.PrivateKey:
		if stored == nil || stored.N == nil || stored.D == nil {
			return nil, errors.New("stored RSA key is empty")
		}
		return f.pair(&rsa.PrivateKey{PublicKey: stored.PublicKey, D: stored.D, Primes: stored.Primes})
	case *rsa.PublicKey:
		if stored == nil || stored.N == nil {
			return nil, errors.New("stored RSA key is empty")
		}
		return f.publicKey(stored)
	default:
		return nil, fmt.Errorf("stored key is a %T, want an RSA key", material)
	}
}

// pair refuses numbers that are no RSA key, here rather than at first use, so
// that every key has its persisted form.
func (f rsaFamily) pair(private *rsa.PrivateKey) (Key, error) {
	key, err := f.half(&private.PublicKey)
	if err != nil {
		return nil, err
	}
	private.Precompute()
	if err := private.Validate(); err != nil {
		return nil, errRSAKey
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, errRSAKey
	}
	key.private, key.der = private, NewSecret(der)
	return key, nil
}

func (f rsaFamily) publicKey(public *rsa.PublicKey) (Key, error) {
	key, err := f.half(public)
	if err != nil {
		return nil, err
	}
	return key, nil
}

// half is a key that has only its public half yet.
func (f rsaFamily) half(public *rsa.PublicKey) (*rsaKey, error) {
	if bits := public.N.BitLen(); bits != f.bits {
		return nil, fmt.Errorf("invalid key size: expected %d bits, got %d bits", f.bits, bits)
	}
	// As crypto/rsa would at each use, and the sign, which it reads over.
	if public.N.Sign() < 0 || public.N.Bit(0) == 0 {
		return nil, errors.New("invalid RSA public key: modulus is negative or even")
	}
	if public.E < 3 || public.E%2 == 0 || public.E > math.MaxInt32 {
		return nil, fmt.Errorf("invalid RSA public key: exponent %d", public.E)
	}
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return nil, fmt.Errorf("invalid RSA public key: %v", err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	return &rsaKey{public: public, pkix: PublicKey{raw: der, text: string(text)}}, nil
}

// jwk is the public key of RFC 7518, section 6.3.
func (f rsaFamily) jwk() jwkForm {
	return jwkForm{
		names: map[string]string{"kty": "RSA"},
		values: func(key Key) (map[string][]byte, error) {
			half, ok := key.(*rsaKey)
			if !ok {
				return nil, errForeignKey
			}
			exponent := big.NewInt(int64(half.public.E))
			return map[string][]byte{"n": half.public.N.Bytes(), "e": exponent.Bytes()}, nil
		},
		parse: func(values map[string][]byte) (Key, error) {
			exponent := new(big.Int).SetBytes(values["e"])
			if !exponent.IsInt64() || exponent.Int64() > math.MaxInt32 {
				return nil, errors.New("invalid RSA public key: exponent out of range")
			}
			return f.publicKey(&rsa.PublicKey{N: new(big.Int).SetBytes(values["n"]), E: int(exponent.Int64())})
		},
	}
}

// selfTestKeys are throw-away keys in PKCS#8.
//
//go:embed selftest/*.der
var selfTestKeys embed.FS

// rsaSelfTest signs with PKCS #1 v1.5, which has no randomness.
func rsaSelfTest(name, answer string) func() error {
	return selfTest(name, answer, func(s *Suite) ([][]byte, error) {
		der, err := selfTestKeys.ReadFile("selftest/" + name + ".der")
		if err != nil {
			return nil, err
		}
		key, err := s.Parse(der)
		if err != nil {
			return nil, err
		}
		signature, err := signAndVerify(key, SignParams{SignatureAlgorithm: paddingPKCS1v15})
		if err != nil {
			return nil, err
		}
		if _, err := signAndVerify(key, SignParams{}); err != nil {
			return nil, err
		}
		return [][]byte{key.Public().raw, signature}, sealAndOpen(key)
	})
}
