package keyring

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"strings"

	"github.com/hashicorp/vault/sdk/helper/keysutil"

	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// parsePublic reads the forms of [suite.Suite.ParsePublicText]. Keys that keysutil can hold
// are read from PEM as the built-in engine reads them.
func parsePublic(algorithm *suite.Suite, text string) (suite.Key, error) {
	block, rest := pem.Decode([]byte(text))
	if algorithm.FromMaterial == nil || block == nil {
		key, err := algorithm.ParsePublicText(text)
		if err != nil {
			return nil, refuse("error importing key: error parsing public key: %v", err)
		}
		return key, nil
	}
	if strings.TrimSpace(string(rest)) != "" {
		return nil, refuse("error importing key: error parsing public key: not in PEM format")
	}
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, refuse("error importing key: error parsing public key: %v", err)
	}
	return keyOf(algorithm, parsed)
}

// parseImportForm reads the form in which a private key travels: PKCS #8 of an asymmetric
// key, raw bytes of any other, and of a post-quantum key either. Errors never quote it.
func parseImportForm(algorithm *suite.Suite, form suite.Secret) (suite.Key, error) {
	switch {
	case algorithm.FromMaterial == nil:
		key, err := algorithm.ParsePrivate(form.Bytes())
		if err != nil {
			return nil, refuse("error importing key: not a key of type %s: %v", algorithm.Name, err)
		}
		return key, nil
	case !algorithm.Asymmetric:
		return keyOf(algorithm, form.Bytes())
	}
	parsed, err := parsePKCS8(form.Bytes())
	if err != nil {
		return nil, refuse("error importing key: error parsing asymmetric key: not PKCS #8 of a supported key%s", otherForm(form.Bytes()))
	}
	if private, ok := parsed.(ed25519.PrivateKey); ok {
		parsed = []byte(private) // as keysutil holds it
	}
	return keyOf(algorithm, parsed)
}

// otherForm is a hint for forms that other programs write by default.
func otherForm(der []byte) string {
	const hint = "; it is %s, which openssl pkcs8 -topk8 -nocrypt -outform DER converts"
	if _, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return fmt.Sprintf(hint, "PKCS #1")
	}
	if _, err := x509.ParseECPrivateKey(der); err == nil {
		return fmt.Sprintf(hint, "SEC 1")
	}
	return ""
}

// parsePKCS8 reads the common form, and two that other systems write: Ed25519 keys as an
// elliptic curve's (NSS), and RSA keys under the identifier of PSS.
func parsePKCS8(der []byte) (any, error) {
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if err == nil {
		return parsed, nil
	}
	if private, err := keysutil.ParsePKCS8Ed25519PrivateKey(der); err == nil {
		return private, nil
	}
	return keysutil.ParsePKCS8RSAPSSPrivateKey(der)
}

// keyOf makes a key of what keysutil would hold of it, of a type that it can hold.
func keyOf(algorithm *suite.Suite, material any) (suite.Key, error) {
	key, err := algorithm.FromMaterial(material)
	if err != nil {
		return nil, refuse("error importing key: %v", err)
	}
	return key, nil
}
