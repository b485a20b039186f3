package keyring

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"strings"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// CertificationRequest is a PKCS #10 request, in PEM, for a certificate of a version's public
// key, signed by it, and that version; number 0 is the latest. Subject and attributes are the
// template's, DER of such a request by any key; nil is none.
func (k *Key) CertificationRequest(number int, template []byte) (string, *Version, error) {
	version, err := k.certified(number, noRequest)
	if err != nil {
		return "", nil, err
	}
	if err := k.mayMake(version); err != nil {
		return "", nil, err
	}
	if k.lacksPrivate(version.Number) {
		return "", nil, refuse("%s: private key not imported for key version selected", noRequest)
	}
	if err := k.algorithms.check(version.Suite); err != nil {
		return "", nil, err
	}
	key, err := version.open()
	if err != nil {
		return "", nil, err
	}
	der, err := suite.CertificationRequest(version.Suite, key, template)
	if err != nil {
		return "", nil, refuse("%s: %v", noRequest, err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der})), version, nil
}

// What transit says before what is at fault.
const (
	noRequest = "could not create the csr"
	noChain   = "failed to persist certificate chain"
	noMatch   = noChain + ": could not validate key match between leaf certificate key and key version in transit"
)

// certified is the version of that number, whose public key can be in a certificate. prefix
// goes before the text that there is no such version.
func (k *Key) certified(number int, prefix string) (*Version, error) {
	if number == 0 {
		number = k.Latest
	}
	version := k.usable(number)
	if version == nil {
		version = k.versions[k.Latest] // whose type is judged first, as in transit
	}
	switch {
	case !version.Purpose.Has(suite.Signing):
		return nil, k.notASigner(version)
	case k.Derived:
		return nil, refuse("operation not supported on keys with derivation enabled")
	case version.Number != number:
		return nil, refuse("%s: no such key version", prefix)
	}
	return version, nil
}

// SetCertificate stores with a version the chain of certificates of its public key, the
// version's own first, and answers the key and that version; number 0 is the latest. A chain
// that the version has already is replaced.
func (r *Keyring) SetCertificate(ctx context.Context, storage logical.Storage, name string, number int, chain []*x509.Certificate) (*Key, *Version, error) {
	var version *Version
	key, err := r.change(ctx, storage, name, func(found *loaded) (bool, error) {
		if found == nil {
			return false, refuse("key with provided name '%s' not found", name)
		}
		var err error
		version, err = found.certify(number, chain)
		return err == nil, err
	})
	if err != nil {
		return nil, nil, err
	}
	return key, version, nil
}

func (l *loaded) certify(number int, chain []*x509.Certificate) (*Version, error) {
	old, err := l.key.certified(number, noMatch)
	if err != nil {
		return nil, err
	}
	if err := checkChain(chain); err != nil {
		return nil, refuse("%s: %v", noChain, err)
	}
	key, err := old.open()
	if err != nil {
		return nil, err
	}
	info := chain[0].RawSubjectPublicKeyInfo
	if same, algorithm := suite.IsPublicKeyType(old.Suite, key, info); !same {
		return nil, refuse("%s: provided leaf certificate public key algorithm '%s' does not match the transit key type '%s'", noMatch,
			algorithmText(chain[0], algorithm), old.Suite.Name)
	}
	if !suite.IsPublicKey(old.Suite, key, info) {
		return nil, refuse("%s: leaf certificate public key does not match the key version selected", noChain)
	}
	certified := *old
	certified.Certificates = make([][]byte, len(chain))
	for i, certificate := range chain {
		certified.Certificates[i] = certificate.Raw
	}
	l.key.versions[old.Number] = &certified
	l.replaced = old.Number
	return &certified, nil
}

// algorithmText is crypto/x509's name, or the identifier where it knows none.
func algorithmText(certificate *x509.Certificate, identifier string) string {
	if certificate.PublicKeyAlgorithm == x509.UnknownPublicKeyAlgorithm {
		return identifier
	}
	return certificate.PublicKeyAlgorithm.String()
}

// maxChainSize bounds a chain, in bytes of DER: it is stored with its version, in one entry.
const maxChainSize = 256 << 10

func checkChain(chain []*x509.Certificate) error {
	if len(chain) == 0 {
		return refuse("expected at least one certificate in the parsed certificate chain")
	}
	if chain[0].BasicConstraintsValid && chain[0].IsCA {
		return refuse("certificate in the first position is not a leaf certificate")
	}
	size := 0
	for i, certificate := range chain {
		if i > 0 && certificate.BasicConstraintsValid && !certificate.IsCA {
			return refuse("provided certificate chain contains more than one leaf certificate")
		}
		size += len(certificate.Raw)
	}
	if size > maxChainSize {
		return refuse("the certificate chain has %d bytes, at most %d are possible", size, maxChainSize)
	}
	return nil
}

// ParseChain reads certificates in PEM, one or more; blocks of other kinds are skipped, as in
// transit. Errors never quote the text: a private key may be in it.
func ParseChain(text string) ([]*x509.Certificate, error) {
	var chain []*x509.Certificate
	rest := []byte(strings.TrimSpace(text))
	for len(rest) > 0 {
		var block *pem.Block
		block, rest = pem.Decode(rest)
		if block == nil {
			return nil, refuse("could not decode PEM block in certificate chain")
		}
		if block.Type != "CERTIFICATE" && block.Type != "X509 CERTIFICATE" {
			continue
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, refuse("failed to parse certificate in certificate chain: %v", err)
		}
		chain = append(chain, certificate)
	}
	if len(chain) == 0 {
		return nil, refuse("provided certificate chain did not contain any valid PEM certificate")
	}
	return chain, nil
}

// ParseRequestTemplate gives the DER of a certificate request in PEM, and nil of an empty
// text.
func ParseRequestTemplate(text string) ([]byte, error) {
	if text == "" {
		return nil, nil
	}
	block, rest := pem.Decode([]byte(text))
	switch {
	case block == nil:
		return nil, refuse("could not decode PEM certificate request")
	case strings.TrimSpace(string(rest)) != "":
		return nil, refuse("the certificate request is followed by something else")
	}
	if _, err := x509.ParseCertificateRequest(block.Bytes); err != nil {
		return nil, refuse("could not parse the certificate request: %v", err)
	}
	return block.Bytes, nil
}

// ChainText is a chain of DER certificates as PEM, without a last line feed.
func ChainText(chain [][]byte) string {
	texts := make([]string, len(chain))
	for i, der := range chain {
		block := &pem.Block{Type: "CERTIFICATE", Bytes: der}
		texts[i] = strings.TrimSpace(string(pem.EncodeToMemory(block)))
	}
	return strings.Join(texts, "\n")
}
