package escrow

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// The purposes of a release, which a policy allows by name.
const (
	LegalOrder       = "legal-order"
	DisasterRecovery = "disaster-recovery"
	Leaver           = "leaver"
	Drill            = "drill"
)

// Purposes are all that there are.
func Purposes() []string { return []string{LegalOrder, DisasterRecovery, Leaver, Drill} }

// Policy is under which rules keys are escrowed and released.
type Policy struct {
	Name string `json:"name"`
	// Version counts changes, from 1. Requests name the one they were made
	// under.
	Version int `json:"version"`
	// Groups must each have a quorum, Mandatory must each agree.
	Groups []Quorum `json:"groups"`
	// Mandatory are entity ids.
	Mandatory []string `json:"mandatory"`
	// DelaySeconds must pass between a request and its release, VetoSeconds
	// between the quorum and the release; any custodian may veto until then.
	DelaySeconds int64 `json:"delay_seconds"`
	VetoSeconds  int64 `json:"veto_seconds"`
	// Purposes are those that a request may have. None allows none.
	Purposes []string `json:"purposes"`
	// RequestSeconds is how long a request waits for its quorum, ReleaseSeconds
	// how long what was released may be collected; both at least one.
	RequestSeconds int64 `json:"request_seconds"`
	ReleaseSeconds int64 `json:"release_seconds"`
	// SingleRelease lets what was released be collected once.
	SingleRelease bool `json:"single_release"`
	// RequesterMayBeCustodian lets a requester's own approval count.
	RequesterMayBeCustodian bool `json:"requester_may_be_custodian"`
	// SigningKeys escrows keys that sign, too: whoever recovers one can sign in
	// its owner's place (NIST SP 800-57 part 2, non-repudiation).
	SigningKeys bool `json:"signing_keys"`
	// Allowed are the ways out that need no request, by name: see Exits.
	Allowed []string `json:"allowed"`
}

// Quorum is how many members of a group are needed.
type Quorum struct {
	Group     string `json:"group"`
	Threshold int    `json:"threshold"`
}

// Exits are the ways by which key material leaves, or a protected name becomes
// free, past the request flow, where a policy allows it by that name.
func Exits() []string {
	return []string{"export", "backup", "byok-export", "migrate", "delete", "remove-policy"}
}

// maxSeconds is ten years: longer is a slip of the keyboard.
const maxSeconds = 10 * 366 * 24 * 60 * 60

// Check refuses whatever would let a key out more easily than it says.
func (p Policy) Check() error {
	for _, span := range []struct {
		name         string
		value, least int64
	}{
		{"delay_seconds", p.DelaySeconds, 0},
		{"veto_seconds", p.VetoSeconds, 0},
		{"request_seconds", p.RequestSeconds, 1},
		{"release_seconds", p.ReleaseSeconds, 1},
	} {
		if span.value < span.least || span.value > maxSeconds {
			return fmt.Errorf("%s is %d, it must be %d to %d", span.name, span.value, span.least, maxSeconds)
		}
	}
	if len(p.Purposes) == 0 {
		return errors.New("a policy needs at least one purpose, or nothing could ever be released")
	}
	if err := known("purpose", p.Purposes, Purposes()); err != nil {
		return err
	}
	if err := known("exit", p.Allowed, Exits()); err != nil {
		return err
	}
	return p.checkQuorums()
}

func (p Policy) checkQuorums() error {
	needed := len(p.Mandatory)
	var groups []string
	for _, quorum := range p.Groups {
		if quorum.Group == "" || slices.Contains(groups, quorum.Group) {
			return fmt.Errorf("group %q is without a name or there twice", quorum.Group)
		}
		if quorum.Threshold < 1 || quorum.Threshold > maxShares {
			return fmt.Errorf("group %s has threshold %d, it must be 1 to %d", quorum.Group, quorum.Threshold, maxShares)
		}
		groups = append(groups, quorum.Group)
		needed += quorum.Threshold
	}
	if slices.Contains(p.Mandatory, "") || len(slices.Compact(slices.Sorted(slices.Values(p.Mandatory)))) != len(p.Mandatory) {
		return errors.New("a mandatory custodian is without an entity or there twice")
	}
	if needed < 2 {
		return errors.New("one custodian alone could release a key: at least two must be needed")
	}
	return nil
}

// known refuses names that there are not, and names given twice.
func known(what string, given, all []string) error {
	for i, name := range given {
		if !slices.Contains(all, name) {
			return fmt.Errorf("there is no %s %q, only %v", what, name, all)
		}
		if slices.Contains(given[:i], name) {
			return fmt.Errorf("%s %q is there twice", what, name)
		}
	}
	return nil
}

func seconds(n int64) time.Duration { return time.Duration(n) * time.Second }
