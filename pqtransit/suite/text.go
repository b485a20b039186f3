package suite

import (
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	cryptoasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// textFormat is a text form of one half of a key, which callers ask for by name.
type textFormat struct {
	name string
	has  func(s *Suite) bool
	text func(s *Suite, key Key) (Secret, error)
}

// The formats, in the order in which texts list them.
var (
	publicFormats = []textFormat{
		{"pem", hasPKIX, func(s *Suite, key Key) (Secret, error) { return plain(s.Encodings.PublicPEM(key)) }},
		{"der", hasPKIX, func(s *Suite, key Key) (Secret, error) {
			der, err := s.Encodings.PKIX(key)
			return plain(base64.StdEncoding.EncodeToString(der), err)
		}},
		{
			"raw", func(s *Suite) bool { return s.Encodings.Raw },
			func(_ *Suite, key Key) (Secret, error) { return plain(key.Public().String(), nil) },
		},
		{"jwk", func(s *Suite) bool { return s.Encodings.JWK != nil }, func(s *Suite, key Key) (Secret, error) {
			text, err := s.Encodings.JWK(key)
			return plain(string(text), err)
		}},
		{
			"age", func(s *Suite) bool { return s.Encodings.AgeRecipient != nil },
			func(s *Suite, key Key) (Secret, error) { return plain(s.Encodings.AgeRecipient(key)) },
		},
	}
	privateFormats = []textFormat{
		{"pem", hasPKCS8, func(s *Suite, key Key) (Secret, error) { return s.Encodings.PrivatePEM(key) }},
		{"der", hasPKCS8, func(s *Suite, key Key) (Secret, error) {
			der, err := s.Encodings.PKCS8(key)
			return base64Secret(der), err
		}},
		{"raw", hasRawPrivate, func(_ *Suite, key Key) (Secret, error) {
			if key.Private().IsZero() {
				return Secret{}, errNoPrivateKey
			}
			return base64Secret(key.Private()), nil
		}},
	}
)

func hasPKIX(s *Suite) bool  { return s.Encodings.PKIX != nil }
func hasPKCS8(s *Suite) bool { return s.Encodings.PKCS8 != nil }

// hasRawPrivate also holds for every symmetric key, which is its bytes.
func hasRawPrivate(s *Suite) bool { return !s.Asymmetric || s.Encodings.ParseRaw != nil }

// plain is a public text where a Secret is wanted.
func plain(text string, err error) (Secret, error) { return NewSecret([]byte(text)), err }

func base64Secret(s Secret) Secret {
	return NewSecret(base64.StdEncoding.AppendEncode(nil, s.view()))
}

// PublicFormats are the names that PublicText takes, none for a symmetric suite.
func (s *Suite) PublicFormats() []string { return s.names(publicFormats) }

// PrivateFormats are the names that PrivateText takes.
func (s *Suite) PrivateFormats() []string { return s.names(privateFormats) }

func (s *Suite) names(formats []textFormat) []string {
	var names []string
	for _, format := range formats {
		if format.has(s) {
			names = append(names, format.name)
		}
	}
	return names
}

// PublicText is the public half of a key of this suite as pem or der (base64)
// of SubjectPublicKeyInfo, raw (base64), jwk or age. An error names the formats
// that there are.
func (s *Suite) PublicText(format string, key Key) (string, error) {
	if !s.Asymmetric {
		return "", fmt.Errorf("keys of type %s have no public half, and so no format", s.Name)
	}
	text, err := s.text(publicFormats, "public", format, key)
	return string(text.view()), err
}

// PrivateText is the private half of a key of this suite as pem or der (base64)
// of PKCS#8, of a post-quantum key in seed form, or raw (base64). An error
// names the formats that there are. Only the keyring and escrow may call it.
func (s *Suite) PrivateText(format string, key Key) (Secret, error) {
	return s.text(privateFormats, "private", format, key)
}

func (s *Suite) text(formats []textFormat, half, name string, key Key) (Secret, error) {
	index := slices.IndexFunc(formats, func(f textFormat) bool { return f.name == name && f.has(s) })
	if index < 0 {
		return Secret{}, fmt.Errorf("%s keys of type %s have no format %q: use one of %s",
			half, s.Name, name, strings.Join(s.names(formats), ", "))
	}
	return formats[index].text(s, key)
}

// errNoPublicText lists what ParsePublicText reads.
var errNoPublicText = errors.New("invalid public key: neither PEM, nor base64, nor a JSON Web Key")

// ParsePublicText reads what PublicText writes, but age's, and tells the forms
// apart by their first character: PEM, a JSON Web Key, or base64 of the raw key
// or of SubjectPublicKeyInfo.
func (s *Suite) ParsePublicText(text string) (Key, error) {
	text = strings.TrimSpace(text)
	switch {
	case !s.Asymmetric:
		return nil, fmt.Errorf("keys of type %s have no public half", s.Name)
	case strings.HasPrefix(text, "{"):
		return s.parseJWK(text)
	case strings.HasPrefix(text, "-"):
		block, rest := pem.Decode([]byte(text))
		if block == nil || strings.TrimSpace(string(rest)) != "" || block.Type != "PUBLIC KEY" {
			return nil, errors.New("invalid public key: not one PEM block of type PUBLIC KEY")
		}
		return s.parsePKIX(block.Bytes)
	}
	der, err := base64.StdEncoding.Strict().DecodeString(text)
	switch {
	case err != nil || len(der) == 0:
		return nil, errNoPublicText
	case s.Encodings.Raw && !isInfo(der, false):
		return s.ParsePublic(der)
	}
	return s.parsePKIX(der)
}

func (s *Suite) parseJWK(text string) (Key, error) {
	if s.Encodings.ParseJWK == nil {
		return nil, fmt.Errorf("public keys of type %s have no JSON Web Key: use one of %s", s.Name, strings.Join(s.PublicFormats(), ", "))
	}
	return s.Encodings.ParseJWK([]byte(text))
}

func (s *Suite) parsePKIX(der []byte) (Key, error) {
	if s.Encodings.ParsePKIX == nil {
		return nil, fmt.Errorf("public keys of type %s have no SubjectPublicKeyInfo: use one of %s", s.Name, strings.Join(s.PublicFormats(), ", "))
	}
	return s.Encodings.ParsePKIX(der)
}

// ParsePrivate reads a private key from outside: PKCS#8 in DER, or the raw key.
// A PKCS#8 is known by how it starts, which a random key does not by chance.
func (s *Suite) ParsePrivate(private []byte) (Key, error) {
	isPKCS8 := isInfo(private, true)
	switch {
	case !s.Asymmetric:
		return s.Parse(private)
	case isPKCS8 && s.Encodings.ParsePKCS8 == nil:
		return nil, fmt.Errorf("private keys of type %s have no PKCS#8: give the raw seed", s.Name)
	case isPKCS8 || s.Encodings.ParseRaw == nil:
		return s.Encodings.ParsePKCS8(private)
	}
	return s.Encodings.ParseRaw(private)
}

// isInfo reports whether der starts as SubjectPublicKeyInfo does, or as
// PrivateKeyInfo, which has a number first: complete up to the algorithm's
// object identifier. A raw key does so by chance once in 2^34.
func isInfo(der []byte, private bool) bool {
	input := cryptobyte.String(der)
	var header, version uint8
	if !input.ReadUint8(&header) || header != 0x30 || !skipLength(&input) {
		return false
	}
	var number, algorithm, oid cryptobyte.String
	if private && (!input.ReadASN1(&number, cryptoasn1.INTEGER) || !number.ReadUint8(&version)) {
		return false
	}
	return input.ReadASN1(&algorithm, cryptoasn1.SEQUENCE) &&
		algorithm.ReadASN1(&oid, cryptoasn1.OBJECT_IDENTIFIER) && len(oid) > 2 && slices.Contains(oidStarts, oid[0])
}

// oidStarts are the first bytes of identifiers under 1.2, 1.3, 2.5 and 2.16.
var oidStarts = []byte{0x2a, 0x2b, 0x55, 0x60}

// skipLength reads over the length of an element, which may be longer than what
// there is of it.
func skipLength(input *cryptobyte.String) bool {
	var first uint8
	if !input.ReadUint8(&first) {
		return false
	}
	return first < 0x80 || first <= 0x84 && input.Skip(int(first-0x80))
}
