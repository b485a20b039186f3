package suite

import (
	"crypto"
	"crypto/hpke"
	"crypto/mlkem"
	"encoding/asn1"
	"errors"
	"fmt"

	"github.com/cloudflare/circl/kem"
	circl1024 "github.com/cloudflare/circl/kem/mlkem/mlkem1024"
	circl512 "github.com/cloudflare/circl/kem/mlkem/mlkem512"
	circl768 "github.com/cloudflare/circl/kem/mlkem/mlkem768"
)

// ML-KEM (FIPS 203). The private key is the seed d || z. The standard library
// serves the two larger sets, alone and under HPKE (draft-ietf-hpke-pq); it has
// no ML-KEM-512, which circl serves, for encapsulation only.
var (
	_ = register(mlkemSet{"512", 1, 1, circl512.Scheme(), "2c2585006e3ba7b691876e9d6524e1a224f44ece63313d266bcc9359cf592d6d"}.suite())
	_ = register(mlkemSet{"768", 2, 3, circl768.Scheme(), "cbadd5a6242ebe963f5501eb0160310d4d114838153a682d6ab85b29403ac66f"}.hpkeSuite(hpkeFamily{
		kem: hpke.MLKEM768(), kdf: hpke.HKDFSHA256(), aead: hpke.AES256GCM(), raw: mlkem768,
	}))
	_ = register(mlkemSet{"1024", 3, 5, circl1024.Scheme(), "33fb264f8de1de4ee150d03a71e4663c01ee08138f605192ed5ef41e2acf5336"}.hpkeSuite(hpkeFamily{
		kem: hpke.MLKEM1024(), kdf: hpke.HKDFSHA384(), aead: hpke.AES256GCM(), raw: mlkem1024,
	}))
)

// mlkem768 and mlkem1024 are the standard library's; hybrids are made of them.
var (
	mlkem768 = kemFamily{
		ciphertextSize: mlkem.CiphertextSize768,
		newPrivate:     func(seed []byte) (crypto.Decapsulator, error) { return mlkem.NewDecapsulationKey768(seed) },
		newPublic:      func(raw []byte) (crypto.Encapsulator, error) { return mlkem.NewEncapsulationKey768(raw) },
	}
	mlkem1024 = kemFamily{
		ciphertextSize: mlkem.CiphertextSize1024,
		newPrivate:     func(seed []byte) (crypto.Decapsulator, error) { return mlkem.NewDecapsulationKey1024(seed) },
		newPublic:      func(raw []byte) (crypto.Encapsulator, error) { return mlkem.NewEncapsulationKey1024(raw) },
	}
)

// mlkemSet is what the ML-KEM suites differ in.
type mlkemSet struct {
	parameterSet string
	oid          int // the last arc of NIST's identifier (RFC 9935)
	category     int
	circl        kem.Scheme
	answer       string // of the self-test
}

// declare fills in what all sets share.
func (m mlkemSet) declare() Suite {
	name := "ml-kem-" + m.parameterSet
	return Suite{
		Name:      name,
		Inventory: pqInventory("kem", m.parameterSet, m.category, m.identifier()),
		Selector:  Selector{Type: "ml-kem", ParameterSet: m.parameterSet},
		SelfTest:  kemSelfTest(name, m.answer, mlkemSeedSize, m.circl.CiphertextSize(), m.circl.PublicKeySize()),
	}
}

func (m mlkemSet) identifier() asn1.ObjectIdentifier {
	return asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 4, m.oid}
}

func (m mlkemSet) encodings(s Suite) Encodings {
	form := rawForm{
		oid:    m.identifier(),
		expand: m.expand,
		jwk:    "ML-KEM-" + m.parameterSet,
	}
	return form.encodings(s.Parse, s.ParsePublic)
}

// expand is dk of FIPS 203, algorithm 16; nil for a seed of another length.
func (m mlkemSet) expand(seed []byte) []byte {
	if len(seed) != mlkemSeedSize {
		return nil
	}
	_, private := m.circl.DeriveKeyPair(seed)
	expanded, err := private.MarshalBinary()
	if err != nil {
		return nil
	}
	return expanded
}

func (m mlkemSet) hpkeSuite(family hpkeFamily) Suite {
	s := family.suite(m.declare())
	s.Module = InsideModule
	s.Encodings = m.encodings(s)
	return s
}

// suite is served by circl and has no HPKE.
func (m mlkemSet) suite() Suite {
	s := m.declare()
	s.StoredAs = NotCommunity
	s.Purpose = KeyEncapsulation
	s.Asymmetric = true
	s.Generate = func() (Key, error) { return fresh(mlkemSeedSize, m.parse) }
	s.Parse = m.parse
	s.ParsePublic = m.parsePublic
	s.Encodings = m.encodings(s)
	return s
}

func (m mlkemSet) family() kemFamily {
	return kemFamily{
		ciphertextSize: m.circl.CiphertextSize(),
		newPrivate: func(seed []byte) (crypto.Decapsulator, error) {
			public, private := m.circl.DeriveKeyPair(seed)
			return circlPrivate{m.circl, private, public}, nil
		},
		newPublic: func(raw []byte) (crypto.Encapsulator, error) {
			public, err := m.circl.UnmarshalBinaryPublicKey(raw)
			if err != nil {
				return nil, err
			}
			return circlPublic{m.circl, public}, nil
		},
	}
}

func (m mlkemSet) parse(seed []byte) (Key, error) {
	if len(seed) != mlkemSeedSize {
		return nil, fmt.Errorf("invalid private key of %d bytes, want a seed of %d", len(seed), mlkemSeedSize)
	}
	public, _ := m.circl.DeriveKeyPair(seed)
	raw, err := public.MarshalBinary()
	if err != nil {
		return nil, errors.New("invalid private key")
	}
	key := m.family().pair(seed, raw)
	return &key, nil
}

// parsePublic leaves to circl the check of ML-KEM's modulus (FIPS 203, section
// 7.2).
func (m mlkemSet) parsePublic(raw []byte) (Key, error) {
	key := m.family().half(raw)
	if _, err := key.public(); err != nil {
		return nil, fmt.Errorf("invalid public key: %v", err)
	}
	return &key, nil
}

// circlPublic and circlPrivate are a scheme of circl as the standard library's
// interfaces have it.
type circlPublic struct {
	scheme kem.Scheme
	public kem.PublicKey
}

func (p circlPublic) Bytes() []byte {
	raw, err := p.public.MarshalBinary()
	if err != nil {
		return nil
	}
	return raw
}

// Encapsulate fails only where there is no randomness.
func (p circlPublic) Encapsulate() (secret, ciphertext []byte) {
	ciphertext, secret, err := p.scheme.Encapsulate(p.public)
	if err != nil {
		panic("suite: no randomness")
	}
	return secret, ciphertext
}

type circlPrivate struct {
	scheme  kem.Scheme
	private kem.PrivateKey
	public  kem.PublicKey
}

func (p circlPrivate) Encapsulator() crypto.Encapsulator { return circlPublic{p.scheme, p.public} }

func (p circlPrivate) Decapsulate(ciphertext []byte) ([]byte, error) {
	return p.scheme.Decapsulate(p.private, ciphertext)
}
