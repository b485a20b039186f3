package suite

import (
	"crypto"
	"crypto/ecdh"
	"crypto/rand"
	"crypto/sha3"
	"errors"
	"fmt"
	"slices"
)

// hybridKEM combines ML-KEM with a Diffie-Hellman group as X-Wing does
// (draft-irtf-cfrg-concrete-hybrid-kems). crypto/hpke has the same inside, but
// gives it out only under HPKE.
type hybridKEM struct {
	postQuantum kemFamily // its public keys and seeds precede the group's
	curve       ecdh.Curve
	seedSize    int // bytes of a scalar
	pointSize   int // bytes of a public key of the group, uncompressed
	label       string
}

func (h hybridKEM) family() kemFamily {
	return kemFamily{
		ciphertextSize: h.postQuantum.ciphertextSize + h.pointSize,
		newPrivate:     h.private,
		newPublic:      h.public,
	}
}

// mlkemSeedSize is that of d and z (FIPS 203, section 7.1).
const mlkemSeedSize = 64

// private expands a seed with SHAKE256. A scalar that is out of the group's
// range is drawn again.
func (h hybridKEM) private(seed []byte) (crypto.Decapsulator, error) {
	source := sha3.NewSHAKE256()
	_, _ = source.Write(seed)
	expanded := make([]byte, mlkemSeedSize)
	defer clear(expanded)
	_, _ = source.Read(expanded)
	postQuantum, err := h.postQuantum.newPrivate(expanded)
	if err != nil {
		return nil, err
	}
	scalar := make([]byte, h.seedSize)
	defer clear(scalar)
	for {
		_, _ = source.Read(scalar)
		if classical, err := h.curve.NewPrivateKey(scalar); err == nil {
			return hybridPrivate{h, postQuantum, classical}, nil
		}
	}
}

// public refuses points with which an agreement fails, so that no
// encapsulation can.
func (h hybridKEM) public(raw []byte) (crypto.Encapsulator, error) {
	split := len(raw) - h.pointSize
	if split < 0 {
		return nil, errors.New("invalid public key length")
	}
	postQuantum, err := h.postQuantum.newPublic(raw[:split])
	if err != nil {
		return nil, err
	}
	classical, err := h.curve.NewPublicKey(raw[split:])
	if err != nil {
		return nil, fmt.Errorf("invalid public key: %v", err)
	}
	probe, err := h.curve.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("cannot check the public key: %v", err)
	}
	if _, err := probe.ECDH(classical); err != nil {
		return nil, errors.New("cannot encapsulate to this public key: its point has low order")
	}
	return hybridPublic{h, postQuantum, classical}, nil
}

// combine forgets the two secrets that it gets.
func (h hybridKEM) combine(postQuantum, classical, ciphertext, public []byte) []byte {
	input := slices.Concat(postQuantum, classical, ciphertext, public, []byte(h.label))
	secret := sha3.Sum256(input)
	for _, used := range [][]byte{input, postQuantum, classical} {
		clear(used)
	}
	return secret[:]
}

type hybridPrivate struct {
	kem         hybridKEM
	postQuantum crypto.Decapsulator
	classical   *ecdh.PrivateKey
}

func (p hybridPrivate) Encapsulator() crypto.Encapsulator {
	return hybridPublic{p.kem, p.postQuantum.Encapsulator(), p.classical.PublicKey()}
}

func (p hybridPrivate) Decapsulate(ciphertext []byte) ([]byte, error) {
	split := p.kem.postQuantum.ciphertextSize
	if len(ciphertext) != split+p.kem.pointSize {
		return nil, errCiphertextLength
	}
	postQuantum, err := p.postQuantum.Decapsulate(ciphertext[:split])
	if err != nil {
		return nil, err
	}
	ephemeral, err := p.kem.curve.NewPublicKey(ciphertext[split:])
	if err != nil {
		return nil, err
	}
	classical, err := p.classical.ECDH(ephemeral)
	if err != nil {
		return nil, err
	}
	return p.kem.combine(postQuantum, classical, ciphertext[split:], p.classical.PublicKey().Bytes()), nil
}

type hybridPublic struct {
	kem         hybridKEM
	postQuantum crypto.Encapsulator
	classical   *ecdh.PublicKey
}

func (p hybridPublic) Bytes() []byte {
	return append(p.postQuantum.Bytes(), p.classical.Bytes()...)
}

// Encapsulate cannot fail: hybridKEM.public has tried the point.
func (p hybridPublic) Encapsulate() (secret, ciphertext []byte) {
	ephemeral, err := p.kem.curve.GenerateKey(rand.Reader)
	if err != nil {
		panic("suite: no randomness")
	}
	classical, err := ephemeral.ECDH(p.classical)
	if err != nil {
		panic("suite: a checked point has low order")
	}
	postQuantum, ciphertext := p.postQuantum.Encapsulate()
	point := ephemeral.PublicKey().Bytes()
	return p.kem.combine(postQuantum, classical, point, p.classical.Bytes()), append(ciphertext, point...)
}

// rawOnly declares that no standard gives the suite's keys another form.
func rawOnly(s Suite) Suite {
	s.Encodings = Encodings{Raw: true, ParseRaw: s.Parse}
	return s
}
