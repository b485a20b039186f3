package suite

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	cryptoasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Encodings are the standard forms of a suite's keys. A nil function means
// that no standard gives the type that form. docs/formats.md has the table.
//
// Functions that write take a key of their own suite; those of private forms
// fail without a private half. Functions that read take one exact encoding,
// with no trailing data, and their errors are the caller's input.
type Encodings struct {
	// Raw means that PublicKey.Bytes is the raw key of the suite's
	// specification, which PublicKey.String shows in base64.
	Raw bool
	// PKIX is the public key as SubjectPublicKeyInfo (RFC 5280), in DER.
	PKIX func(key Key) ([]byte, error)
	// ParsePKIX reads what PKIX writes and makes a key without private half.
	ParsePKIX func(der []byte) (Key, error)
	// PKCS8 is the private key as PrivateKeyInfo (RFC 5208), in DER; of a
	// post-quantum key in seed form.
	PKCS8 func(key Key) (Secret, error)
	// ParsePKCS8 reads what PKCS8 writes, and of ML-KEM and ML-DSA also the
	// form that has both the seed and the expanded key, which must agree. The
	// form with the expanded key alone is refused.
	ParsePKCS8 func(der []byte) (Key, error)
	// ParseRaw reads a private key from outside that has no wrapping: the
	// persisted form, checked as ParsePKCS8 checks it.
	ParseRaw func(raw []byte) (Key, error)
	// JWK is the public key as a JSON Web Key (RFC 7517), members sorted.
	JWK func(key Key) ([]byte, error)
	// ParseJWK reads what JWK writes, and ignores members of other names, but
	// refuses private ones.
	ParseJWK func(text []byte) (Key, error)
	// AgeRecipient is the public key as a recipient of age.
	AgeRecipient func(key Key) (string, error)
}

var errForeignKey = errors.New("the key is of another type")

// PublicPEM is PKIX in PEM (RFC 7468); an error where there is no PKIX.
func (e Encodings) PublicPEM(key Key) (string, error) {
	if e.PKIX == nil {
		return "", errors.New("this key type has no PEM form of public keys")
	}
	der, err := e.PKIX(key)
	if err != nil {
		return "", err
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})), nil
}

// PrivatePEM is PKCS8 in PEM (RFC 7468); an error where there is no PKCS8. Only
// the keyring and escrow may call it.
func (e Encodings) PrivatePEM(key Key) (Secret, error) {
	if e.PKCS8 == nil {
		return Secret{}, errors.New("this key type has no PEM form of private keys")
	}
	der, err := e.PKCS8(key)
	if err != nil {
		return Secret{}, err
	}
	return NewSecret(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der.view()})), nil
}

// standardEncodings are those of the families that crypto/x509 knows. Their
// persisted private form is PKCS#8, or a seed that x509 wraps.
func standardEncodings(fromPKIX, fromPKCS8 func([]byte) (Key, error), jwk jwkForm) Encodings {
	return Encodings{
		PKIX:       marshalPKIX,
		ParsePKIX:  canonical(fromPKIX, marshalPKIX),
		PKCS8:      marshalPKCS8,
		ParsePKCS8: single(fromPKCS8),
		JWK:        jwk.write,
		ParseJWK:   jwk.read,
	}
}

// canonical refuses what parses and encodes otherwise.
func canonical(parse func([]byte) (Key, error), encode func(Key) ([]byte, error)) func([]byte) (Key, error) {
	return func(der []byte) (Key, error) {
		key, err := parse(der)
		if err != nil {
			return nil, err
		}
		again, err := encode(key)
		if err != nil || string(again) != string(der) {
			return nil, errors.New("invalid public key: not in its canonical encoding")
		}
		return key, nil
	}
}

// single refuses what follows one ASN.1 value, which crypto/x509 ignores.
func single(parse func([]byte) (Key, error)) func([]byte) (Key, error) {
	return func(der []byte) (Key, error) {
		var value cryptobyte.String
		input := cryptobyte.String(der)
		if !input.ReadASN1(&value, cryptoasn1.SEQUENCE) || !input.Empty() {
			return nil, errors.New("invalid private key: not one PrivateKeyInfo")
		}
		return parse(der)
	}
}

// pkixKey is a key whose family crypto/x509 knows. Neither form can fail for a
// key that was parsed; pkcs8DER is zero without a private half.
type pkixKey interface {
	Key
	pkixDER() []byte
	pkcs8DER() Secret
}

func (k *rsaKey) pkixDER() []byte    { return k.pkix.Bytes() }
func (k *rsaKey) pkcs8DER() Secret   { return k.der }
func (k *ecdsaKey) pkixDER() []byte  { return k.pkix.Bytes() }
func (k *ecdsaKey) pkcs8DER() Secret { return k.der }

func (k *ed25519Key) pkixDER() []byte {
	der, err := x509.MarshalPKIXPublicKey(k.public)
	if err != nil {
		return nil
	}
	return der
}

func (k *ed25519Key) pkcs8DER() Secret {
	if k.Private().IsZero() {
		return Secret{}
	}
	der, err := x509.MarshalPKCS8PrivateKey(k.private())
	if err != nil {
		return Secret{}
	}
	return NewSecret(der)
}

func marshalPKIX(key Key) ([]byte, error) {
	known, ok := key.(pkixKey)
	if !ok {
		return nil, errForeignKey
	}
	return known.pkixDER(), nil
}

func marshalPKCS8(key Key) (Secret, error) {
	known, ok := key.(pkixKey)
	if !ok {
		return Secret{}, errForeignKey
	}
	der := known.pkcs8DER()
	if der.IsZero() {
		return Secret{}, errNoPrivateKey
	}
	return der, nil
}

func ed25519FromPKIX(der []byte) (Key, error) {
	parsed, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return nil, fmt.Errorf("invalid Ed25519 public key: %v", err)
	}
	public, ok := parsed.(ed25519.PublicKey)
	if !ok {
		return nil, fmt.Errorf("invalid Ed25519 public key: it is a %T", parsed)
	}
	return parseEd25519Public(public)
}

// ed25519FromPKCS8 says no more in its error, since x509's own texts may quote
// what it read.
func ed25519FromPKCS8(der []byte) (Key, error) {
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, errors.New("invalid Ed25519 private key")
	}
	private, ok := parsed.(ed25519.PrivateKey)
	if !ok {
		return nil, errors.New("invalid Ed25519 private key: it is of another type")
	}
	return parseEd25519(private.Seed())
}

// ed25519JWK is the public key of RFC 8037.
var ed25519JWK = jwkForm{
	names:  map[string]string{"kty": "OKP", "crv": "Ed25519"},
	values: func(key Key) (map[string][]byte, error) { return map[string][]byte{"x": key.Public().raw}, nil },
	parse:  func(values map[string][]byte) (Key, error) { return parseEd25519Public(values["x"]) },
}
