package suite

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"fmt"
	"slices"
	"strconv"
)

// RSA in both of transit's encryption schemes and both of its signature schemes
// (RFC 8017): OAEP with SHA-256 and an empty label, PSS, and PKCS #1 v1.5.
var (
	_ = register(rsaFamily{2048, 112, "417af3110cba1b6dfa8a6d594d5da8dd95332f674afa14dc6d1c1cabc4b8d398"}.suite(Suite{Name: "rsa-2048", StoredAs: 3}))
	_ = register(rsaFamily{3072, 128, "9121a397d3de7d867eec85c089b9f2c05301799a428bcd483382039c4ad7fdbc"}.suite(Suite{Name: "rsa-3072", StoredAs: 9}))
	_ = register(rsaFamily{4096, 149, "1242e65f5badcde28efd7568b6c14c88eea1e94162842de79d3c8f3ee665181b"}.suite(Suite{Name: "rsa-4096", StoredAs: 4}))
)

// The padding schemes of RSA, transit's names.
const (
	paddingOAEP     = "oaep"
	paddingPKCS1v15 = "pkcs1v15"
)

// rsaFamily is what the RSA suites differ in.
type rsaFamily struct {
	bits int
	// strength without a quantum computer, that of 4096 bits by the formula of the
	// implementation guidance for FIPS 140-3, section D.B
	strength int
	answer   string // of the self-test
}

// rsaKey is a key pair, or a public key alone where private is nil.
type rsaKey struct {
	concealed
	private *rsa.PrivateKey
	der     Secret // the private key in PKCS#8 (RFC 5208)
	public  *rsa.PublicKey
	pkix    PublicKey
}

// suite completes the fields that all RSA suites share.
func (f rsaFamily) suite(s Suite) Suite {
	s.Purpose = Encryption | Signing
	s.Inventory = Inventory{
		ClassicalBits: f.strength,
		Successors:    []string{"x25519-mlkem768", "p256-mlkem768", "hybrid-ml-dsa-65-ecdsa-p256", "ml-dsa-65"},
		Primitive:     "pke", ParameterSet: strconv.Itoa(f.bits), OID: "1.2.840.113549.1.1.1",
	}
	s.Asymmetric = true
	s.PaddingSchemes = []string{paddingOAEP, paddingPKCS1v15}
	s.Signatures = &rsaSignatures
	s.Certification = &rsaCertification
	s.SlowToMake = true
	s.Generate = f.generate
	s.Parse = f.parse
	s.ParsePublic = f.parsePublic
	s.FromMaterial = f.fromMaterial
	s.Encodings = standardEncodings(f.fromPKIX, f.fromPKCS8, f.jwk())
	s.SelfTest = rsaSelfTest(s.Name, f.answer)
	s.Module = InsideModule
	return s
}

func (k *rsaKey) Private() Secret   { return k.der }
func (k *rsaKey) Public() PublicKey { return k.pkix }

func (k *rsaKey) Material() any {
	if k.private == nil {
		return k.public
	}
	return k.private
}

func (k *rsaKey) Seal(params Params, plaintext []byte) ([]byte, error) {
	scheme, err := k.scheme(params)
	if err != nil {
		return nil, err
	}
	var sealed []byte
	if scheme == paddingPKCS1v15 {
		//nolint:staticcheck // transit offers this padding, so its clients need it
		sealed, err = rsa.EncryptPKCS1v15(rand.Reader, k.public, plaintext)
	} else {
		sealed, err = rsa.EncryptOAEP(sha256.New(), rand.Reader, k.public, plaintext, nil)
	}
	if err != nil {
		return nil, fmt.Errorf("failed to RSA encrypt the plaintext: %v", err)
	}
	return sealed, nil
}

func (k *rsaKey) Open(params Params, sealed []byte) ([]byte, error) {
	scheme, err := k.scheme(params)
	if err != nil {
		return nil, err
	}
	if k.private == nil {
		return nil, errNoPrivateKey
	}
	var plaintext []byte
	if scheme == paddingPKCS1v15 {
		//nolint:staticcheck // as in Seal
		plaintext, err = rsa.DecryptPKCS1v15(nil, k.private, sealed)
	} else {
		plaintext, err = rsa.DecryptOAEP(sha256.New(), nil, k.private, sealed, nil)
	}
	if err != nil {
		return nil, fmt.Errorf("failed to RSA decrypt the ciphertext: %v", err)
	}
	return plaintext, nil
}

// scheme checks the parameters and names the padding.
func (*rsaKey) scheme(params Params) (string, error) {
	switch {
	case len(params.AssociatedData) > 0:
		return "", errAssociatedData
	case params.Convergent != 0:
		return "", errNotConvergent
	case len(params.Nonce) > 0:
		return "", errNonce
	case len(params.IV) > 0:
		return "", errIV
	case params.PaddingScheme == "":
		return paddingOAEP, nil
	case !slices.Contains([]string{paddingOAEP, paddingPKCS1v15}, params.PaddingScheme):
		return "", fmt.Errorf("unknown padding scheme: %s", params.PaddingScheme)
	}
	return params.PaddingScheme, nil
}
