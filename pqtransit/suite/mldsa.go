package suite

import (
	"encoding/asn1"
	"errors"
	"fmt"
	"sync"

	"filippo.io/mldsa"
	"filippo.io/mldsa/mldsacrypto"
	"github.com/cloudflare/circl/sign/mldsa/mldsa44"
	"github.com/cloudflare/circl/sign/mldsa/mldsa65"
	"github.com/cloudflare/circl/sign/mldsa/mldsa87"
)

// ML-DSA (FIPS 204), served by circl. The private key is the seed; its expanded
// form stays in memory.
var (
	_ = register(mldsa44Set.suite("4b0d56fadcbe1dc73b16411c57024e9588df9bb89d62f0c7021621423a8706ce"))
	_ = register(mldsa65Set.suite("86a3df4e32baf079942f41faaf3257dd8410e869e879ee4c06ef506d9ed7329f"))
	_ = register(mldsa87Set.suite("bb15c3853d0fe94553d8b44f92c75c64f639c0367f14a53a0177decbf9426b50"))
)

var (
	mldsa44Set = mldsaSet{
		parameterSet: "44", oid: 17, category: 2, other: mldsa.MLDSA44(), mu: mu44,
		circl: circlMLDSA(mldsa44.NewKeyFromSeed, mldsa44.SignTo, mldsa44.Verify),
	}
	mldsa65Set = mldsaSet{
		parameterSet: "65", oid: 18, category: 3, other: mldsa.MLDSA65(), mu: mu65,
		circl: circlMLDSA(mldsa65.NewKeyFromSeed, mldsa65.SignTo, mldsa65.Verify),
	}
	mldsa87Set = mldsaSet{
		parameterSet: "87", oid: 19, category: 5, other: mldsa.MLDSA87(), mu: mu87,
		circl: circlMLDSA(mldsa87.NewKeyFromSeed, mldsa87.SignTo, mldsa87.Verify),
	}
)

var mldsaSignatures = SignatureOptions{Context: true, ExternalMu: true, Deterministic: true}

// errMLDSAPrehashed: a digest of 64 bytes would pass for a mu and verify
// nowhere.
var errMLDSAPrehashed = errors.New("prehashed is not supported for ML-DSA: send the message itself, " +
	"or the 64 bytes of FIPS 204's mu with external_mu")

const (
	mldsaSeedSize = 32
	mldsaMuSize   = 64
)

// mldsaSet is what the ML-DSA suites differ in.
type mldsaSet struct {
	parameterSet string
	oid          int // the last arc of NIST's identifier (RFC 9881)
	category     int
	other        mldsa.Parameters // the other implementation's, which signs external mu
	mu           muParameters     // ours, which verifies it
	circl        mldsaImplementation
}

// mldsaImplementation is circl's, the same for each of its packages.
type mldsaImplementation struct {
	fromSeed   func(seed *[mldsaSeedSize]byte) mldsaPrivate
	fromPublic func(raw []byte) (verifyMLDSA, error)
}

// mldsaPrivate is an expanded key.
type mldsaPrivate struct {
	sign     func(message, context []byte, randomized bool, signature []byte) error
	verify   verifyMLDSA
	public   []byte
	expanded func() []byte
}

type verifyMLDSA func(message, context, signature []byte) bool

// circlPublicKey is *P with the methods that circl gives each of its P.
type circlPublicKey[P any] interface {
	*P
	Bytes() []byte
	UnmarshalBinary([]byte) error
}

type circlPrivateKey[S any] interface {
	*S
	Bytes() []byte
}

func circlMLDSA[P, S any, PP circlPublicKey[P], PS circlPrivateKey[S]](
	newKey func(*[mldsaSeedSize]byte) (*P, *S),
	signTo func(*S, []byte, []byte, bool, []byte) error,
	verify func(*P, []byte, []byte, []byte) bool,
) mldsaImplementation {
	verifier := func(public *P) verifyMLDSA {
		return func(message, context, signature []byte) bool { return verify(public, message, context, signature) }
	}
	return mldsaImplementation{
		fromSeed: func(seed *[mldsaSeedSize]byte) mldsaPrivate {
			public, private := newKey(seed)
			return mldsaPrivate{
				sign: func(message, context []byte, randomized bool, signature []byte) error {
					return signTo(private, message, context, randomized, signature)
				},
				verify:   verifier(public),
				public:   PP(public).Bytes(),
				expanded: func() []byte { return PS(private).Bytes() },
			}
		},
		fromPublic: func(raw []byte) (verifyMLDSA, error) {
			public := new(P)
			if err := PP(public).UnmarshalBinary(raw); err != nil {
				return nil, err
			}
			return verifier(public), nil
		},
	}
}

// mldsaKey is a key pair, or a public key alone where sign is nil.
type mldsaKey struct {
	concealed
	set    mldsaSet
	seed   Secret
	raw    []byte
	verify verifyMLDSA
	sign   func(message, context []byte, randomized bool, signature []byte) error
	// other is expanded at the first signature of an external mu.
	other func() (*mldsa.PrivateKey, error)
}

