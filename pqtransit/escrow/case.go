package escrow

import (
	"bytes"
	"errors"
	"fmt"
	"time"
)

// State is where a request stands.
type State string

// The states. Pending waits for a quorum, Waiting for the delay and the veto
// window, Ready to be collected; the others are final.
const (
	Pending   State = "pending"
	Waiting   State = "waiting"
	Ready     State = "ready"
	Collected State = "collected"
	Denied    State = "denied"
	Vetoed    State = "vetoed"
	Expired   State = "expired"
	Void      State = "void" // the policy, the key or a package changed
)

// Case is a request with what became of it. It is a value: each event gives the
// next one, and the caller stores it.
type Case struct {
	Request Request `json:"request"`
	// Signature is the requester's.
	Signature []byte     `json:"signature"`
	Decisions []Recorded `json:"decisions"`
	// CollectedAt and VoidedAt are zero until then.
	CollectedAt time.Time `json:"collected_at"`
	VoidedAt    time.Time `json:"voided_at"`
	// Latest is the latest time that any event was recorded at: a clock that
	// goes back neither revives nor delays a request.
	Latest time.Time `json:"latest"`
}

// Recorded is a decision with the time at which it was taken in.
type Recorded struct {
	Decision Decision  `json:"decision"`
	At       time.Time `json:"at"`
}

// Rules are what a case is judged by, as they are now.
type Rules struct {
	Policy Policy
	// Packages are those that the request refers to, in its order.
	Packages []*Package
}

// Open begins a case. The caller has verified the requester's signature.
func Open(request Request, signature []byte, policy Policy, now time.Time) (Case, error) {
	if err := request.Check(policy, now); err != nil {
		return Case{}, err
	}
	return Case{Request: request, Signature: signature, Latest: now}, nil
}

// at is now, or the latest time seen where the clock went back.
func (c Case) at(now time.Time) time.Time {
	if now.Before(c.Latest) {
		return c.Latest
	}
	return now
}

// State is where the case stands at a time.
func (c Case) State(rules Rules, now time.Time) State {
	switch {
	case !c.VoidedAt.IsZero() || !c.fits(rules):
		return Void
	case c.has(Veto):
		return Vetoed
	case !c.CollectedAt.IsZero() && rules.Policy.SingleRelease:
		return Collected
	}
	return c.standing(rules, c.at(now))
}

// standing is the state of a case that nobody and nothing has ended.
func (c Case) standing(rules Rules, now time.Time) State {
	quorum, reached := c.quorum(rules)
	if !reached {
		switch {
		case !c.possible(rules):
			return Denied
		case !now.Before(c.Request.Expires):
			return Expired
		}
		return Pending
	}
	ready := c.readyAt(rules.Policy, quorum)
	switch {
	case now.Before(ready):
		return Waiting
	case !now.Before(ready.Add(seconds(rules.Policy.ReleaseSeconds))):
		return Expired
	}
	return Ready
}

// fits reports whether the rules are still those of the request.
func (c Case) fits(rules Rules) bool {
	r := c.Request
	if r.Policy != rules.Policy.Name || r.PolicyVersion != rules.Policy.Version || len(rules.Packages) != len(r.Packages) {
		return false
	}
	for i, p := range rules.Packages {
		if p == nil || p.Mount != r.Mount || p.Key != r.Key || p.KeyID != r.KeyID {
			return false
		}
		reference, err := p.Reference()
		if err != nil || reference != r.Packages[i] {
			return false
		}
	}
	return true
}

func (c Case) has(verdict Verdict) bool {
	for _, recorded := range c.Decisions {
		if recorded.Decision.Verdict == verdict {
			return true
		}
	}
	return false
}

// readyAt is when what the quorum released may be collected.
func (c Case) readyAt(policy Policy, quorum time.Time) time.Time {
	delayed := c.Request.Created.Add(seconds(policy.DelaySeconds))
	if unvetoed := quorum.Add(seconds(policy.VetoSeconds)); unvetoed.After(delayed) {
		return unvetoed
	}
	return delayed
}

// Decide records a custodian's decision, which the caller has verified with the
// key that is registered for its entity. A custodian decides once, but may veto
// after an approval.
func (c Case) Decide(decision Decision, rules Rules, now time.Time) (Case, error) {
	now = c.at(now)
	switch state := c.State(rules, now); {
	case state != Pending && state != Waiting:
		return c, fmt.Errorf("request %s is %s", c.Request.ID, state)
	case state == Waiting && decision.Verdict != Veto:
		return c, fmt.Errorf("request %s has its quorum: it can only be vetoed", c.Request.ID)
	}
	if err := c.admits(decision, rules); err != nil {
		return c, err
	}
	c.Decisions = append(append([]Recorded(nil), c.Decisions...), Recorded{Decision: decision, At: now})
	c.Latest = now
	return c, nil
}

// admits refuses decisions on something else, of somebody else, and second ones.
func (c Case) admits(decision Decision, rules Rules) error {
	digest, err := c.Request.Digest()
	switch {
	case err != nil:
		return err
	case !bytes.Equal(decision.Request, digest):
		return fmt.Errorf("the decision of entity %s is on another request", decision.Custodian)
	case decision.Custodian == c.Request.Requester && !rules.Policy.RequesterMayBeCustodian && decision.Verdict == Approve:
		return errors.New("nobody approves their own request")
	case decision.Verdict != Approve && decision.Verdict != Deny && decision.Verdict != Veto:
		return fmt.Errorf("there is no verdict %q", decision.Verdict)
	}
	for _, recorded := range c.Decisions {
		if recorded.Decision.Custodian == decision.Custodian && decision.Verdict != Veto {
			return fmt.Errorf("entity %s has decided already", decision.Custodian)
		}
	}
	return c.admitsShares(decision, rules)
}

// admitsShares holds that an approval brings the custodian's share of every
// package, and that other verdicts bring none. Whether a share is right only
// its recipient can tell.
func (c Case) admitsShares(decision Decision, rules Rules) error {
	want := len(rules.Packages)
	if decision.Verdict != Approve {
		want = 0
	}
	if len(decision.Shares) != want {
		return fmt.Errorf("the decision of entity %s has %d shares, not %d", decision.Custodian, len(decision.Shares), want)
	}
	for i, p := range rules.Packages {
		place, err := p.Find(decision.Custodian)
		if err != nil {
			return err
		}
		if want > 0 && (decision.Shares[i].Package != p.ID || decision.Shares[i].Place != place) {
			return fmt.Errorf("share %d of entity %s is not its share of escrow package %s", i, decision.Custodian, p.ID)
		}
	}
	return nil
}

// Void ends a case because what it was made under has changed.
func (c Case) Void(now time.Time) Case {
	if c.VoidedAt.IsZero() {
		c.VoidedAt = c.at(now)
		c.Latest = c.VoidedAt
	}
	return c
}

// Collect gives what was released to the recipient, once where the policy says
// so.
func (c Case) Collect(rules Rules, now time.Time) (Case, []Decision, error) {
	now = c.at(now)
	if state := c.State(rules, now); state != Ready {
		return c, nil, fmt.Errorf("request %s is %s, nothing can be collected", c.Request.ID, state)
	}
	var released []Decision
	for _, recorded := range c.Decisions {
		if recorded.Decision.Verdict == Approve {
			released = append(released, recorded.Decision)
		}
	}
	c.CollectedAt, c.Latest = now, now
	return c, released, nil
}
