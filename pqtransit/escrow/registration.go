package escrow

import (
	"crypto/sha3"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/palisade-vault/palisade/pqtransit/suite"
)

const registrationFormat = 1

// Registration is what a custodian gives to be registered. The signature proves
// possession of the signing key, and binds both keys to the entity. Possession of
// the encryption key takes an answer to a [Challenge], since a KEM key signs
// nothing.
type Registration struct {
	Format     int       `json:"format"`
	Mount      string    `json:"mount"`
	Entity     string    `json:"entity"`
	Encryption PublicKey `json:"encryption"`
	Signing    PublicKey `json:"signing"`
	Created    time.Time `json:"created"`
	Signature  []byte    `json:"signature"`
}

// Register makes the registration of an identity at a mount.
func (i Identity) Register(mount string) (Registration, error) {
	r := Registration{
		Format: registrationFormat, Mount: mount, Entity: i.Entity, Created: i.Created,
		Encryption: i.Encryption.PublicKey(), Signing: i.Signing.PublicKey(),
	}
	message, err := r.message()
	if err != nil {
		return Registration{}, err
	}
	r.Signature, err = sign(i.Signing.Key, message)
	return r, err
}

// Verify holds that the keys are fit for escrow and that whoever has the signing
// key registered them for that entity at that mount.
func (r Registration) Verify(mount, entity string) error {
	switch {
	case r.Format != registrationFormat:
		return fmt.Errorf("the registration has format %d, this release reads format %d", r.Format, registrationFormat)
	case r.Mount != mount:
		return errors.New("the registration was made for another mount")
	case r.Entity == "" || r.Entity != entity:
		return fmt.Errorf("the registration is of entity %q, not of %q", r.Entity, entity)
	}
	if _, err := r.Encryption.encrypter(); err != nil {
		return err
	}
	message, err := r.message()
	if err != nil {
		return err
	}
	if err := verify(r.Signing, message, r.Signature); err != nil {
		return fmt.Errorf("the registration of entity %s: %w", r.Entity, err)
	}
	return nil
}

func (r Registration) message() ([]byte, error) {
	r.Signature = nil
	encoded, err := json.Marshal(r)
	if err != nil {
		return nil, errors.New("failed to encode the registration")
	}
	return framed("registration", encoded), nil
}

// Challenge proves possession of an encryption key: who can open Sealed can give
// the answer of which Answer is the digest.
type Challenge struct {
	Sealed []byte `json:"sealed"`
	Answer []byte `json:"answer"`
}

// NewChallenge seals 32 random bytes to a registration's encryption key.
func NewChallenge(r Registration, random io.Reader) (Challenge, error) {
	answer := make([]byte, packageKeySize)
	if _, err := io.ReadFull(random, answer); err != nil {
		return Challenge{}, errRandom
	}
	encrypter, err := r.Encryption.encrypter()
	if err != nil {
		return Challenge{}, err
	}
	sealed, err := encrypter.Seal(suite.Params{Context: challengeInfo(r.Mount, r.Entity)}, answer)
	if err != nil {
		return Challenge{}, err
	}
	return Challenge{Sealed: sealed, Answer: answerDigest(answer)}, nil
}

// Answer opens a challenge on the custodian's machine.
func (i Identity) Answer(mount string, sealed []byte) ([]byte, error) {
	encrypter, ok := i.Encryption.Key.(suite.Encrypter)
	if !ok {
		return nil, fmt.Errorf("a key of type %s opens no challenges", i.Encryption.Suite.Name)
	}
	answer, err := encrypter.Open(suite.Params{Context: challengeInfo(mount, i.Entity)}, sealed)
	if err != nil {
		return nil, errors.New("the challenge does not open: it is for another key, mount or entity")
	}
	return answer, nil
}

// Accepts compares in constant time.
func (c Challenge) Accepts(answer []byte) bool {
	return subtle.ConstantTimeCompare(c.Answer, answerDigest(answer)) == 1
}

func challengeInfo(mount, entity string) []byte {
	return framed("challenge", []byte(mount), []byte(entity))
}

func answerDigest(answer []byte) []byte {
	digest := sha3.Sum256(framed("answer", answer))
	return digest[:]
}
