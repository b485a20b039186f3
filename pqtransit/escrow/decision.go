package escrow

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// Verdict is what a custodian says of a request.
type Verdict string

// The verdicts. A denial withholds one share; a veto ends the request.
const (
	Approve Verdict = "approve"
	Deny    Verdict = "deny"
	Veto    Verdict = "veto"
)

const decisionFormat = 1

// Decision is a custodian's signed verdict on one request.
type Decision struct {
	Format int `json:"format"`
	// Request is the digest of what was decided.
	Request   []byte  `json:"request"`
	Custodian string  `json:"custodian"` // entity id
	Verdict   Verdict `json:"verdict"`
	// Shares are, for an approval, the custodian's share of each package, in the
	// request's order, sealed to the recipient.
	Shares []Release `json:"shares"`
	Reason string    `json:"reason"`
	// Signed is the custodian's own clock, for people; it decides nothing.
	Signed    time.Time `json:"signed"`
	Signature []byte    `json:"signature"`
}

// Release is a share sealed to a recipient.
type Release struct {
	Package string   `json:"package"`
	Place   Position `json:"place"`
	// Sealed is HPKE's enc and ciphertext of the share and its salt, with the
	// request's digest in the info.
	Sealed []byte `json:"sealed"`
}

// Sign completes a decision with the custodian's signature over all of it.
func (d Decision) Sign(key suite.Key) (Decision, error) {
	d.Format = decisionFormat
	message, err := d.message()
	if err != nil {
		return Decision{}, err
	}
	d.Signature, err = sign(key, message)
	return d, err
}

// Verify holds that the custodian with that key decided so on that request.
func (d Decision) Verify(key PublicKey) error {
	if d.Format != decisionFormat {
		return fmt.Errorf("the decision has format %d, this release reads format %d", d.Format, decisionFormat)
	}
	message, err := d.message()
	if err != nil {
		return err
	}
	if err := verify(key, message, d.Signature); err != nil {
		return fmt.Errorf("the decision of entity %s: %w", d.Custodian, err)
	}
	return nil
}

func (d Decision) message() ([]byte, error) {
	d.Signature = nil
	encoded, err := json.Marshal(d)
	if err != nil {
		return nil, errors.New("failed to encode the decision")
	}
	return framed("decision", encoded), nil
}

// ReleaseTo seals an opened share to the recipient of a request, on the
// custodian's own machine.
func (s Share) ReleaseTo(recipient PublicKey, requestDigest []byte) (Release, error) {
	encrypter, err := recipient.encrypter()
	if err != nil {
		return Release{}, fmt.Errorf("recipient: %v", err)
	}
	value := s.value.Bytes()
	defer clear(value)
	sealed, err := encrypter.Seal(suite.Params{Context: s.releaseInfo(recipient.ID(), requestDigest)}, value)
	if err != nil {
		return Release{}, fmt.Errorf("recipient: %v", err)
	}
	return Release{Package: s.Package, Place: s.Place, Sealed: sealed}, nil
}

func (s Share) releaseInfo(recipient string, requestDigest []byte) []byte {
	return framed("release", requestDigest, []byte(s.Package), number(s.Epoch), number(s.Place.Part), number(s.Place.Share), []byte(recipient))
}

// OpenRelease opens, with the recipient's private key, what a custodian
// released, and checks it against the custodian's commitment.
func (p *Package) OpenRelease(release Release, requestDigest []byte, s *suite.Suite, private suite.Key) (Share, error) {
	sealed, err := p.at(release.Place)
	if err != nil {
		return Share{}, err
	}
	encrypter, ok := private.(suite.Encrypter)
	if !ok {
		return Share{}, fmt.Errorf("a key of type %s opens no shares", s.Name)
	}
	empty := newShare(p, release.Place, nil)
	value, err := encrypter.Open(suite.Params{Context: empty.releaseInfo(PublicKeyOf(s, private).ID(), requestDigest)}, release.Sealed)
	if err != nil {
		return Share{}, fmt.Errorf("what entity %s released does not open: it is for another request or recipient, or was changed", sealed.Custodian)
	}
	defer clear(value)
	share := newShare(p, release.Place, value)
	return share, p.checkShare(share)
}
