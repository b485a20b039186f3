package escrow

import (
	"crypto/sha3"
	"crypto/subtle"
	"errors"
	"fmt"

	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// shareSize is a share with its salt.
const shareSize = packageKeySize + saltSize

// Share is an opened share. It belongs to one place in one package.
type Share struct {
	Package string
	Epoch   int
	Place   Position
	// value is the share and its salt.
	value suite.Secret
}

func newShare(p *Package, place Position, value []byte) Share {
	return Share{Package: p.ID, Epoch: p.Epoch, Place: place, value: suite.NewSecret(value)}
}

// commitment hides the share, by its salt, and binds it to its place.
func (s Share) commitment() []byte {
	value := s.value.Bytes()
	defer clear(value)
	digest := sha3.Sum256(framed("commitment", []byte(s.Package), number(s.Epoch), number(s.Place.Part), number(s.Place.Share), value))
	return digest[:]
}

// info is HPKE's: whom the share is for, and where it belongs.
func (s Share) info(key string) []byte {
	return framed("share", []byte(s.Package), number(s.Epoch), number(s.Place.Part), number(s.Place.Share), []byte(key))
}

func (s Share) seal(to Custodian) (SealedShare, error) {
	encrypter, err := to.Encryption.encrypter()
	if err != nil {
		return SealedShare{}, fmt.Errorf("custodian %s: %v", to.Entity, err)
	}
	key, value := to.Encryption.ID(), s.value.Bytes()
	defer clear(value)
	sealed, err := encrypter.Seal(suite.Params{Context: s.info(key)}, value)
	if err != nil {
		return SealedShare{}, fmt.Errorf("custodian %s: %v", to.Entity, err)
	}
	return SealedShare{Custodian: to.Entity, Key: key, Commitment: s.commitment(), Sealed: sealed}, nil
}

// OpenShare opens the share in that place with its custodian's private key and
// checks it against its commitment, which its holder can do without anybody
// else. Verify the package first: a commitment is worth its signature.
func (p *Package) OpenShare(place Position, s *suite.Suite, private suite.Key) (Share, error) {
	sealed, err := p.at(place)
	if err != nil {
		return Share{}, err
	}
	if id := PublicKeyOf(s, private).ID(); id != sealed.Key {
		return Share{}, fmt.Errorf("the share of entity %s is sealed to key %s, not to %s", sealed.Custodian, sealed.Key, id)
	}
	encrypter, ok := private.(suite.Encrypter)
	if !ok {
		return Share{}, fmt.Errorf("a key of type %s opens no shares", s.Name)
	}
	value, err := encrypter.Open(suite.Params{Context: newShare(p, place, nil).info(sealed.Key)}, sealed.Sealed)
	if err != nil {
		return Share{}, fmt.Errorf("the share of entity %s does not open: it was changed, or is of another package", sealed.Custodian)
	}
	defer clear(value)
	share := newShare(p, place, value)
	return share, p.checkShare(share)
}

// ErrBadShare is in the errors of shares that are not what the dealer committed
// to.
var ErrBadShare = errors.New("not the share that the dealer committed to")

// checkShare names the custodian whose share is wrong.
func (p *Package) checkShare(share Share) error {
	sealed, err := p.at(share.Place)
	if err != nil {
		return err
	}
	fits := share.Package == p.ID && share.Epoch == p.Epoch && len(share.value.Bytes()) == shareSize
	if !fits || subtle.ConstantTimeCompare(share.commitment(), sealed.Commitment) != 1 {
		return fmt.Errorf("the share of entity %s in escrow package %s: %w", sealed.Custodian, p.ID, ErrBadShare)
	}
	return nil
}
