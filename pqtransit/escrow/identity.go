package escrow

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"golang.org/x/crypto/argon2"

	"github.com/palisade-vault/palisade/pqtransit/suite"
)

const identityFormat = 1

// Identity is the keys of one person, on that person's own machine: a
// custodian's, a requester's, or those of a recipient, who needs no signing.
type Identity struct {
	// Entity is the id of the person's entity in Vault.
	Entity     string
	Encryption Pair
	Signing    Pair
	Created    time.Time
}

// Pair is a key with its private half, and its suite.
type Pair struct {
	Suite *suite.Suite
	Key   suite.Key
}

// PublicKey is the pair's public half.
func (p Pair) PublicKey() PublicKey { return PublicKeyOf(p.Suite, p.Key) }

// NewIdentity makes both key pairs. Encryption is one of EncryptionSuites, signing
// one of SignatureSuites.
func NewIdentity(entity, encryption, signing string, now time.Time) (Identity, error) {
	made := Identity{Entity: entity, Created: now.UTC().Truncate(time.Second)}
	var err error
	if made.Encryption, err = newPair(encryption, EncryptionSuites()); err != nil {
		return Identity{}, err
	}
	made.Signing, err = newPair(signing, SignatureSuites())
	return made, err
}

func newPair(name string, choice []*suite.Suite) (Pair, error) {
	for _, s := range choice {
		if s.Name == name {
			key, err := s.Generate()
			return Pair{Suite: s, Key: key}, err
		}
	}
	return Pair{}, fmt.Errorf("type %q cannot be chosen here, use one of %s", name, names(choice))
}

// identityFile is an identity at rest. docs/formats.md draws it.
type identityFile struct {
	Format     int       `json:"format"`
	Entity     string    `json:"entity"`
	Encryption PublicKey `json:"encryption"`
	Signing    PublicKey `json:"signing"`
	Created    time.Time `json:"created"`
	Passphrase argon2id  `json:"argon2id"`
	// Sealed is identitySeeds: nonce, ciphertext and tag of AES-256-GCM under
	// the key that the passphrase gives; the other fields are the AAD.
	Sealed []byte `json:"sealed"`
}

// identitySeeds are private keys in their suites' own forms.
type identitySeeds struct {
	Encryption []byte `json:"encryption"`
	Signing    []byte `json:"signing"`
}

// argon2id is how a passphrase becomes a key (RFC 9106).
type argon2id struct {
	Salt      []byte `json:"salt"`
	Passes    uint32 `json:"passes"`
	MemoryKiB uint32 `json:"memory_kib"`
	Lanes     uint8  `json:"lanes"`
}

// The second choice of RFC 9106, section 4, and what a file may ask for at most.
const (
	passes, memoryKiB, lanes = 3, 64 << 10, 4
	maxPasses, maxMemoryKiB  = 64, 2 << 20
)

func (a argon2id) key(passphrase []byte) ([]byte, error) {
	if a.Passes < 1 || a.Passes > maxPasses || a.MemoryKiB > maxMemoryKiB || a.Lanes < 1 || len(a.Salt) < idSize {
		return nil, errors.New("the identity's Argon2id parameters are out of range")
	}
	return argon2.IDKey(passphrase, a.Salt, a.Passes, a.MemoryKiB, a.Lanes, packageKeySize), nil
}

// Seal gives the file's content, which the passphrase alone opens.
func (i Identity) Seal(passphrase []byte, random io.Reader) ([]byte, error) {
	if len(passphrase) == 0 {
		return nil, errors.New("the passphrase is empty")
	}
	file := identityFile{
		Format: identityFormat, Entity: i.Entity, Created: i.Created,
		Encryption: i.Encryption.PublicKey(), Signing: i.Signing.PublicKey(),
		Passphrase: argon2id{Salt: make([]byte, idSize), Passes: passes, MemoryKiB: memoryKiB, Lanes: lanes},
	}
	if _, err := io.ReadFull(random, file.Passphrase.Salt); err != nil {
		return nil, errRandom
	}
	seeds, err := json.Marshal(identitySeeds{Encryption: i.Encryption.Key.Private().Bytes(), Signing: i.Signing.Key.Private().Bytes()})
	if err != nil {
		return nil, errors.New("failed to encode the identity")
	}
	defer clear(seeds)
	if err := file.seal(passphrase, seeds); err != nil {
		return nil, err
	}
	return file.encode()
}

