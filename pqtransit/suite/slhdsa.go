package suite

import (
	"bytes"
	"crypto/rand"
	"embed"
	"encoding/asn1"
	"errors"
	"fmt"
	"strings"

	"github.com/cloudflare/circl/sign/slhdsa"
	"github.com/cloudflare/circl/xof"
)

// SLH-DSA (FIPS 205), all twelve sets, served by circl, pure or HashSLH-DSA. The
// private key is the 64, 96 or 128 bytes of the standard. The small sets ("s")
// sign slowly, those of SHAKE most.
var (
	_ = register(slhdsaSet{slhdsa.SHA2_128s, 20, 1, "8b113df0d147f30b665c27e07234f0f8ba9eb8577be58bc567178b54a16b7c62"}.suite())
	_ = register(slhdsaSet{slhdsa.SHA2_128f, 21, 1, "211eae891129d8bd23858cb9a92526b89e1cd85e12867dd8ab0733faa632ba64"}.suite())
	_ = register(slhdsaSet{slhdsa.SHA2_192s, 22, 3, "dd36d856491f50b1b67d96f8cb85fe4d2be7be4a0d8bfc1feaa4796e3e990d29"}.suite())
	_ = register(slhdsaSet{slhdsa.SHA2_192f, 23, 3, "b30a50cf2e18cb5bb69df125cfd20e8e547c62d7705d0f011a2cacf03eb9147a"}.suite())
	_ = register(slhdsaSet{slhdsa.SHA2_256s, 24, 5, "d4f03764904cccce413fa0688852963c88b97682f8f886f3c9b4d154ed9191c1"}.suite())
	_ = register(slhdsaSet{slhdsa.SHA2_256f, 25, 5, "d7ae35409bb4703d4e1c3f5992992a52724178fa6528a6698606aa0a72808f6e"}.suite())
	_ = register(slhdsaSet{slhdsa.SHAKE_128s, 26, 1, "edc7a25d332cd8f32257bfd1caa284b8322d46bf732a8eafc32759e806685a44"}.suite())
	_ = register(slhdsaSet{slhdsa.SHAKE_128f, 27, 1, "c13c0ff4e90c1a000cb7b7b03dee4e58a6d403afbb8ec4ef37eee167c0dafa1e"}.suite())
	_ = register(slhdsaSet{slhdsa.SHAKE_192s, 28, 3, "f9792e9152f72ef4b05b4146969458505780f7c4618a91215717c77ede80c11d"}.suite())
	_ = register(slhdsaSet{slhdsa.SHAKE_192f, 29, 3, "19ad3bc4fcf9728ca7a33c5730add92f04e23aae011a0468cbea1e482109a8c4"}.suite())
	_ = register(slhdsaSet{slhdsa.SHAKE_256s, 30, 5, "b596934a4ba52589b4024aedcc4cdc64064531f7d0754419a79aa4ac7103831e"}.suite())
	_ = register(slhdsaSet{slhdsa.SHAKE_256f, 31, 5, "855e15e39c2df8d51c08a45401ab5c8cff574af75d35a56b66c16ab90120b54b"}.suite())
)

// hashSLHDSA is the pre-hash variant (FIPS 205, section 10.2.2). It is given the
// whole message.
const hashSLHDSA = "hash-slh-dsa"

// slhdsaSignatures names every hash of transit that FIPS 205 approves, and its
// two XOFs.
var slhdsaSignatures = SignatureOptions{
	Algorithms: []string{hashSLHDSA},
	Hashes: []string{
		"sha2-224", defaultHash, "sha2-384", "sha2-512",
		"sha3-224", "sha3-256", "sha3-384", "sha3-512", shake128, shake256,
	},
	Context:       true,
	Deterministic: true,
}

const (
	shake128 = "shake-128"
	shake256 = "shake-256"
)

// slhdsaSet is what the SLH-DSA suites differ in.
type slhdsaSet struct {
	id       slhdsa.ID
	oid      int // the last arc of NIST's identifier (RFC 9909)
	category int
	answer   string // of the self-test
}