func (m mldsaSet) suite(answer string) Suite {
	name := "ml-dsa-" + m.parameterSet
	form := rawForm{
		oid:    asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 3, m.oid},
		expand: m.expand,
		jwk:    "ML-DSA-" + m.parameterSet,
	}
	return Suite{
		Name:          name,
		Aliases:       []string{"mldsa-" + m.parameterSet}, // OpenBao's
		StoredAs:      NotCommunity,
		Selector:      Selector{Type: "ml-dsa", ParameterSet: m.parameterSet},
		Purpose:       Signing,
		Asymmetric:    true,
		Inventory:     pqInventory("signature", m.parameterSet, m.category, form.oid),
		Signatures:    &mldsaSignatures,
		Certification: &Certification{Algorithm: form.oid}, // RFC 9881, section 3
		Generate:      func() (Key, error) { return fresh(mldsaSeedSize, m.parse) },
		Parse:         m.parse,
		ParsePublic:   m.parsePublic,
		Encodings:     form.encodings(m.parse, m.parsePublic),
		SelfTest:      signatureSelfTest(name, answer, counting(mldsaSeedSize), SignParams{Deterministic: true}),
	}
}

func (m mldsaSet) parse(seed []byte) (Key, error) {
	key, err := m.key(seed)
	if err != nil {
		return nil, err
	}
	return key, nil
}

func (m mldsaSet) key(seed []byte) (*mldsaKey, error) {
	if len(seed) != mldsaSeedSize {
		return nil, fmt.Errorf("invalid private key of %d bytes, want a seed of %d", len(seed), mldsaSeedSize)
	}
	secret := NewSecret(seed)
	private := m.circl.fromSeed((*[mldsaSeedSize]byte)(secret.view()))
	return &mldsaKey{
		set: m, seed: secret, raw: private.public, verify: private.verify, sign: private.sign,
		other: sync.OnceValues(func() (*mldsa.PrivateKey, error) { return mldsa.NewPrivateKey(m.other, secret.view()) }),
	}, nil
}

func (m mldsaSet) parsePublic(raw []byte) (Key, error) {
	key, err := m.half(raw)
	if err != nil {
		return nil, err
	}
	return key, nil
}

func (m mldsaSet) half(raw []byte) (*mldsaKey, error) {
	if len(raw) != m.other.PublicKeySize() {
		return nil, fmt.Errorf("invalid public key of %d bytes, want %d", len(raw), m.other.PublicKeySize())
	}
	owned := append([]byte(nil), raw...)
	verify, err := m.circl.fromPublic(owned)
	if err != nil {
		return nil, fmt.Errorf("invalid public key: %v", err)
	}
	return &mldsaKey{set: m, raw: owned, verify: verify}, nil
}

// expand is sk of FIPS 204, algorithm 6; nil for a seed of another length.
func (m mldsaSet) expand(seed []byte) []byte {
	if len(seed) != mldsaSeedSize {
		return nil
	}
	return m.circl.fromSeed((*[mldsaSeedSize]byte)(seed)).expanded()
}

func (k *mldsaKey) Private() Secret   { return k.seed }
func (*mldsaKey) Material() any       { return nil }
func (k *mldsaKey) Public() PublicKey { return rawPublicKey(k.raw) }

func (k *mldsaKey) Sign(params SignParams, message []byte) ([]byte, error) {
	if err := checkMLDSA(params, message); err != nil {
		return nil, err
	}
	if k.sign == nil {
		return nil, errNoSigningKey
	}
	if params.ExternalMu {
		return k.signMu(params, message)
	}
	signature := make([]byte, k.set.other.SignatureSize())
	if err := k.sign(message, params.Context, !params.Deterministic, signature); err != nil {
		return nil, fmt.Errorf("cannot sign: %v", err)
	}
	return signature, nil
}

func (k *mldsaKey) signMu(params SignParams, mu []byte) ([]byte, error) {
	private, err := k.other()
	if err != nil {
		return nil, errors.New("cannot sign: invalid key")
	}
	var signature []byte
	if params.Deterministic {
		signature, err = private.SignDeterministic(mu, mldsacrypto.MLDSAMu)
	} else {
		signature, err = private.Sign(nil, mu, mldsacrypto.MLDSAMu)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot sign: %v", err)
	}
	return signature, nil
}

func (k *mldsaKey) Verify(params SignParams, message, signature []byte) (bool, error) {
	if err := checkMLDSA(params, message); err != nil {
		return false, err
	}
	if len(signature) != k.set.other.SignatureSize() {
		return false, nil
	}
	if params.ExternalMu {
		return k.set.mu.verify(k.raw, message, signature), nil
	}
	return k.verify(message, params.Context, signature), nil
}

func checkMLDSA(params SignParams, message []byte) error {
	if params.Prehashed {
		return errMLDSAPrehashed
	}
	if err := mldsaSignatures.check(params); err != nil {
		return err
	}
	switch {
	case params.ExternalMu && len(params.Context) > 0:
		return errors.New("signature_context is part of an external mu and cannot be given with it")
	case params.ExternalMu && len(message) != mldsaMuSize:
		return fmt.Errorf("external_mu needs an input of %d bytes, got %d", mldsaMuSize, len(message))
	}
	return nil
}