func (f *identityFile) seal(passphrase, seeds []byte) error {
	key, err := f.Passphrase.key(passphrase)
	if err != nil {
		return err
	}
	defer clear(key)
	aead, err := recordAEAD(key)
	if err != nil {
		return err
	}
	binding, err := f.binding()
	if err != nil {
		return err
	}
	f.Sealed = aead.Seal(nil, nil, seeds, binding) //nolint:gosec // the AEAD makes the nonce itself, and takes none
	return nil
}

func (f identityFile) binding() ([]byte, error) {
	f.Sealed = nil
	encoded, err := f.encode()
	return framed("identity", encoded), err
}

func (f identityFile) encode() ([]byte, error) {
	encoded, err := json.Marshal(f)
	if err != nil {
		return nil, errors.New("failed to encode the identity")
	}
	return append(encoded, '\n'), nil
}

// errPassphrase says no more, since which of the two is wrong cannot be known.
var errPassphrase = errors.New("the identity does not open: the passphrase is wrong, or the file was changed")

// OpenIdentity reads what Seal gave.
func OpenIdentity(content, passphrase []byte) (Identity, error) {
	file, err := decodeIdentity(content)
	if err != nil {
		return Identity{}, err
	}
	key, err := file.Passphrase.key(passphrase)
	if err != nil {
		return Identity{}, err
	}
	defer clear(key)
	aead, err := recordAEAD(key)
	if err != nil {
		return Identity{}, err
	}
	binding, err := file.binding()
	if err != nil {
		return Identity{}, err
	}
	encoded, err := aead.Open(nil, nil, file.Sealed, binding)
	if err != nil {
		return Identity{}, errPassphrase
	}
	defer clear(encoded)
	return file.identity(encoded)
}

func decodeIdentity(content []byte) (identityFile, error) {
	var file identityFile
	if err := json.Unmarshal(content, &file); err != nil {
		return identityFile{}, errors.New("the identity is not a JSON object of this form")
	}
	if file.Format != identityFormat {
		return identityFile{}, fmt.Errorf("the identity has format %d, this release reads format %d", file.Format, identityFormat)
	}
	again, err := file.encode()
	if err != nil || !bytes.Equal(bytes.TrimSpace(again), bytes.TrimSpace(content)) {
		return identityFile{}, errors.New("the identity is not in its canonical form")
	}
	return file, nil
}

// identity holds that the private keys are those of the public ones.
func (f identityFile) identity(encoded []byte) (Identity, error) {
	var seeds identitySeeds
	if err := json.Unmarshal(encoded, &seeds); err != nil {
		return Identity{}, errors.New("what the identity seals does not decode")
	}
	defer clear(seeds.Encryption)
	defer clear(seeds.Signing)
	opened := Identity{Entity: f.Entity, Created: f.Created}
	var err error
	if opened.Encryption, err = f.Encryption.pair(seeds.Encryption); err != nil {
		return Identity{}, err
	}
	opened.Signing, err = f.Signing.pair(seeds.Signing)
	return opened, err
}

func (p PublicKey) pair(private []byte) (Pair, error) {
	found, ok := suite.Lookup(p.Suite)
	if !ok {
		return Pair{}, fmt.Errorf("%q is no type of keys", p.Suite)
	}
	key, err := found.Parse(private)
	if err != nil {
		return Pair{}, fmt.Errorf("the %s private key does not parse", p.Suite)
	}
	pair := Pair{Suite: found, Key: key}
	if !pair.PublicKey().Equal(p) {
		return Pair{}, fmt.Errorf("the %s private key is not that of its public key", p.Suite)
	}
	return pair, nil
}
