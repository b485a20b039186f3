package suite

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	cryptoasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Certification is how keys of a suite sign what PKIX (RFC 5280) has signed.
type Certification struct {
	// Algorithm identifies the signature.
	Algorithm asn1.ObjectIdentifier
	// Null means that the identifier has NULL as parameters (RSA alone: RFC
	// 4055, section 5); otherwise it has none.
	Null bool
	// Params are those of every such signature.
	Params SignParams
}

// CertificationRequest is a request for a certificate of the key (PKCS #10, RFC
// 2986), in DER, signed by it. Subject and attributes are those of the template,
// byte for byte, itself such a request by any key; nil is none. Errors are
// the caller's input: a template that is none, a suite or key that cannot sign.
func CertificationRequest(s *Suite, key Key, template []byte) ([]byte, error) {
	signer, ok := key.(Signer)
	if !ok || s.Certification == nil {
		return nil, fmt.Errorf("key type %s does not support signing", s.Name)
	}
	subject, attributes, err := requestTemplate(template)
	if err != nil {
		return nil, err
	}
	info, err := requestInfo(s, key, subject, attributes)
	if err != nil {
		return nil, err
	}
	signature, err := signer.Sign(s.Certification.Params, info)
	if err != nil {
		return nil, err
	}
	var b cryptobyte.Builder
	b.AddASN1(cryptoasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddBytes(info)
		s.Certification.identifier(b)
		b.AddASN1BitString(signature)
	})
	return b.Bytes()
}

// The parts of a request without a template.
var (
	noSubject    = []byte{0x30, 0x00}
	noAttributes = []byte{0xa0, 0x00}
)

// attributesTag is [0] IMPLICIT SET.
const attributesTag = cryptoasn1.Tag(0xa0)

// requestTemplate gives the two parts of a template that a request takes over.
func requestTemplate(der []byte) (subject, attributes []byte, err error) {
	if der == nil {
		return noSubject, noAttributes, nil
	}
	parsed, err := x509.ParseCertificateRequest(der)
	if err != nil {
		return nil, nil, fmt.Errorf("could not parse the certificate request: %v", err)
	}
	input := cryptobyte.String(parsed.RawTBSCertificateRequest)
	var info, tagged cryptobyte.String
	if !input.ReadASN1(&info, cryptoasn1.SEQUENCE) || !info.SkipASN1(cryptoasn1.INTEGER) ||
		!info.SkipASN1(cryptoasn1.SEQUENCE) || !info.SkipASN1(cryptoasn1.SEQUENCE) {
		return nil, nil, errors.New("could not parse the certificate request")
	}
	if info.Empty() { // some programs leave empty attributes out
		return parsed.RawSubject, noAttributes, nil
	}
	if !info.ReadASN1Element(&tagged, attributesTag) || !info.Empty() {
		return nil, nil, errors.New("could not parse the certificate request's attributes")
	}
	return parsed.RawSubject, tagged, nil
}

// requestInfo is what is signed.
func requestInfo(s *Suite, key Key, subject, attributes []byte) ([]byte, error) {
	public, err := s.Encodings.PKIX(key)
	if err != nil {
		return nil, err
	}
	var b cryptobyte.Builder
	b.AddASN1(cryptoasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(0)
		b.AddBytes(subject)
		b.AddBytes(public)
		b.AddBytes(attributes)
	})
	return b.Bytes()
}

func (c *Certification) identifier(b *cryptobyte.Builder) {
	b.AddASN1(cryptoasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(c.Algorithm)
		if c.Null {
			b.AddASN1NULL()
		}
	})
}

// IsPublicKey reports whether a SubjectPublicKeyInfo in DER, as a certificate has
// it, is the key's public half. Each key has one such encoding.
func IsPublicKey(s *Suite, key Key, info []byte) bool {
	if s.Encodings.PKIX == nil {
		return false
	}
	ours, err := s.Encodings.PKIX(key)
	return err == nil && bytes.Equal(ours, info)
}

// IsPublicKeyType reports whether a SubjectPublicKeyInfo in DER is of the kind
// that keys of the suite have. What it is called is the second result.
func IsPublicKeyType(s *Suite, key Key, info []byte) (same bool, algorithm string) {
	theirs, err := publicKeyAlgorithm(info)
	if err != nil || s.Encodings.PKIX == nil {
		return false, "unknown"
	}
	der, err := s.Encodings.PKIX(key)
	if err != nil {
		return false, theirs.String()
	}
	ours, err := publicKeyAlgorithm(der)
	return err == nil && ours.Equal(theirs), theirs.String()
}

func publicKeyAlgorithm(info []byte) (asn1.ObjectIdentifier, error) {
	input := cryptobyte.String(info)
	var body, algorithm cryptobyte.String
	var oid asn1.ObjectIdentifier
	if !input.ReadASN1(&body, cryptoasn1.SEQUENCE) || !body.ReadASN1(&algorithm, cryptoasn1.SEQUENCE) ||
		!algorithm.ReadASN1ObjectIdentifier(&oid) {
		return nil, errors.New("not a SubjectPublicKeyInfo")
	}
	return oid, nil
}
