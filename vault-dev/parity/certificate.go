package parity

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"time"
)

// authority signs the certificates: with Ed25519, so that those of one key are the same.
const authority = "ed25519:authority"

// certificate is the PEM of a certificate for a public key, given as a read of a key shows it.
func certificate(public string) string {
	key := parsePublic(public)
	ca := privateKey(authority)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(7),
		Subject:      pkix.Name{CommonName: "parity"},
		NotBefore:    time.Date(2025, time.January, 1, 0, 0, 0, 0, time.UTC),
		NotAfter:     time.Date(2055, time.January, 1, 0, 0, 0, 0, time.UTC),
		KeyUsage:     x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key, ca)
	if key == nil || err != nil {
		return unresolved
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// parsePublic reads PEM, or the base64 of an Ed25519 key.
func parsePublic(public string) crypto.PublicKey {
	if raw, err := base64.StdEncoding.DecodeString(public); err == nil && len(raw) == ed25519.PublicKeySize {
		return ed25519.PublicKey(raw)
	}
	block, _ := pem.Decode([]byte(public))
	if block == nil {
		return nil
	}
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil
	}
	return key
}

// requestTemplate is a certificate request in PEM, as csr takes one.
func requestTemplate(name string) string {
	template := &x509.CertificateRequest{Subject: pkix.Name{CommonName: name}, DNSNames: []string{name + ".example.com"}}
	der, err := x509.CreateCertificateRequest(rand.Reader, template, privateKey(authority))
	if err != nil {
		return unresolved
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}))
}