// slhdsaKey is a key pair, or a public key alone where private is nil.
type slhdsaKey struct {
	concealed
	set     slhdsaSet
	secret  Secret
	private func() *slhdsa.PrivateKey // as in Secret
	public  slhdsa.PublicKey
	raw     []byte
}

func (m slhdsaSet) suite() Suite {
	name := strings.ToLower(m.id.String())
	form := rawForm{oid: asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 3, m.oid}}
	return Suite{
		Name:          name,
		StoredAs:      NotCommunity,
		Selector:      Selector{Type: "slh-dsa", ParameterSet: name},
		Purpose:       Signing,
		Asymmetric:    true,
		Inventory:     pqInventory("signature", strings.TrimPrefix(name, "slh-dsa-"), m.category, form.oid),
		SlowToMake:    true,
		Slow:          true,
		Signatures:    &slhdsaSignatures,
		Certification: &Certification{Algorithm: form.oid}, // RFC 9909, section 3
		Generate:      m.generate,
		Parse:         m.parse,
		ParsePublic:   m.parsePublic,
		Encodings:     form.encodings(m.importRaw, m.parsePublic),
		SelfTest:      m.selfTest(name),
	}
}

func (m slhdsaSet) generate() (Key, error) {
	public, private, err := slhdsa.GenerateKey(rand.Reader, m.id)
	if err != nil {
		return nil, fmt.Errorf("could not generate key: %v", err)
	}
	return m.pair(public, private)
}

// errSLHDSAKey stands for all of circl's.
var errSLHDSAKey = errors.New("invalid SLH-DSA private key")

// parse trusts that the root in the key belongs to it: see importRaw.
func (m slhdsaSet) parse(raw []byte) (Key, error) {
	private := slhdsa.PrivateKey{ID: m.id}
	if len(raw) != m.id.Scheme().PrivateKeySize() || private.UnmarshalBinary(raw) != nil {
		return nil, fmt.Errorf("invalid private key of %d bytes, want %d", len(raw), m.id.Scheme().PrivateKeySize())
	}
	return m.pair(private.PublicKey(), private)
}

// importRaw also computes the root anew, which costs as much as making a key:
// with a wrong one, signatures would verify nowhere.
func (m slhdsaSet) importRaw(raw []byte) (Key, error) {
	key, err := m.parse(raw)
	if err != nil {
		return nil, err
	}
	public, _, err := slhdsa.GenerateKey(bytes.NewReader(raw), m.id)
	if err != nil {
		return nil, errSLHDSAKey
	}
	root, err := public.MarshalBinary()
	if err != nil || !bytes.Equal(root, key.Public().raw) {
		return nil, errors.New("invalid SLH-DSA private key: its two halves do not belong together")
	}
	return key, nil
}

func (m slhdsaSet) pair(public slhdsa.PublicKey, private slhdsa.PrivateKey) (Key, error) {
	secret, err := private.MarshalBinary()
	if err != nil {
		return nil, errSLHDSAKey
	}
	key, err := m.half(public)
	if err != nil {
		return nil, err
	}
	key.secret = NewSecret(secret)
	clear(secret)
	key.private = func() *slhdsa.PrivateKey { return &private }
	return key, nil
}

func (m slhdsaSet) parsePublic(raw []byte) (Key, error) {
	public := slhdsa.PublicKey{ID: m.id}
	if len(raw) != m.id.Scheme().PublicKeySize() || public.UnmarshalBinary(raw) != nil {
		return nil, fmt.Errorf("invalid public key of %d bytes, want %d", len(raw), m.id.Scheme().PublicKeySize())
	}
	key, err := m.half(public)
	if err != nil {
		return nil, err
	}
	return key, nil
}

func (m slhdsaSet) half(public slhdsa.PublicKey) (*slhdsaKey, error) {
	raw, err := public.MarshalBinary()
	if err != nil {
		return nil, errors.New("invalid SLH-DSA public key")
	}
	return &slhdsaKey{set: m, public: public, raw: bytes.Clone(raw), private: func() *slhdsa.PrivateKey { return nil }}, nil
}

