package suite

import (
	"crypto/subtle"
	"encoding/asn1"
	"errors"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	cryptoasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// rawForm is how a post-quantum family puts its keys into SubjectPublicKeyInfo
// and PrivateKeyInfo: an object identifier without parameters and raw bytes.
type rawForm struct {
	oid asn1.ObjectIdentifier
	// expand is set where the private key is the CHOICE of seed, expanded key
	// and both (RFC 9881, section 6; RFC 9935, section 6); the persisted form is
	// then the seed. Otherwise the private key is the persisted form.
	expand func(seed []byte) []byte
	// jwk names the algorithm in JOSE; empty where there is none.
	jwk string
}

// encodings completes what a rawForm says.
func (f rawForm) encodings(parse, parsePublic func([]byte) (Key, error)) Encodings {
	e := Encodings{
		Raw:   true,
		PKIX:  f.pkix,
		PKCS8: f.pkcs8,
		ParsePKIX: func(der []byte) (Key, error) {
			raw, err := f.parsePKIX(der)
			if err != nil {
				return nil, err
			}
			return parsePublic(raw)
		},
		ParsePKCS8: func(der []byte) (Key, error) {
			private, err := f.parsePKCS8(der)
			if err != nil {
				return nil, err
			}
			return parse(private)
		},
		ParseRaw: parse,
	}
	if f.jwk != "" {
		jwk := akp(f.jwk, parsePublic)
		e.JWK, e.ParseJWK = jwk.write, jwk.read
	}
	return e
}

func (f rawForm) algorithm(b *cryptobyte.Builder) {
	b.AddASN1(cryptoasn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(f.oid) })
}

func (f rawForm) pkix(key Key) ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(cryptoasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		f.algorithm(b)
		b.AddASN1BitString(key.Public().raw)
	})
	return b.Bytes()
}

func (f rawForm) pkcs8(key Key) (Secret, error) {
	if key.Private().IsZero() {
		return Secret{}, errNoPrivateKey
	}
	der, err := f.privateKeyInfo(func(b *cryptobyte.Builder) {
		if f.expand == nil {
			b.AddBytes(key.Private().view())
			return
		}
		b.AddASN1(seedTag, func(b *cryptobyte.Builder) { b.AddBytes(key.Private().view()) })
	})
	if err != nil {
		return Secret{}, errors.New("cannot encode the private key")
	}
	return NewSecret(der), nil
}

// seedTag is [0] IMPLICIT OCTET STRING.
const seedTag = cryptoasn1.Tag(0x80)

func (f rawForm) privateKeyInfo(content func(*cryptobyte.Builder)) ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(cryptoasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(0)
		f.algorithm(b)
		b.AddASN1(cryptoasn1.OCTET_STRING, content)
	})
	return b.Bytes()
}

// parsePKIX takes only what pkix writes: the rest of it is fixed by the key.
func (f rawForm) parsePKIX(der []byte) ([]byte, error) {
	input := cryptobyte.String(der)
	var info cryptobyte.String
	var raw []byte
	if !input.ReadASN1(&info, cryptoasn1.SEQUENCE) || !input.Empty() {
		return nil, errors.New("invalid public key: not one SubjectPublicKeyInfo")
	}
	if err := f.readAlgorithm(&info); err != nil {
		return nil, err
	}
	if !info.ReadASN1BitStringAsBytes(&raw) || !info.Empty() {
		return nil, errors.New("invalid public key: not one SubjectPublicKeyInfo")
	}
	return raw, nil
}

func (f rawForm) readAlgorithm(info *cryptobyte.String) error {
	var algorithm cryptobyte.String
	var oid asn1.ObjectIdentifier
	if !info.ReadASN1(&algorithm, cryptoasn1.SEQUENCE) || !algorithm.ReadASN1ObjectIdentifier(&oid) {
		return errors.New("invalid key: no algorithm identifier")
	}
	switch {
	case !oid.Equal(f.oid):
		return fmt.Errorf("the key is of another type: its algorithm is %s, want %s", oid, f.oid)
	case !algorithm.Empty():
		return errors.New("invalid key: its algorithm identifier has parameters")
	}
	return nil
}

var errPKCS8 = errors.New("invalid private key: not one PrivateKeyInfo of version 0 without attributes")

// parsePKCS8 gives the persisted form.
func (f rawForm) parsePKCS8(der []byte) ([]byte, error) {
	input := cryptobyte.String(der)
	var info, content cryptobyte.String
	var version uint
	if !input.ReadASN1(&info, cryptoasn1.SEQUENCE) || !input.Empty() ||
		!info.ReadASN1Integer(&version) || version != 0 {
		return nil, errPKCS8
	}
	if err := f.readAlgorithm(&info); err != nil {
		return nil, err
	}
	if !info.ReadASN1(&content, cryptoasn1.OCTET_STRING) || !info.Empty() {
		return nil, errPKCS8
	}
	if f.expand == nil {
		return content, nil
	}
	return f.parseChoice(content)
}

// parseChoice reads the seed, or both, and says what to do about the rest.
func (f rawForm) parseChoice(content cryptobyte.String) ([]byte, error) {
	var seed, body cryptobyte.String
	switch {
	case content.PeekASN1Tag(seedTag):
		if !content.ReadASN1(&seed, seedTag) || !content.Empty() {
			return nil, errors.New("invalid private key: malformed seed")
		}
		return seed, nil
	case content.PeekASN1Tag(cryptoasn1.SEQUENCE):
		if !content.ReadASN1(&body, cryptoasn1.SEQUENCE) || !content.Empty() {
			return nil, errors.New("invalid private key: malformed pair of seed and expanded key")
		}
		return f.parseBoth(body)
	case content.PeekASN1Tag(cryptoasn1.OCTET_STRING):
		return nil, errExpandedOnly
	}
	return nil, errors.New("invalid private key: neither a seed nor a pair of seed and expanded key")
}

// errExpandedOnly says how to get what can be imported.
var errExpandedOnly = errors.New("the private key has only its expanded form, from which the seed cannot be recovered: " +
	"export it again in seed form where it was made (OpenSSL 3.5 and later: openssl pkey -in key.pem " +
	"-provparam ml-dsa.output_formats=seed-only -provparam ml-kem.output_formats=seed-only), or make a new key")

func (f rawForm) parseBoth(body cryptobyte.String) ([]byte, error) {
	var seed, expanded cryptobyte.String
	if !body.ReadASN1(&seed, cryptoasn1.OCTET_STRING) ||
		!body.ReadASN1(&expanded, cryptoasn1.OCTET_STRING) || !body.Empty() {
		return nil, errors.New("invalid private key: malformed pair of seed and expanded key")
	}
	want := f.expand(seed)
	if want == nil {
		return nil, fmt.Errorf("invalid private key: seed of %d bytes", len(seed))
	}
	if subtle.ConstantTimeCompare(want, expanded) != 1 {
		return nil, errors.New("invalid private key: its seed and its expanded key do not belong together")
	}
	return seed, nil
}
