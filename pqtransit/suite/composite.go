package suite

import (
	"crypto"
	"crypto/elliptic"
	"encoding/asn1"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Composite ML-DSA (draft-ietf-lamps-pq-composite-sigs-19): one signature by
// ML-DSA and one by a classical algorithm, both of which must verify. These are
// the pairs that Vault Enterprise's names can ask for and the draft has.
var (
	_ = register(compositeSet{
		arc: 39, label: "COMPSIG-MLDSA44-Ed25519-SHA512", jwk: "ML-DSA-44-Ed25519",
		postQuantum: mldsa44Set, classical: classicalEd25519{}, prehash: crypto.SHA512,
	}.suite("ed25519", "e04608a6a0d930c9e8a15d3de5ed9a73db35f420944c89a71154e1a7da78db3e"))
	_ = register(compositeSet{
		arc: 40, label: "COMPSIG-MLDSA44-ECDSA-P256-SHA256", jwk: "ML-DSA-44-ES256",
		postQuantum: mldsa44Set, classical: classicalECDSA{elliptic.P256(), crypto.SHA256}, prehash: crypto.SHA256,
	}.suite("ecdsa-p256", "68f264e922758ccd7ee2fffebc7b4648fa87719c697a35b671418690d1cef7e4"))
	_ = register(compositeSet{
		arc: 45, label: "COMPSIG-MLDSA65-ECDSA-P256-SHA512", jwk: "ML-DSA-65-ES256",
		postQuantum: mldsa65Set, classical: classicalECDSA{elliptic.P256(), crypto.SHA256}, prehash: crypto.SHA512,
	}.suite("ecdsa-p256", "8a14755b071eaf1306a4e6258941b5d74f8ed15da64aa89667ebbfa67a9372d3"))
	_ = register(compositeSet{
		arc: 46, label: "COMPSIG-MLDSA65-ECDSA-P384-SHA512",
		postQuantum: mldsa65Set, classical: classicalECDSA{elliptic.P384(), crypto.SHA384}, prehash: crypto.SHA512,
	}.suite("ecdsa-p384", "adb50affd2acea22a55a84b6e98dc5896c4a4b14b5936314ed5bb2fcf790b932"))
	_ = register(compositeSet{
		arc: 48, label: "COMPSIG-MLDSA65-Ed25519-SHA512", jwk: "ML-DSA-65-Ed25519",
		postQuantum: mldsa65Set, classical: classicalEd25519{}, prehash: crypto.SHA512,
	}.suite("ed25519", "871c46e2513c80016013f6e62da5077198d087f35a10d58ba0f53515cb737c1f"))
	_ = register(compositeSet{
		arc: 49, label: "COMPSIG-MLDSA87-ECDSA-P384-SHA512", jwk: "ML-DSA-87-ES384",
		postQuantum: mldsa87Set, classical: classicalECDSA{elliptic.P384(), crypto.SHA384}, prehash: crypto.SHA512,
	}.suite("ecdsa-p384", "c1fa82e48f339447dd53698203172bfc90291990f820e5766bdb77943aa86998"))
	_ = register(compositeSet{
		arc: 54, label: "COMPSIG-MLDSA87-ECDSA-P521-SHA512",
		postQuantum: mldsa87Set, classical: classicalECDSA{elliptic.P521(), crypto.SHA512}, prehash: crypto.SHA512,
	}.suite("ecdsa-p521", "f734c7c1ae98f833ff720b3a94d8c0758e1a5cb0d35ce35595837ab4b584fdcd"))
)

const compositePrefix = "CompositeAlgorithmSignatures2025"

var compositeSignatures = SignatureOptions{Context: true, Deterministic: true}

// HybridKey is a key made of two.
type HybridKey interface {
	Key
	// Halves are the two public keys, each in the form of its own suite.
	Halves() (postQuantum, classical PublicKey)
}

// compositeSet is what the composite suites differ in.
type compositeSet struct {
	arc         int // the last arc of the draft's object identifier
	label       string
	jwk         string // of draft-ietf-jose-pq-composite-sigs, empty where it has none
	postQuantum mldsaSet
	classical   classicalAlgorithm
	prehash     crypto.Hash
}

// compositeKey is a key pair, or public keys alone.
type compositeKey struct {
	concealed
	set         compositeSet
	postQuantum *mldsaKey
	classical   classicalKey
}

func (c compositeSet) suite(classical, answer string) Suite {
	name := "hybrid-ml-dsa-" + c.postQuantum.parameterSet + "-" + classical
	form := rawForm{oid: asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 6, c.arc}, jwk: c.jwk}
	return Suite{
		Name:          name,
		KeyName:       "ml-dsa-" + c.postQuantum.parameterSet + "-" + classical,
		StoredAs:      NotCommunity,
		Selector:      Selector{Type: "hybrid", ParameterSet: c.postQuantum.parameterSet, HybridPQC: "ml-dsa", HybridEC: classical},
		Purpose:       Signing,
		Module:        PartlyInModule, // the classical half
		Asymmetric:    true,
		Inventory:     pqInventory("combiner", strings.TrimPrefix(c.label, "COMPSIG-"), c.postQuantum.category, form.oid),
		Signatures:    &compositeSignatures,
		Certification: &Certification{Algorithm: form.oid}, // section 5.1 of the draft
		Generate:      c.generate,
		Parse:         c.parse,
		ParsePublic:   c.parsePublic,
		Encodings:     form.encodings(c.parse, c.parsePublic),
		SelfTest:      c.selfTest(name, answer),
	}
}

