package suite

import (
	"errors"
	"fmt"
	"slices"
)

// Signer is a key with purpose Signing.
type Signer interface {
	// Sign signs a message of any length. Every error is a fault of the
	// caller's input and carries no secret. A key without a private half
	// refuses.
	Sign(params SignParams, message []byte) ([]byte, error)
	// Verify reports whether the signature is one of the message under the
	// same parameters. A signature that does not even parse is false with or
	// without an error, as transit has it; any other error is a fault of the
	// parameters.
	Verify(params SignParams, message, signature []byte) (bool, error)
}

// Marshaling is the form of an ECDSA signature. Every suite accepts both
// values, as transit does; only ECDSA's signatures differ by it.
type Marshaling int

// The marshalings of transit.
const (
	ASN1 Marshaling = iota // DER, SEQUENCE of r and s
	JWS                    // r || s, each padded to the curve's size (RFC 7518, section 3.4)
)

// The values of SignParams.SaltLength that are not lengths, crypto/rsa's.
const (
	SaltLengthAuto = 0  // the longest in signing, any in verifying
	SaltLengthHash = -1 // the hash's size
)

// SignParams are the inputs of one signature beside the message. The zero
// value is a plain signature. Each option that a suite does not know
// ([SignatureOptions]) is refused.
type SignParams struct {
	// HashAlgorithm is one of transit's names, such as sha2-256. Empty: the
	// caller named none.
	HashAlgorithm string
	// Prehashed means that the message is the digest already.
	Prehashed bool
	// SignatureAlgorithm chooses among a suite's schemes. Empty: the default.
	SignatureAlgorithm string
	// SaltLength is that of RSA-PSS in bytes, or one of the constants.
	SaltLength int
	// Marshaling is the form of an ECDSA signature.
	Marshaling Marshaling
	// Context separates domains: 0 to 255 bytes, the same in signing and
	// verifying.
	Context []byte
	// ExternalMu means that the message is the 64 bytes of FIPS 204's mu,
	// which the caller computed with the public key and any context.
	ExternalMu bool
	// Deterministic leaves out the fresh randomness that hedges a signature
	// against faults. Verifying ignores it.
	Deterministic bool
}

// SignatureOptions say which fields of SignParams a suite knows.
type SignatureOptions struct {
	// Algorithms are the accepted values of SignatureAlgorithm beside the
	// empty one.
	Algorithms []string
	// Hashes are the accepted values of HashAlgorithm beside the empty one.
	Hashes []string
	// Prehashed, SaltLength, Context, ExternalMu and Deterministic are true
	// where the field of that name may be set.
	Prehashed, SaltLength, Context, ExternalMu, Deterministic bool
}

// maxSignatureContext is the bound that FIPS 204, FIPS 205, RFC 8032 and
// composite ML-DSA share.
const maxSignatureContext = 255

// errNoSigningKey is transit's text.
var errNoSigningKey = errors.New("requested version for signing does not contain a private part")

// check refuses each option that the suite does not know.
func (o SignatureOptions) check(p SignParams) error {
	for _, option := range []struct {
		name       string
		set, known bool
	}{
		{"prehashed", p.Prehashed, o.Prehashed},
		{"salt_length", p.SaltLength != SaltLengthAuto, o.SaltLength},
		{"signature_context", len(p.Context) > 0, o.Context},
		{"external_mu", p.ExternalMu, o.ExternalMu},
		{"deterministic", p.Deterministic, o.Deterministic},
		{"hash_algorithm", p.HashAlgorithm != "", len(o.Hashes) > 0},
		{"signature_algorithm", p.SignatureAlgorithm != "", len(o.Algorithms) > 0},
	} {
		if option.set && !option.known {
			return fmt.Errorf("%s is not supported for this key type", option.name)
		}
	}
	return o.checkValues(p)
}

func (o SignatureOptions) checkValues(p SignParams) error {
	switch {
	case p.HashAlgorithm != "" && !slices.Contains(o.Hashes, p.HashAlgorithm):
		return fmt.Errorf("unsupported hash algorithm %q", p.HashAlgorithm)
	case p.SignatureAlgorithm != "" && !slices.Contains(o.Algorithms, p.SignatureAlgorithm):
		return fmt.Errorf("unsupported signature algorithm %q", p.SignatureAlgorithm)
	case p.Marshaling != ASN1 && p.Marshaling != JWS:
		return errors.New("requested marshaling type is invalid")
	case len(p.Context) > maxSignatureContext:
		return fmt.Errorf("signature_context has %d bytes, at most %d are possible", len(p.Context), maxSignatureContext)
	}
	return nil
}
