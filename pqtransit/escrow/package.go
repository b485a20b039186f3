package escrow

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// packageFormat is the version of the form of a [Package].
const packageFormat = 1

// Subject is what a package holds, and under which rules it was sealed.
type Subject struct {
	// Mount is the mount's own identifier, which lives as long as its storage.
	Mount string `json:"mount"`
	// Key is the key's name, and KeyID what tells it from another key that had
	// or will have that name.
	Key   string `json:"key"`
	KeyID string `json:"key_id"`
	// Version is the key version, from 1.
	Version int `json:"version"`
	// Policy is the escrow policy's name, and PolicyVersion counts its changes
	// from 1.
	Policy        string `json:"policy"`
	PolicyVersion int    `json:"policy_version"`
}

// Package is one version in escrow. docs/formats.md draws its encoding.
type Package struct {
	Format int `json:"format"`
	// ID is 32 random hexadecimal digits.
	ID string `json:"id"`
	// Epoch counts the packages that this version of the key has had, from 1.
	Epoch int `json:"epoch"`
	Subject
	Created time.Time `json:"created"`
	// Record is the version's record under the package key: nonce, ciphertext
	// and tag of AES-256-GCM.
	Record []byte `json:"record"`
	Parts  []Part `json:"parts"`
	// Dealer is the ID of the key that made Signature, over everything else.
	Dealer    string `json:"dealer"`
	Signature []byte `json:"signature"`
}

// Part is a group's or a mandatory custodian's part of the package key.
type Part struct {
	// Group is empty for a mandatory custodian.
	Group     string        `json:"group"`
	Threshold int           `json:"threshold"`
	Shares    []SealedShare `json:"shares"`
}

// SealedShare is a share that its custodian alone can open.
type SealedShare struct {
	Custodian string `json:"custodian"` // entity id
	Key       string `json:"key"`       // ID of the custodian's key
	// Commitment is SHA3-256 over the share and its salt, and where they belong.
	Commitment []byte `json:"commitment"`
	// Sealed is HPKE's enc and ciphertext of the share and its salt.
	Sealed []byte `json:"sealed"`
}

// Position is a share's place: indexes, from 0, into Parts and Shares.
type Position struct {
	Part  int `json:"part"`
	Share int `json:"share"`
}

// Encode is the one form that DecodePackage reads.
func (p *Package) Encode() ([]byte, error) {
	encoded, err := json.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("failed to encode escrow package %s: %v", p.ID, err)
	}
	return encoded, nil
}

// DecodePackage refuses whatever Encode would not itself write. It does not
// check the signature: Verify does.
func DecodePackage(encoded []byte) (*Package, error) {
	var version struct {
		Format int `json:"format"`
	}
	if err := json.Unmarshal(encoded, &version); err != nil {
		return nil, errors.New("the escrow package is not a JSON object")
	}
	if version.Format != packageFormat {
		return nil, fmt.Errorf("the escrow package has format %d, this release reads format %d", version.Format, packageFormat)
	}
	var p Package
	if err := json.Unmarshal(encoded, &p); err != nil {
		return nil, errors.New("the escrow package does not decode")
	}
	again, err := p.Encode()
	if err != nil || !bytes.Equal(again, encoded) {
		return nil, errors.New("the escrow package is not in its canonical form")
	}
	if err := p.check(); err != nil {
		return nil, err
	}
	return &p, nil
}

// check holds what a package's reader relies on before it looks anything up.
func (p *Package) check() error {
	if len(p.Parts) == 0 || len(p.Parts) > maxParts {
		return fmt.Errorf("escrow package %s has %d parts", p.ID, len(p.Parts))
	}
	for _, part := range p.Parts {
		if part.Threshold < 1 || part.Threshold > len(part.Shares) || len(part.Shares) > maxShares {
			return fmt.Errorf("escrow package %s needs %d of %d shares", p.ID, part.Threshold, len(part.Shares))
		}
	}
	return nil
}

// Verify reports whether the dealer signed this package as it is.
func (p *Package) Verify(dealer PublicKey) error {
	if err := p.check(); err != nil {
		return err
	}
	if p.Dealer != dealer.ID() {
		return fmt.Errorf("escrow package %s was signed by dealer key %s, not by %s", p.ID, p.Dealer, dealer.ID())
	}
	message, err := p.message()
	if err != nil {
		return err
	}
	if err := verify(dealer, message, p.Signature); err != nil {
		return fmt.Errorf("escrow package %s: %w", p.ID, err)
	}
	return nil
}

// message is what the dealer signs: everything but the signature.
func (p *Package) message() ([]byte, error) {
	unsigned := *p
	unsigned.Signature = nil
	encoded, err := unsigned.Encode()
	if err != nil {
		return nil, err
	}
	return framed("package", encoded), nil
}

// at is the share in that place.
func (p *Package) at(place Position) (*SealedShare, error) {
	if place.Part < 0 || place.Part >= len(p.Parts) || place.Share < 0 || place.Share >= len(p.Parts[place.Part].Shares) {
		return nil, fmt.Errorf("escrow package %s has no share %d.%d", p.ID, place.Part, place.Share)
	}
	return &p.Parts[place.Part].Shares[place.Share], nil
}

// Find is where the custodian's share lies.
func (p *Package) Find(entity string) (Position, error) {
	for i, part := range p.Parts {
		for j, share := range part.Shares {
			if share.Custodian == entity {
				return Position{Part: i, Share: j}, nil
			}
		}
	}
	return Position{}, fmt.Errorf("escrow package %s has no share of entity %s", p.ID, entity)
}
