package suite

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/asn1"
	"encoding/base64"
	"errors"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	cryptoasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// classicalAlgorithm is the classical half of a composite, in the draft's
// encodings.
type classicalAlgorithm interface {
	// generate makes a private key, in the form that parse reads.
	generate() ([]byte, error)
	// known is the private key of the self-test.
	known() ([]byte, error)
	parse(private []byte) (classicalKey, error)
	parsePublic(raw []byte) (classicalKey, error)
}

// classicalKey is a key pair, or a public key alone where sign is nil.
type classicalKey struct {
	private Secret
	raw     []byte    // the draft's form of the public key
	public  PublicKey // the form of the classical suite
	sign    func(message []byte, deterministic bool) ([]byte, error)
	verify  func(message, signature []byte) bool
}

// classicalEd25519 has raw keys of 32 bytes, private and public.
type classicalEd25519 struct{}

func (classicalEd25519) generate() ([]byte, error) { return random(ed25519.SeedSize), nil }
func (classicalEd25519) known() ([]byte, error)    { return counting(ed25519.SeedSize), nil }

func (classicalEd25519) parse(seed []byte) (classicalKey, error) {
	if len(seed) != ed25519.SeedSize {
		return classicalKey{}, fmt.Errorf("invalid Ed25519 private key of %d bytes", len(seed))
	}
	private := ed25519.NewKeyFromSeed(seed)
	key, err := classicalEd25519{}.parsePublic(private[ed25519.SeedSize:])
	if err != nil {
		return classicalKey{}, err
	}
	key.private = NewSecret(seed)
	key.sign = func(message []byte, _ bool) ([]byte, error) { return ed25519.Sign(private, message), nil }
	return key, nil
}

func (classicalEd25519) parsePublic(raw []byte) (classicalKey, error) {
	if len(raw) != ed25519.PublicKeySize {
		return classicalKey{}, fmt.Errorf("invalid Ed25519 public key of %d bytes", len(raw))
	}
	public := ed25519.PublicKey(append([]byte(nil), raw...))
	return classicalKey{
		raw:    public,
		public: PublicKey{raw: public, text: base64.StdEncoding.EncodeToString(public)},
		verify: func(message, signature []byte) bool { return ed25519.Verify(public, message, signature) },
	}, nil
}

// classicalECDSA has uncompressed points, and ECPrivateKey (RFC 5915) with the
// named curve and without the public key, which crypto/x509 does not write.
type classicalECDSA struct {
	curve elliptic.Curve
	hash  crypto.Hash
}

func (c classicalECDSA) scalarSize() int { return (c.curve.Params().BitSize + 7) / 8 }

func (c classicalECDSA) generate() ([]byte, error) {
	private, err := ecdsa.GenerateKey(c.curve, rand.Reader)
	if err != nil {
		return nil, err
	}
	return c.encode(private)
}

func (c classicalECDSA) known() ([]byte, error) {
	private, err := ecdsa.ParseRawPrivateKey(c.curve, counting(c.scalarSize()))
	if err != nil {
		return nil, err
	}
	return c.encode(private)
}

// curveIdentifiers are those of RFC 5480, section 2.1.1.1, by size.
var curveIdentifiers = map[int]asn1.ObjectIdentifier{
	256: {1, 2, 840, 10045, 3, 1, 7},
	384: {1, 3, 132, 0, 34},
	521: {1, 3, 132, 0, 35},
}

func (c classicalECDSA) encode(private *ecdsa.PrivateKey) ([]byte, error) {
	scalar, err := private.Bytes()
	if err != nil {
		return nil, errors.New("invalid ECDSA private key")
	}
	var b cryptobyte.Builder
	b.AddASN1(cryptoasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(1)
		b.AddASN1OctetString(scalar)
		b.AddASN1(cryptoasn1.Tag(0).ContextSpecific().Constructed(), func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(curveIdentifiers[c.curve.Params().BitSize])
		})
	})
	return b.Bytes()
}

func (c classicalECDSA) parse(der []byte) (classicalKey, error) {
	invalid := errors.New("invalid ECDSA private key, or not ECPrivateKey with its curve and without public key")
	input := cryptobyte.String(der)
	var body, scalar cryptobyte.String
	var version uint
	if !input.ReadASN1(&body, cryptoasn1.SEQUENCE) || !body.ReadASN1Integer(&version) ||
		!body.ReadASN1(&scalar, cryptoasn1.OCTET_STRING) {
		return classicalKey{}, invalid
	}
	private, err := ecdsa.ParseRawPrivateKey(c.curve, scalar)
	if err != nil {
		return classicalKey{}, invalid
	}
	// Everything else is fixed by the scalar.
	if again, err := c.encode(private); err != nil || !NewSecret(again).Equal(NewSecret(der)) {
		return classicalKey{}, invalid
	}
	key, err := c.half(&private.PublicKey)
	if err != nil {
		return classicalKey{}, invalid
	}
	key.private = NewSecret(der)
	key.sign = func(message []byte, deterministic bool) ([]byte, error) {
		if deterministic { // RFC 6979
			return private.Sign(nil, sum(c.hash, message), c.hash)
		}
		return ecdsa.SignASN1(rand.Reader, private, sum(c.hash, message))
	}
	return key, nil
}

func (c classicalECDSA) parsePublic(raw []byte) (classicalKey, error) {
	public, err := ecdsa.ParseUncompressedPublicKey(c.curve, raw)
	if err != nil {
		return classicalKey{}, errors.New("invalid ECDSA public key: not an uncompressed point of the curve")
	}
	return c.half(public)
}

func (c classicalECDSA) half(public *ecdsa.PublicKey) (classicalKey, error) {
	raw, err := public.Bytes()
	if err != nil {
		return classicalKey{}, errors.New("invalid ECDSA public key")
	}
	suited, err := ecdsaFamily{curve: c.curve}.half(public)
	if err != nil {
		return classicalKey{}, err
	}
	return classicalKey{
		raw:    raw,
		public: suited.pkix,
		verify: func(message, signature []byte) bool {
			return ecdsa.VerifyASN1(public, sum(c.hash, message), signature)
		},
	}, nil
}