func (k *slhdsaKey) Private() Secret   { return k.secret }
func (*slhdsaKey) Material() any       { return nil }
func (k *slhdsaKey) Public() PublicKey { return rawPublicKey(k.raw) }

func (k *slhdsaKey) Sign(params SignParams, message []byte) ([]byte, error) {
	prepared, err := slhdsaMessage(params, message)
	if err != nil {
		return nil, err
	}
	private := k.private()
	if private == nil {
		return nil, errNoSigningKey
	}
	var signature []byte
	if params.Deterministic {
		signature, err = slhdsa.SignDeterministic(private, prepared, params.Context)
	} else {
		signature, err = slhdsa.SignRandomized(private, rand.Reader, prepared, params.Context)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot sign: %v", err)
	}
	return signature, nil
}

func (k *slhdsaKey) Verify(params SignParams, message, signature []byte) (bool, error) {
	prepared, err := slhdsaMessage(params, message)
	if err != nil {
		return false, err
	}
	if len(signature) != k.set.id.Scheme().SignatureSize() {
		return false, nil
	}
	return slhdsa.Verify(&k.public, prepared, signature, params.Context), nil
}

// slhdsaMessage checks the parameters and hashes for HashSLH-DSA, whose hash the
// caller names: the standard has no default.
func slhdsaMessage(params SignParams, message []byte) (*slhdsa.Message, error) {
	if err := slhdsaSignatures.check(params); err != nil {
		return nil, err
	}
	switch {
	case params.SignatureAlgorithm == "" && params.HashAlgorithm != "":
		return nil, errors.New("hash_algorithm needs signature_algorithm " + hashSLHDSA + " with this key type")
	case params.SignatureAlgorithm == "":
		return slhdsa.NewMessage(message), nil
	case params.HashAlgorithm == "":
		return nil, errors.New("signature_algorithm " + hashSLHDSA + " needs hash_algorithm")
	}
	return slhdsaPrehash(params.HashAlgorithm, message)
}

func slhdsaPrehash(name string, message []byte) (*slhdsa.Message, error) {
	hasher, err := slhdsaHasher(name)
	if err != nil {
		return nil, fmt.Errorf("unsupported hash algorithm %q", name)
	}
	if _, err := hasher.Write(message); err != nil {
		return nil, fmt.Errorf("cannot hash the message: %v", err)
	}
	return hasher.BuildMessage()
}

func slhdsaHasher(name string) (*slhdsa.PreHash, error) {
	if xofID, known := map[string]xof.ID{shake128: xof.SHAKE128, shake256: xof.SHAKE256}[name]; known {
		return slhdsa.NewPreHashWithXof(xofID)
	}
	return slhdsa.NewPreHashWithHash(hashByName[name])
}

// small reports a set that signs slowly.
func (m slhdsaSet) small() bool { return strings.HasSuffix(m.id.String(), "s") }

// selfTestSignatures are those of the small sets, another implementation's, of
// the self-test's message under its key: making one takes up to seconds.
//
//go:embed selftest/*.sig
var selfTestSignatures embed.FS

// selfTest makes the key from its three seeds, which runs most of the hashing
// that signing does, and signs where that is fast.
func (m slhdsaSet) selfTest(name string) func() error {
	return selfTest(name, m.answer, func(*Suite) ([][]byte, error) {
		key, err := m.selfTestKey()
		if err != nil {
			return nil, err
		}
		params := SignParams{Deterministic: true}
		if !m.small() {
			signature, err := signAndVerify(key, params)
			return [][]byte{key.Public().raw, signature}, err
		}
		signature, err := selfTestSignatures.ReadFile("selftest/" + name + ".sig")
		if err != nil {
			return nil, err
		}
		valid, err := key.(Signer).Verify(params, selfTestMessage, signature)
		if err != nil || !valid {
			return nil, errSelfTest
		}
		return [][]byte{key.Public().raw, signature}, nil
	})
}

func (m slhdsaSet) selfTestKey() (Key, error) {
	public, private, err := slhdsa.GenerateKey(bytes.NewReader(counting(m.id.Scheme().PrivateKeySize())), m.id)
	if err != nil {
		return nil, errSLHDSAKey
	}
	return m.pair(public, private)
}
