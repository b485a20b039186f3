package keyring

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"strings"

	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// The forms in which transit hands private keys out and takes them in. They follow from what
// keysutil holds of a key, its material, and not from the key's type; a key that keysutil
// cannot hold has its own persisted form, raw bytes.

// privateText is PKCS #1 PEM of an RSA key, SEC 1 PEM of an ECDSA key, and the raw bytes of
// any other in base64.
func privateText(material any, private suite.Secret) (string, error) {
	switch held := material.(type) {
	case []byte:
		return base64.StdEncoding.EncodeToString(held), nil
	case *rsa.PrivateKey:
		block := &pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(held)}
		return string(pem.EncodeToMemory(block)), nil
	case *ecdsa.PrivateKey:
		der, err := x509.MarshalECPrivateKey(held)
		if err != nil {
			return "", fmt.Errorf("failed to encode a private key: %v", err)
		}
		block := &pem.Block{Type: "EC PRIVATE KEY", Bytes: der}
		return strings.TrimSpace(string(pem.EncodeToMemory(block))), nil
	}
	return base64.StdEncoding.EncodeToString(private.Bytes()), nil
}

// publicText is the form of a read, without the last line feed for ECDSA, as in transit.
func publicText(material any, public suite.PublicKey) string {
	switch material.(type) {
	case *ecdsa.PrivateKey, *ecdsa.PublicKey:
		return strings.TrimSpace(public.String())
	}
	return public.String()
}
