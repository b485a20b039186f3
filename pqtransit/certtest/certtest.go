// Package certtest is a certificate authority for tests.
package certtest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"
	"time"
)

// Authority issues certificates for keys of any type, which crypto/x509 cannot.
type Authority struct {
	t    testing.TB
	key  *ecdsa.PrivateKey
	root *x509.Certificate
}

// New makes an authority with an ECDSA key of its own.
func New(t testing.TB) *Authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	a := &Authority{t: t, key: key}
	template := a.template("certtest authority")
	template.IsCA, template.BasicConstraintsValid = true, true
	a.root = a.parse(a.create(template, template))
	return a
}

// Root is the authority's own certificate, PEM.
func (a *Authority) Root() string { return text(a.root.Raw) }

// Issue is a certificate, PEM, for the public key of a certificate request in PEM.
func (a *Authority) Issue(request string) string {
	a.t.Helper()
	block, _ := pem.Decode([]byte(request))
	if block == nil {
		a.t.Fatalf("no certificate request: %q", request)
	}
	parsed, err := x509.ParseCertificateRequest(block.Bytes)
	if err != nil {
		a.t.Fatal(err)
	}
	return text(a.issue(parsed.RawSubjectPublicKeyInfo))
}

// tbs is TBSCertificate (RFC 5280, section 4.1).
type tbs struct {
	Version    int `asn1:"explicit,tag:0"`
	Serial     *big.Int
	Algorithm  pkix.AlgorithmIdentifier
	Issuer     asn1.RawValue
	Validity   asn1.RawValue
	Subject    asn1.RawValue
	PublicKey  asn1.RawValue
	Extensions asn1.RawValue `asn1:"optional,explicit,tag:3"`
}

// issue makes a certificate of the authority's own key, puts the other in and signs again.
func (a *Authority) issue(publicKey []byte) []byte {
	a.t.Helper()
	template := a.template("certtest subject")
	template.BasicConstraintsValid = true
	first := a.parse(a.create(template, a.root))
	var content tbs
	if rest, err := asn1.Unmarshal(first.RawTBSCertificate, &content); err != nil || len(rest) > 0 {
		a.t.Fatal(err)
	}
	content.PublicKey = asn1.RawValue{FullBytes: publicKey}
	raw, err := asn1.Marshal(content)
	if err != nil {
		a.t.Fatal(err)
	}
	digest := sha256.Sum256(raw)
	signature, err := ecdsa.SignASN1(rand.Reader, a.key, digest[:])
	if err != nil {
		a.t.Fatal(err)
	}
	der, err := asn1.Marshal(struct {
		Content   asn1.RawValue
		Algorithm pkix.AlgorithmIdentifier
		Signature asn1.BitString
	}{asn1.RawValue{FullBytes: raw}, content.Algorithm, asn1.BitString{Bytes: signature, BitLength: 8 * len(signature)}})
	if err != nil {
		a.t.Fatal(err)
	}
	if err := a.parse(der).CheckSignatureFrom(a.root); err != nil {
		a.t.Fatal(err)
	}
	return der
}

func (*Authority) template(name string) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
		NotAfter:     time.Date(2046, 1, 1, 0, 0, 0, 0, time.UTC),
	}
}

func (a *Authority) create(template, parent *x509.Certificate) []byte {
	a.t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &a.key.PublicKey, a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	return der
}

func (a *Authority) parse(der []byte) *x509.Certificate {
	a.t.Helper()
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		a.t.Fatal(err)
	}
	return parsed
}

// text has no last line feed, as in a read of a key.
func text(der []byte) string {
	return strings.TrimSpace(string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
}
