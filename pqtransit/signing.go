package pqtransit

import (
	"encoding/base64"
	"errors"
	"strconv"
	"strings"

	"github.com/palisade-vault/palisade/backend"
	"github.com/palisade-vault/palisade/pqtransit/digest"
	"github.com/palisade-vault/palisade/pqtransit/keyring"
	"github.com/palisade-vault/palisade/pqtransit/suite"
)

var (
	errMissingInput = errors.New("missing input")
	errHashNone     = backend.Invalid("hash_algorithm=none requires both prehashed=true and signature_algorithm=pkcs1v15")
)

// signRequest is messages to sign, or signatures to verify, with what applies to all of them.
type signRequest struct {
	name   string
	common keyring.Signing
	batch
}

// of is the parameters of one item.
func (s *signRequest) of(i *item) keyring.Signing {
	signing := s.common
	signing.Context = i.params.Context
	signing.Params.Context = i.signatureContext
	return signing
}

// decodeSigning reads what applies to all items.
func decodeSigning(f *backend.Fields) signRequest {
	hash := signatureHash(f)
	if err := keyring.CheckHash(hash); err != nil {
		f.Fail("%v", err)
	}
	return signRequest{
		name: f.String("name"),
		common: keyring.Signing{Params: withoutDefaults(suite.SignParams{
			HashAlgorithm:      hash,
			Prehashed:          f.Bool("prehashed"),
			SignatureAlgorithm: f.String("signature_algorithm"),
			SaltLength:         decodeSaltLength(f),
			Marshaling:         decodeMarshaling(f),
			ExternalMu:         f.Bool("external_mu"),
		})},
	}
}

// checkHash refuses for the whole request what transit does.
func (s *signRequest) checkHash() error {
	params := s.common.Params
	if params.HashAlgorithm == "none" && (!params.Prehashed || params.SignatureAlgorithm != "pkcs1v15") {
		return errHashNone
	}
	return nil
}

// signatureHash is empty where the caller named none: some algorithms have no use for one, and
// the others know their default. The old name counts only beside an empty hash_algorithm, which
// otherwise has its default: what transit signs so, no other hash may verify.
func signatureHash(f *backend.Fields) string {
	fields := []string{"urlalgorithm", "hash_algorithm"}
	if f.Has("hash_algorithm") {
		fields = append(fields, "algorithm")
	}
	for _, field := range fields {
		if name := f.String(field); name != "" {
			return name
		}
	}
	return ""
}

// withoutDefaults takes the defaults' names for the defaults, whatever the key: Terraform's
// vault_transit_verify always sends them, also with keys that have no such choice.
func withoutDefaults(params suite.SignParams) suite.SignParams {
	if params.SignatureAlgorithm == "pss" {
		params.SignatureAlgorithm = ""
	}
	if params.SignatureAlgorithm == "" && params.HashAlgorithm == digest.Default {
		params.HashAlgorithm = ""
	}
	return params
}

func decodeMarshaling(f *backend.Fields) suite.Marshaling {
	switch name := f.String("marshaling_algorithm"); name {
	case "asn1":
		return suite.ASN1
	case "jws":
		return suite.JWS
	default:
		f.Fail("invalid marshaling type %q", name)
		return suite.ASN1
	}
}

func decodeSaltLength(f *backend.Fields) int {
	text := f.String("salt_length")
	switch strings.ToLower(text) {
	case "auto":
		return suite.SaltLengthAuto
	case "hash":
		return suite.SaltLengthHash
	}
	length, err := strconv.Atoi(text)
	switch {
	case err != nil:
		f.Fail("salt length neither 'auto', 'hash', nor an int: %s", text)
	case length < suite.SaltLengthHash:
		f.Fail("salt length is invalid: %d", length)
	}
	return length
}

// decodeSigned reads what sign and verify take of an item. What is not base64 they report in
// different words: fault gets the field's name and the reason.
func (i *item) decodeSigned(f *backend.Fields, index int, fault func(field string, err error) error) {
	i.decodeReference(f, index)
	decode := func(field string) []byte {
		decoded, err := base64.StdEncoding.DecodeString(f.String(field))
		if err != nil && i.fault == nil {
			i.fault = fault(field, err)
		}
		return decoded
	}
	i.plaintext = decode("input")
	i.params.Context = decode("context")
	i.signatureContext = decode("signature_context")
}