func (c compositeSet) generate() (Key, error) {
	classical, err := c.classical.generate()
	if err != nil {
		return nil, fmt.Errorf("could not generate key: %v", err)
	}
	defer clear(classical)
	seed := random(mldsaSeedSize + len(classical))
	defer clear(seed)
	copy(seed[mldsaSeedSize:], classical)
	return c.parse(seed)
}

// parse reads the draft's form: the seed of ML-DSA, then the classical key.
func (c compositeSet) parse(private []byte) (Key, error) {
	if len(private) < mldsaSeedSize {
		return nil, fmt.Errorf("invalid private key of %d bytes", len(private))
	}
	postQuantum, err := c.postQuantum.key(private[:mldsaSeedSize])
	if err != nil {
		return nil, err
	}
	classical, err := c.classical.parse(private[mldsaSeedSize:])
	if err != nil {
		return nil, err
	}
	return &compositeKey{set: c, postQuantum: postQuantum, classical: classical}, nil
}

func (c compositeSet) parsePublic(raw []byte) (Key, error) {
	split := c.postQuantum.other.PublicKeySize()
	if len(raw) < split {
		return nil, fmt.Errorf("invalid public key of %d bytes", len(raw))
	}
	postQuantum, err := c.postQuantum.half(raw[:split])
	if err != nil {
		return nil, err
	}
	classical, err := c.classical.parsePublic(raw[split:])
	if err != nil {
		return nil, err
	}
	return &compositeKey{set: c, postQuantum: postQuantum, classical: classical}, nil
}

func (k *compositeKey) Private() Secret {
	if k.postQuantum.seed.IsZero() {
		return Secret{}
	}
	both := slices.Concat(k.postQuantum.seed.view(), k.classical.private.view())
	defer clear(both)
	return NewSecret(both)
}

func (*compositeKey) Material() any { return nil }

func (k *compositeKey) Public() PublicKey {
	return rawPublicKey(slices.Concat(k.postQuantum.raw, k.classical.raw))
}

// Halves are the two public keys.
func (k *compositeKey) Halves() (postQuantum, classical PublicKey) {
	return k.postQuantum.Public(), k.classical.public
}

// representative is M' (section 2.2 of the draft): what both halves sign.
func (c compositeSet) representative(context, message []byte) []byte {
	return slices.Concat(
		[]byte(compositePrefix), []byte(c.label),
		[]byte{byte(len(context))}, context,
		sum(c.prehash, message),
	)
}

func (k *compositeKey) Sign(params SignParams, message []byte) ([]byte, error) {
	if err := compositeSignatures.check(params); err != nil {
		return nil, err
	}
	if k.classical.sign == nil {
		return nil, errNoSigningKey
	}
	representative := k.set.representative(params.Context, message)
	postQuantum, err := k.postQuantum.Sign(SignParams{Context: []byte(k.set.label), Deterministic: params.Deterministic}, representative)
	if err != nil {
		return nil, err
	}
	classical, err := k.classical.sign(representative, params.Deterministic)
	if err != nil {
		return nil, errors.New("cannot sign with the classical half")
	}
	return append(postQuantum, classical...), nil
}

func (k *compositeKey) Verify(params SignParams, message, signature []byte) (bool, error) {
	if err := compositeSignatures.check(params); err != nil {
		return false, err
	}
	split := k.set.postQuantum.other.SignatureSize()
	if len(signature) < split {
		return false, nil
	}
	representative := k.set.representative(params.Context, message)
	postQuantum, err := k.postQuantum.Verify(SignParams{Context: []byte(k.set.label)}, representative, signature[:split])
	if err != nil {
		return false, err
	}
	return postQuantum && k.classical.verify(representative, signature[split:]), nil
}

// selfTest gives what has no randomness: the key, and what the halves sign.
func (c compositeSet) selfTest(name, answer string) func() error {
	return selfTest(name, answer, func(s *Suite) ([][]byte, error) {
		classical, err := c.classical.known()
		if err != nil {
			return nil, err
		}
		key, err := s.Parse(append(counting(mldsaSeedSize), classical...))
		if err != nil {
			return nil, err
		}
		if _, err := signAndVerify(key, SignParams{}); err != nil {
			return nil, err
		}
		return [][]byte{key.Public().raw, c.representative(selfTestMessage, selfTestMessage)}, nil
	})
}
