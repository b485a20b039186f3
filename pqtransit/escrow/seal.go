package escrow

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/palisade-vault/palisade/pqtransit/suite"
)

const (
	packageKeySize = 32 // AES-256
	saltSize       = 32
	idSize         = 16
)

// Dealer seals packages and signs them.
type Dealer struct {
	// Suite is one of SignatureSuites, Key a key of it with its private half.
	Suite *suite.Suite
	Key   suite.Key
	// Rand makes identifiers, keys, shares and salts; sealing itself takes the
	// system's source.
	Rand io.Reader
	// Now is the clock.
	Now func() time.Time
}

// PublicKey is what packages are verified with.
func (d Dealer) PublicKey() PublicKey { return PublicKeyOf(d.Suite, d.Key) }

// Seal puts a version's record into escrow. Nothing of the record or of its
// package key is kept. Errors are faults of the arrangement or the dealer's key
// and carry no secret.
func (d Dealer) Seal(subject Subject, epoch int, record suite.Secret, arrangement Arrangement) (*Package, error) {
	if err := arrangement.Check(); err != nil {
		return nil, err
	}
	id, err := d.random(idSize)
	if err != nil {
		return nil, err
	}
	p := &Package{
		Format: packageFormat, ID: hex.EncodeToString(id), Epoch: epoch, Subject: subject,
		Created: d.Now().UTC(), Dealer: d.PublicKey().ID(),
	}
	key, err := d.random(packageKeySize)
	if err != nil {
		return nil, err
	}
	defer clear(key)
	if err := p.sealRecord(key, record); err != nil {
		return nil, err
	}
	if err := d.share(p, key, arrangement); err != nil {
		return nil, err
	}
	return p, d.sign(p)
}

func (p *Package) sealRecord(key []byte, record suite.Secret) error {
	aead, err := recordAEAD(key)
	if err != nil {
		return err
	}
	plaintext := record.Bytes()
	defer clear(plaintext)
	p.Record = aead.Seal(nil, nil, plaintext, p.binding()) //nolint:gosec // the AEAD makes the nonce itself, and takes none
	return nil
}

// recordAEAD puts its random nonce before the ciphertext (SP 800-38D; the key
// serves once).
func recordAEAD(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("failed to make the package's cipher: %v", err)
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// binding is everything that tells this package from another.
func (p *Package) binding() []byte {
	return framed("record", []byte(p.ID), number(p.Epoch), []byte(p.Mount), []byte(p.Key), []byte(p.KeyID),
		number(p.Version), []byte(p.Policy), number(p.PolicyVersion))
}

// share splits the package key into parts, the last of which makes their
// exclusive or the key, and each part into its shares.
func (d Dealer) share(p *Package, key []byte, arrangement Arrangement) error {
	groups := arrangement.parts()
	rest := append([]byte(nil), key...)
	defer clear(rest)
	for i, group := range groups {
		part := rest
		if i < len(groups)-1 {
			random, err := d.random(packageKeySize)
			if err != nil {
				return err
			}
			defer clear(random)
			part = random
			xor(rest, part)
		}
		p.Parts = append(p.Parts, Part{Group: group.Name, Threshold: group.Threshold})
		if err := d.sealPart(p, i, part, group); err != nil {
			return err
		}
	}
	return nil
}

func (d Dealer) sealPart(p *Package, index int, part []byte, group Group) error {
	shares, err := split(part, group.Threshold, len(group.Members), d.Rand)
	if err != nil {
		return errRandom
	}
	for i, custodian := range group.Members {
		salt, err := d.random(saltSize)
		if err != nil {
			return err
		}
		share := newShare(p, Position{Part: index, Share: i}, append(shares[i], salt...))
		sealed, err := share.seal(custodian)
		if err != nil {
			return err
		}
		p.Parts[index].Shares = append(p.Parts[index].Shares, sealed)
	}
	return nil
}

func (d Dealer) sign(p *Package) error {
	message, err := p.message()
	if err != nil {
		return err
	}
	if !signs(d.Suite) {
		return fmt.Errorf("the dealer's key is of type %s, use one of %s", d.Suite.Name, names(SignatureSuites()))
	}
	p.Signature, err = sign(d.Key, message)
	if err != nil {
		return fmt.Errorf("failed to sign the escrow package: %v", err)
	}
	return nil
}

var errRandom = errors.New("the random source failed")

func (d Dealer) random(size int) ([]byte, error) {
	value := make([]byte, size)
	if _, err := io.ReadFull(d.Rand, value); err != nil {
		return nil, errRandom
	}
	return value, nil
}

func xor(into, value []byte) {
	for i := range into {
		into[i] ^= value[i]
	}
}
