package suite

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"encoding/asn1"
	"errors"
	"fmt"
)

// Ed25519 (RFC 8032): pure, Ed25519ctx with a signature context, and Ed25519ph
// where the message is prehashed with SHA-512. A key is also transit's source
// of further ones, derived from a context.
var _ = register(Suite{
	Name:          "ed25519",
	StoredAs:      2,
	Purpose:       Signing,
	Module:        InsideModule,
	Asymmetric:    true,
	Derivation:    true,
	Signatures:    &ed25519Signatures,
	Certification: &Certification{Algorithm: asn1.ObjectIdentifier{1, 3, 101, 112}}, // RFC 8410, section 3
	Generate:      func() (Key, error) { return fresh(ed25519.SeedSize, parseEd25519) },
	Parse:         parseEd25519,
	ParsePublic:   parseEd25519Public,
	FromMaterial:  ed25519FromMaterial,
	Encodings:     standardEncodings(ed25519FromPKIX, ed25519FromPKCS8, ed25519JWK),
	Inventory: Inventory{
		ClassicalBits: 128, Successors: []string{"hybrid-ml-dsa-65-ed25519", "ml-dsa-65"},
		Primitive: "signature", Curve: "other/Ed25519", OID: "1.3.101.112",
	},
	SelfTest: signatureSelfTest("ed25519", "05a26a25a97efff5b4b6bc7c1a537c8862fd0fb278793f057748e2215965cd15", counting(ed25519.SeedSize), SignParams{}),
})

// ed25519Signatures accepts RSA's options and every hash, because transit
// accepts and ignores them here. It refuses SHA-512 without prehashed.
var ed25519Signatures = SignatureOptions{
	Algorithms: rsaSignatures.Algorithms,
	Hashes:     hashNames,
	Prehashed:  true,
	SaltLength: true,
	Context:    true,
}

const ed25519Prehash = "sha2-512"

// ed25519Key is a key pair, or a public key alone where private is nil.
type ed25519Key struct {
	concealed
	private func() ed25519.PrivateKey // as in Secret; nil result without one
	public  ed25519.PublicKey
	derived bool
}

func parseEd25519(seed []byte) (Key, error) {
	if len(seed) != ed25519.SeedSize {
		return nil, fmt.Errorf("invalid key size %d bytes, want %d", len(seed), ed25519.SeedSize)
	}
	return newEd25519(seed), nil
}

func newEd25519(seed []byte) *ed25519Key {
	private := ed25519.NewKeyFromSeed(seed)
	return &ed25519Key{
		private: func() ed25519.PrivateKey { return private },
		public:  ed25519.PublicKey(private[ed25519.SeedSize:]),
	}
}

func parseEd25519Public(raw []byte) (Key, error) {
	if len(raw) != ed25519.PublicKeySize {
		return nil, fmt.Errorf("invalid public key size %d bytes, want %d", len(raw), ed25519.PublicKeySize)
	}
	return &ed25519Key{
		private: func() ed25519.PrivateKey { return nil },
		public:  bytes.Clone(raw),
	}, nil
}

// ed25519FromMaterial takes the 64 bytes of seed and public key, which must
// belong together.
func ed25519FromMaterial(material any) (Key, error) {
	switch stored := material.(type) {
	case ed25519.PublicKey:
		return parseEd25519Public(stored)
	case []byte:
		if len(stored) != ed25519.PrivateKeySize {
			return nil, fmt.Errorf("invalid key size %d bytes, want %d", len(stored), ed25519.PrivateKeySize)
		}
		key := newEd25519(stored[:ed25519.SeedSize])
		if !bytes.Equal(key.public, stored[ed25519.SeedSize:]) {
			return nil, errors.New("stored Ed25519 key has another public half")
		}
		return key, nil
	default:
		return nil, fmt.Errorf("stored key is a %T, want an Ed25519 key", material)
	}
}

// Private is zero for a derived key: such keys are never stored.
func (k *ed25519Key) Private() Secret {
	private := k.private()
	if private == nil || k.derived {
		return Secret{}
	}
	return NewSecret(private[:ed25519.SeedSize])
}

func (k *ed25519Key) Material() any {
	private := k.private()
	switch {
	case k.derived:
		return nil
	case private == nil:
		return k.public
	}
	return bytes.Clone(private)
}

func (k *ed25519Key) Public() PublicKey { return rawPublicKey(k.public) }

// Derive takes all 64 bytes of the key as HKDF's input and its output as a
// seed, as transit does.
func (k *ed25519Key) Derive(function KDF, context []byte) (Key, error) {
	private := k.private()
	switch {
	case k.derived:
		return nil, errors.New("a derived key does not derive further keys")
	case private == nil:
		return nil, errNoPrivateKey
	case function != HKDFSHA256:
		return nil, fmt.Errorf("unsupported key derivation mode %d", function)
	}
	seed, err := expand(function, private, context, ed25519.SeedSize)
	if err != nil {
		return nil, err
	}
	defer clear(seed)
	key := newEd25519(seed)
	key.derived = true
	return key, nil
}

func (k *ed25519Key) Sign(params SignParams, message []byte) ([]byte, error) {
	options, err := ed25519Options(params)
	if err != nil {
		return nil, err
	}
	private := k.private()
	if private == nil {
		return nil, errNoSigningKey
	}
	signature, err := private.Sign(nil, message, options)
	if err != nil {
		return nil, fmt.Errorf("cannot sign: %v", err)
	}
	return signature, nil
}

func (k *ed25519Key) Verify(params SignParams, message, signature []byte) (bool, error) {
	options, err := ed25519Options(params)
	if err != nil {
		return false, err
	}
	return ed25519.VerifyWithOptions(k.public, message, signature, options) == nil, nil
}

func ed25519Options(params SignParams) (*ed25519.Options, error) {
	if err := ed25519Signatures.check(params); err != nil {
		return nil, err
	}
	options := &ed25519.Options{Context: string(params.Context)}
	switch {
	case params.HashAlgorithm == hashNone && (!params.Prehashed || params.SignatureAlgorithm != paddingPKCS1v15):
		return nil, errHashNone
	case params.Prehashed && params.HashAlgorithm != ed25519Prehash:
		return nil, errors.New("prehashed Ed25519 signatures need hash_algorithm " + ed25519Prehash)
	case !params.Prehashed && params.HashAlgorithm == ed25519Prehash:
		return nil, errors.New("hash_algorithm " + ed25519Prehash + " with Ed25519 needs prehashed")
	case params.Prehashed:
		options.Hash = crypto.SHA512
	}
	return options, nil
}
