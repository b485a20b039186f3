package vaultdev

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"time"
)

// certificateLife is how long the local CA and its one certificate hold. Both
// are made anew at a start that finds less than a third of it left.
const certificateLife = 90 * 24 * time.Hour

// ensureCertificates makes a CA whose key is thrown away at once, and the one
// certificate that it ever signs: for 127.0.0.1, ::1 and localhost.
func (c Config) ensureCertificates(now time.Time) error {
	if left, err := c.certificateLeft(now); err == nil && left > certificateLife/3 {
		return nil
	}
	c.say("making a local CA and a TLS certificate for 127.0.0.1")
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("making the CA's key: %v", err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("making the server's key: %v", err)
	}
	ca := certificateTemplate("Palisade development CA", now)
	ca.IsCA, ca.BasicConstraintsValid, ca.KeyUsage = true, true, x509.KeyUsageCertSign
	server := certificateTemplate("127.0.0.1", now)
	server.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}
	server.DNSNames = []string{"localhost"}
	server.KeyUsage = x509.KeyUsageDigitalSignature
	server.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	return c.writeCertificates(certificatePair{ca, caKey}, certificatePair{server, key})
}

// certificatePair is a certificate to be made and its key.
type certificatePair struct {
	template *x509.Certificate
	key      *ecdsa.PrivateKey
}

func (c Config) writeCertificates(ca, server certificatePair) error {
	caDER, err := x509.CreateCertificate(rand.Reader, ca.template, ca.template, ca.key.Public(), ca.key)
	if err != nil {
		return fmt.Errorf("signing the CA: %v", err)
	}
	serverDER, err := x509.CreateCertificate(rand.Reader, server.template, ca.template, server.key.Public(), ca.key)
	if err != nil {
		return fmt.Errorf("signing the server certificate: %v", err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(server.key)
	if err != nil {
		return fmt.Errorf("encoding the server's key: %v", err)
	}
	// The certificate goes last: certificateLeft reads it to see whether all is there.
	for _, file := range []struct {
		path, kind string
		der        []byte
	}{
		{c.CAFile(), "CERTIFICATE", caDER},
		{c.path("tls", "vault-key.pem"), "PRIVATE KEY", keyDER},
		{c.path("tls", "vault.pem"), "CERTIFICATE", serverDER},
	} {
		if err := writeFile(file.path, pem.EncodeToMemory(&pem.Block{Type: file.kind, Bytes: file.der})); err != nil {
			return err
		}
	}
	return nil
}

func certificateTemplate(name string, now time.Time) *x509.Certificate {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		serial = big.NewInt(now.UnixNano()) // unique is enough: the CA signs one certificate
	}
	return &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name},
		NotBefore: now.Add(-time.Minute), NotAfter: now.Add(certificateLife),
	}
}

// certificateLeft is how long the server certificate still holds.
func (c Config) certificateLeft(now time.Time) (time.Duration, error) {
	raw, err := os.ReadFile(c.path("tls", "vault.pem"))
	if err != nil {
		return 0, err
	}
	block, _ := pem.Decode(raw)
	if block == nil {
		return 0, fmt.Errorf("tls/vault.pem is not PEM")
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return 0, fmt.Errorf("tls/vault.pem: %v", err)
	}
	return certificate.NotAfter.Sub(now), nil
}
