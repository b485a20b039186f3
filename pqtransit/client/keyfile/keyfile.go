// Package keyfile reads private keys from files, in the encodings that other programs write,
// and wraps them for an import. It knows neither Vault nor a terminal.
package keyfile

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/palisade-vault/palisade/pqtransit/byok"
	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// Encodings of a file.
const (
	Auto   = "auto" // PEM, base64 or raw, in this order, by what the file holds
	PEM    = "pem"
	Base64 = "base64"
	Raw    = "raw"
)

// Encodings are all of them.
func Encodings() []string { return []string{Auto, PEM, Base64, Raw} }

// Read gives the private key of a file's content in the form that an import takes: PKCS#8 in
// DER where the algorithm has that, else its raw bytes. The key is parsed, so that what
// no import would take is an error here. Errors never quote the content.
func Read(algorithm *suite.Suite, content []byte, encoding string) (suite.Secret, error) {
	raw, err := decode(content, encoding)
	if err != nil {
		return suite.Secret{}, err
	}
	key, err := algorithm.ParsePrivate(raw)
	if err != nil {
		return suite.Secret{}, fmt.Errorf("the file holds no private key of type %s: %v", algorithm.Name, err)
	}
	if algorithm.Encodings.PKCS8 == nil {
		return key.Private(), nil
	}
	return algorithm.Encodings.PKCS8(key)
}

func decode(content []byte, encoding string) ([]byte, error) {
	text := bytes.TrimSpace(content)
	isPEM := bytes.HasPrefix(text, []byte("-----BEGIN "))
	decoded, notBase64 := base64.StdEncoding.DecodeString(string(text))
	switch {
	case len(content) == 0:
		return nil, errors.New("the file is empty")
	case encoding == PEM || encoding == Auto && isPEM:
		return decodePEM(text)
	case encoding == Base64 || encoding == Auto && notBase64 == nil:
		if notBase64 != nil {
			return nil, errors.New("the file is not base64")
		}
		return decoded, nil
	case encoding == Raw || encoding == Auto:
		return content, nil
	}
	return nil, fmt.Errorf("unknown encoding %q", encoding)
}

// decodePEM also converts the two older forms that OpenSSL writes.
func decodePEM(text []byte) ([]byte, error) {
	block, rest := pem.Decode(text)
	if block == nil || len(bytes.TrimSpace(rest)) != 0 {
		return nil, errors.New("the file is not one PEM block: give the private key alone")
	}
	var key any
	var err error
	switch block.Type {
	case "PRIVATE KEY":
		return block.Bytes, nil
	case "RSA PRIVATE KEY":
		key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	case "EC PRIVATE KEY":
		key, err = x509.ParseECPrivateKey(block.Bytes)
	default:
		return nil, fmt.Errorf("the file holds a PEM block of type %s: decrypt or convert it to PRIVATE KEY, such as by openssl pkey", block.Type)
	}
	if err != nil {
		return nil, fmt.Errorf("the file's PEM block of type %s is malformed", block.Type)
	}
	return x509.MarshalPKCS8PrivateKey(key)
}

// WrapRSA wraps a key in its import form to an RSA key in PEM, as the built-in engine's own
// import takes it.
func WrapRSA(publicPEM string, key suite.Secret) (string, error) {
	block, _ := pem.Decode([]byte(publicPEM))
	if block == nil {
		return "", errors.New("the wrapping key is no PEM")
	}
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	public, ok := parsed.(*rsa.PublicKey)
	if err != nil || !ok {
		return "", errors.New("the wrapping key is no RSA key")
	}
	form := key.Bytes()
	defer clear(form)
	wrapped, err := byok.Wrap(public, byok.DefaultHash, form)
	return base64.StdEncoding.EncodeToString(wrapped), err
}

// WrapHPKE wraps a key of an algorithm in its import form to a hybrid key of a type, whose
// public half is given as text.
func WrapHPKE(kind, public string, algorithm *suite.Suite, key suite.Secret) (string, error) {
	to, known := suite.Lookup(kind)
	if !known || !to.Wrapping {
		return "", fmt.Errorf("no wrapping key has type %s", kind)
	}
	wrapping, err := to.ParsePublicText(public)
	if err != nil {
		return "", fmt.Errorf("the wrapping key is malformed: %v", err)
	}
	return byok.WrapHPKE(to, wrapping, algorithm, key)
}
