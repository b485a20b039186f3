package suite

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
)

// ECDSA (FIPS 186-5) over the NIST curves.
var (
	_ = register(ecdsaFamily{elliptic.P256(), 128, "65", "4ce8f0ba1bfffc10560b826b5ce1d9918f2104fd10451dd6759efa40cfbcb540"}.suite(Suite{Name: "ecdsa-p256", KeyName: "P-256", StoredAs: 1}))
	_ = register(ecdsaFamily{elliptic.P384(), 192, "87", "b9516bb773c00e94eb0071152958eb7df1147fdfd3c931e9f89b17632a6e78e7"}.suite(Suite{Name: "ecdsa-p384", KeyName: "P-384", StoredAs: 6}))
	_ = register(ecdsaFamily{elliptic.P521(), 256, "87", "092144902d26b0f555aef265139495a9ccfe23508a44a0e2413947544c462b76"}.suite(Suite{Name: "ecdsa-p521", KeyName: "P-521", StoredAs: 7}))
)

// ecdsaSignatures accepts RSA's options, because transit accepts and ignores
// them here.
var ecdsaSignatures = SignatureOptions{
	Algorithms: rsaSignatures.Algorithms,
	Hashes:     hashNames,
	Prehashed:  true,
	SaltLength: true,
}

// ecdsaCertifications are ecdsa-with-SHA256, -384 and -512 (RFC 5758, section 3.2),
// each with the curve of its strength, as transit's.
var ecdsaCertifications = map[elliptic.Curve]*Certification{
	elliptic.P256(): ecdsaCertification(2, defaultHash),
	elliptic.P384(): ecdsaCertification(3, "sha2-384"),
	elliptic.P521(): ecdsaCertification(4, "sha2-512"),
}

func ecdsaCertification(arc int, hash string) *Certification {
	return &Certification{
		Algorithm: asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, arc},
		Params:    SignParams{HashAlgorithm: hash},
	}
}

// transit's texts.
var (
	errSignature      = errors.New("supplied signature is invalid")
	errSignatureExtra = errors.New("supplied signature contains extra data")
)

// ecdsaFamily is what the ECDSA suites differ in.
type ecdsaFamily struct {
	curve     elliptic.Curve
	strength  int    // in bits, without a quantum computer
	successor string // parameter set of ML-DSA to go to
	answer    string // of the self-test
}

// ecdsaKey is a key pair, or a public key alone where private is nil.
type ecdsaKey struct {
	concealed
	private *ecdsa.PrivateKey
	der     Secret // the private key in PKCS#8 (RFC 5208)
	public  *ecdsa.PublicKey
	pkix    PublicKey
}

// suite completes the fields that all ECDSA suites share.
func (f ecdsaFamily) suite(s Suite) Suite {
	s.Purpose = Signing
	s.Inventory = Inventory{
		ClassicalBits: f.strength,
		Successors:    []string{"hybrid-ml-dsa-" + f.successor + "-" + s.Name, "ml-dsa-" + f.successor},
		Primitive:     "signature", Curve: "nist/" + s.KeyName, OID: "1.2.840.10045.2.1",
	}
	s.Asymmetric = true
	s.Curve = f.curve
	s.Signatures = &ecdsaSignatures
	s.Certification = ecdsaCertifications[f.curve]
	s.Generate = f.generate
	s.Parse = f.parse
	s.ParsePublic = f.parsePublic
	s.FromMaterial = f.fromMaterial
	s.Encodings = standardEncodings(f.fromPKIX, f.fromPKCS8, f.jwk())
	s.SelfTest = f.selfTest(s.Name)
	s.Module = InsideModule
	return s
}

func (k *ecdsaKey) Private() Secret   { return k.der }
func (k *ecdsaKey) Public() PublicKey { return k.pkix }

func (k *ecdsaKey) Material() any {
	if k.private == nil {
		return k.public
	}
	return k.private
}

func (k *ecdsaKey) Sign(params SignParams, message []byte) ([]byte, error) {
	hashed, err := k.signing(params, message)
	if err != nil {
		return nil, err
	}
	if k.private == nil {
		return nil, errNoSigningKey
	}
	signature, err := ecdsa.SignASN1(rand.Reader, k.private, hashed)
	if err != nil {
		return nil, fmt.Errorf("cannot sign: %v", err)
	}
	if params.Marshaling == JWS {
		return k.joined(signature)
	}
	return signature, nil
}

func (k *ecdsaKey) Verify(params SignParams, message, signature []byte) (bool, error) {
	hashed, err := k.signing(params, message)
	if err != nil {
		return false, err
	}
	if params.Marshaling == JWS {
		// To transit any bytes are two numbers, if not the right ones.
		if signature, err = k.split(signature); err != nil {
			return false, nil //nolint:nilerr // that is the answer
		}
	} else if err := checkECDSASignature(signature); err != nil {
		return false, err
	}
	return ecdsa.VerifyASN1(k.public, hashed, signature), nil
}

func (*ecdsaKey) signing(params SignParams, message []byte) ([]byte, error) {
	if err := ecdsaSignatures.check(params); err != nil {
		return nil, err
	}
	_, hashed, err := digest(params, message)
	return hashed, err
}

// ecdsaSignature is the DER form (RFC 3279, section 2.2.3).
type ecdsaSignature struct{ R, S *big.Int }

// checkECDSASignature tells text that is no signature from one that is wrong.
func checkECDSASignature(signature []byte) error {
	var parsed ecdsaSignature
	rest, err := asn1.Unmarshal(signature, &parsed)
	switch {
	case err != nil:
		return errSignature
	case len(rest) > 0:
		return errSignatureExtra
	}
	return nil
}

func (k *ecdsaKey) size() int { return (k.public.Params().BitSize + 7) / 8 }

// joined turns DER into r || s.
func (k *ecdsaKey) joined(signature []byte) ([]byte, error) {
	var parsed ecdsaSignature
	if _, err := asn1.Unmarshal(signature, &parsed); err != nil {
		return nil, errSignature
	}
	joined := make([]byte, 2*k.size())
	parsed.R.FillBytes(joined[:k.size()])
	parsed.S.FillBytes(joined[k.size():])
	return joined, nil
}

// split turns r || s into DER. Only the exact length will do: the built-in
// engine also takes others, which nothing standard writes.
func (k *ecdsaKey) split(signature []byte) ([]byte, error) {
	if len(signature) != 2*k.size() {
		return nil, errSignature
	}
	return asn1.Marshal(ecdsaSignature{
		R: new(big.Int).SetBytes(signature[:k.size()]),
		S: new(big.Int).SetBytes(signature[k.size():]),
	})
}
