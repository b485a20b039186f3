package escrow

import (
	"crypto/sha3"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/palisade-vault/palisade/pqtransit/suite"
)

const requestFormat = 1

// Request asks for the release of versions of one key to one recipient. What a
// custodian signs is its digest, so nothing of it can change afterwards.
type Request struct {
	Format int    `json:"format"`
	ID     string `json:"id"` // 32 random hexadecimal digits
	Mount  string `json:"mount"`
	Key    string `json:"key"`
	KeyID  string `json:"key_id"`
	// Packages are the packages to release, one a version, by version.
	Packages      []Reference `json:"packages"`
	Policy        string      `json:"policy"`
	PolicyVersion int         `json:"policy_version"`
	Purpose       string      `json:"purpose"`
	Ticket        string      `json:"ticket"`
	Justification string      `json:"justification"`
	// Requester is the entity id of who asks, RequesterKey the ID of the key
	// that signs the request.
	Requester    string `json:"requester"`
	RequesterKey string `json:"requester_key"`
	// Recipient is the key that custodians seal their shares to.
	Recipient PublicKey `json:"recipient"`
	Created   time.Time `json:"created"`
	// Expires is when the request is dead without a quorum, at that very second.
	Expires time.Time `json:"expires"`
}

// Reference names a package and fixes its content.
type Reference struct {
	Version int    `json:"version"`
	ID      string `json:"id"`
	Epoch   int    `json:"epoch"`
	// Digest is SHA3-256 of the package's encoding, in hexadecimal.
	Digest string `json:"digest"`
}

// Reference is how requests name the package.
func (p *Package) Reference() (Reference, error) {
	encoded, err := p.Encode()
	if err != nil {
		return Reference{}, err
	}
	digest := sha3.Sum256(framed("package reference", encoded))
	return Reference{Version: p.Version, ID: p.ID, Epoch: p.Epoch, Digest: hex.EncodeToString(digest[:])}, nil
}

// Check holds a request against the policy in force and the clock.
func (r Request) Check(policy Policy, now time.Time) error {
	switch {
	case r.Format != requestFormat:
		return fmt.Errorf("the request has format %d, this release reads format %d", r.Format, requestFormat)
	case r.Policy != policy.Name || r.PolicyVersion != policy.Version:
		return fmt.Errorf("the request was made under version %d of policy %s, in force is version %d of %s",
			r.PolicyVersion, r.Policy, policy.Version, policy.Name)
	case !slices.Contains(policy.Purposes, r.Purpose):
		return fmt.Errorf("policy %s does not allow the purpose %q, only %s", policy.Name, r.Purpose, strings.Join(policy.Purposes, ", "))
	case r.Requester == "" || r.ID == "" || len(r.Packages) == 0:
		return errors.New("the request needs an id, a requester and at least one version")
	case strings.TrimSpace(r.Justification) == "":
		return errors.New("the request needs a justification")
	case !r.Expires.After(now) || r.Expires.After(r.Created.Add(seconds(policy.RequestSeconds))):
		return fmt.Errorf("the request must expire in the future and within %d seconds of being made", policy.RequestSeconds)
	}
	if _, err := r.Recipient.encrypter(); err != nil {
		return fmt.Errorf("recipient: %v", err)
	}
	return nil
}

// Digest is what everybody signs: SHA3-256 over every field.
func (r Request) Digest() ([]byte, error) {
	encoded, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("failed to encode request %s: %v", r.ID, err)
	}
	digest := sha3.Sum256(framed("request", encoded))
	return digest[:], nil
}

// Sign is the requester's signature.
func (r Request) Sign(key suite.Key) ([]byte, error) {
	digest, err := r.Digest()
	if err != nil {
		return nil, err
	}
	return sign(key, framed("requester", digest))
}

// VerifySignature holds that the holder of that key made the request.
func (r Request) VerifySignature(key PublicKey, signature []byte) error {
	digest, err := r.Digest()
	if err != nil {
		return err
	}
	if r.RequesterKey != key.ID() {
		return fmt.Errorf("the request names key %s, registered is %s", r.RequesterKey, key.ID())
	}
	if err := verify(key, framed("requester", digest), signature); err != nil {
		return fmt.Errorf("the request: %w", err)
	}
	return nil
}

// Summary is what a custodian reads before signing, in plain words.
func (r Request) Summary() string {
	var versions []string
	for _, reference := range r.Packages {
		versions = append(versions, fmt.Sprint(reference.Version))
	}
	return fmt.Sprintf(`Release of key %s, version %s, of mount %s
to the %s key with fingerprint
  %s
Whoever holds that key can read everything this key ever encrypted.
Purpose:       %s
Ticket:        %s
Justification: %s
Asked for by:  entity %s
Made:          %s
Expires:       %s
Policy:        %s, version %d
`, r.Key, strings.Join(versions, ", "), r.Mount, r.Recipient.Suite, r.Recipient.ID(), r.Purpose, printable(r.Ticket), printable(r.Justification),
		r.Requester, r.Created.Format(time.RFC3339), r.Expires.Format(time.RFC3339), r.Policy, r.PolicyVersion)
}

// printable keeps a requester's text from writing lines of its own.
func printable(text string) string { return strings.Trim(fmt.Sprintf("%q", text), `"`) }
