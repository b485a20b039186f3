package escrow_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/palisade-vault/palisade/pqtransit/escrow"
	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// ceremony is everything of one request: a package of pool[:5], 3 of 5, and pool[5].
type ceremony struct {
	rules     escrow.Rules
	request   escrow.Request
	recipient owner
	signer    suite.Key // signs for everybody: who registered which key is not this package's
	public    escrow.PublicKey
}

func newCeremony(t *testing.T) ceremony {
	t.Helper()
	dealer := newDealer(t)
	p := seal(t, dealer, threeOfFive())
	reference, err := p.Reference()
	if err != nil {
		t.Fatal(err)
	}
	found, signer := newKey(t, "ml-dsa-65")
	public := escrow.PublicKeyOf(found, signer)
	policy := escrow.Policy{
		Name: "default", Version: 1,
		Groups: []escrow.Quorum{{Group: "ops", Threshold: 3}}, Mandatory: []string{"entity-5"},
		DelaySeconds: 60, VetoSeconds: 30, RequestSeconds: 3600, ReleaseSeconds: 600,
		Purposes: []string{escrow.Drill}, SingleRelease: true,
	}
	if err := policy.Check(); err != nil {
		t.Fatal(err)
	}
	request := escrow.Request{
		Format: 1, ID: "r", Mount: p.Mount, Key: p.Key, KeyID: p.KeyID, Packages: []escrow.Reference{reference},
		Policy: policy.Name, PolicyVersion: policy.Version, Purpose: escrow.Drill, Justification: "yearly drill",
		Requester: "requester", RequesterKey: public.ID(), Recipient: pool[10].Encryption,
		Created: now, Expires: now.Add(time.Hour),
	}
	return ceremony{
		rules: escrow.Rules{Policy: policy, Packages: []*escrow.Package{p}}, request: request,
		recipient: pool[10], signer: signer, public: public,
	}
}

func (c ceremony) open(t *testing.T) escrow.Case {
	t.Helper()
	signature, err := c.request.Sign(c.signer)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.request.VerifySignature(c.public, signature); err != nil {
		t.Fatal(err)
	}
	opened, err := escrow.Open(c.request, signature, c.rules.Policy, now)
	if err != nil {
		t.Fatal(err)
	}
	return opened
}

// decide is the work of one custodian on its own machine.
func (c ceremony) decide(t fatal, custodian owner, verdict escrow.Verdict) escrow.Decision {
	t.Helper()
	digest, err := c.request.Digest()
	if err != nil {
		t.Fatal(err)
	}
	decision := escrow.Decision{Request: digest, Custodian: custodian.Entity, Verdict: verdict, Signed: now}
	if verdict == escrow.Approve {
		for _, p := range c.rules.Packages {
			release, err := open(t, p, []owner{custodian})[custodian.Entity].ReleaseTo(c.request.Recipient, digest)
			if err != nil {
				t.Fatal(err)
			}
			decision.Shares = append(decision.Shares, release)
		}
	}
	signed, err := decision.Sign(c.signer)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

// recover is the work of the recipient.
func (c ceremony) recover(t *testing.T, decisions []escrow.Decision) (suite.Secret, error) {
	t.Helper()
	digest, err := c.request.Digest()
	if err != nil {
		t.Fatal(err)
	}
	p := c.rules.Packages[0]
	var shares []escrow.Share
	for _, decision := range decisions {
		share, err := p.OpenRelease(decision.Shares[0], digest, c.recipient.suite, c.recipient.key)
		if err != nil {
			return suite.Secret{}, err
		}
		shares = append(shares, share)
	}
	return p.Recover(shares)
}

func must(t *testing.T, c escrow.Case, err error) escrow.Case {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestQuorumReleasesToTheRecipientAlone(t *testing.T) {
	c := newCeremony(t)
	state := c.open(t)
	for _, i := range []int{0, 2, 5, 4} {
		decision := c.decide(t, pool[i], escrow.Approve)
		if err := decision.Verify(c.public); err != nil {
			t.Fatal(err)
		}
		next, err := state.Decide(decision, c.rules, now.Add(10*time.Second))
		state = must(t, next, err)
	}
	if got := state.State(c.rules, now.Add(59*time.Second)); got != escrow.Waiting {
		t.Fatalf("within the delay it is %s", got)
	}
	if _, _, err := state.Collect(c.rules, now.Add(59*time.Second)); err == nil {
		t.Fatal("collected within the delay")
	}
	state, released, err := state.Collect(c.rules, now.Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	record, err := c.recover(t, released)
	if err != nil || !record.Equal(suite.NewSecret([]byte("the record"))) {
		t.Fatalf("the recipient recovers nothing: %v", err)
	}
	if _, _, err := state.Collect(c.rules, now.Add(time.Minute)); err == nil || !strings.Contains(err.Error(), "collected") {
		t.Fatalf("collected twice: %v", err)
	}
	c.recipient = pool[11]
	if _, err := c.recover(t, released); err == nil {
		t.Fatal("another recipient opens what was released")
	}
}

func TestDecisionsThatDoNotCount(t *testing.T) {
	c := newCeremony(t)
	approved, err := c.open(t).Decide(c.decide(t, pool[0], escrow.Approve), c.rules, now)
	if err != nil {
		t.Fatal(err)
	}
	other := c
	other.request.ID = "another"
	swapped := c.decide(t, pool[1], escrow.Approve)
	swapped.Shares[0].Place = escrow.Position{Part: 0, Share: 2}
	none := c.decide(t, pool[1], escrow.Approve)
	none.Shares = nil
	own := c
	own.request.Requester = pool[1].Entity
	ownCase, err := escrow.Open(own.request, nil, own.rules.Policy, now)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, want string
		state      escrow.Case
		decision   escrow.Decision
	}{
		{"replayed", "decided already", approved, c.decide(t, pool[0], escrow.Approve)},
		{"denied after approving", "decided already", approved, c.decide(t, pool[0], escrow.Deny)},
		{"on another request", "another request", approved, other.decide(t, pool[1], escrow.Approve)},
		{"of one's own request", "their own request", ownCase, own.decide(t, pool[1], escrow.Approve)},
		{"of a stranger", "no share of entity stranger", approved, func() escrow.Decision {
			stranger := c.decide(t, pool[1], escrow.Approve)
			stranger.Custodian = "stranger"
			return stranger
		}()},
		{"with another's share", "not its share", approved, swapped},
		{"without a share", "has 0 shares", approved, none},
		{"without a verdict", "no verdict", approved, escrow.Decision{Request: none.Request, Custodian: pool[1].Entity}},
	} {
		t.Run(test.name, func(t *testing.T) {
			after, err := test.state.Decide(test.decision, c.rules, now)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("got %v, want an error with %q", err, test.want)
			}
			if len(after.Decisions) != len(test.state.Decisions) {
				t.Fatal("it was recorded all the same")
			}
		})
	}
}

func TestForgedSignaturesAreRefused(t *testing.T) {
	c := newCeremony(t)
	decision := c.decide(t, pool[0], escrow.Deny)
	_, another := newKey(t, "ml-dsa-65")
	forged, err := decision.Sign(another)
	if err != nil {
		t.Fatal(err)
	}
	changed := decision
	changed.Verdict = escrow.Veto
	renamed := decision
	renamed.Custodian = pool[1].Entity
	for name, decision := range map[string]escrow.Decision{"another key": forged, "changed": changed, "renamed": renamed} {
		if err := decision.Verify(c.public); !errors.Is(err, escrow.ErrSignature) {
			t.Errorf("%s: %v", name, err)
		}
	}
	signature, err := c.request.Sign(c.signer)
	if err != nil {
		t.Fatal(err)
	}
	c.request.Recipient = pool[11].Encryption
	if err := c.request.VerifySignature(c.public, signature); !errors.Is(err, escrow.ErrSignature) {
		t.Errorf("the recipient was swapped after signing: %v", err)
	}
}

func TestRequestsThatThePolicyDoesNotAllow(t *testing.T) {
	c := newCeremony(t)
	for _, test := range []struct {
		name, want string
		change     func(*escrow.Request)
	}{
		{"purpose", "does not allow the purpose", func(r *escrow.Request) { r.Purpose = escrow.Leaver }},
		{"no justification", "justification", func(r *escrow.Request) { r.Justification = " " }},
		{"no versions", "at least one version", func(r *escrow.Request) { r.Packages = nil }},
		{"too long", "must expire", func(r *escrow.Request) { r.Expires = now.Add(time.Hour + time.Second) }},
		{"expired", "must expire", func(r *escrow.Request) { r.Expires = now }},
		{"older policy", "in force is version 1", func(r *escrow.Request) { r.PolicyVersion = 0 }},
		{"another policy", "in force", func(r *escrow.Request) { r.Policy = "weak" }},
		{"classical recipient", "recipient", func(r *escrow.Request) { r.Recipient = c.public }},
		{"format", "format 2", func(r *escrow.Request) { r.Format = 2 }},
	} {
		t.Run(test.name, func(t *testing.T) {
			request := c.request
			test.change(&request)
			if _, err := escrow.Open(request, nil, c.rules.Policy, now); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("got %v, want an error with %q", err, test.want)
			}
		})
	}
}

// model is the state machine told again in its own words, event by event.
type model struct {
	approvals, refusals map[string]bool
	quorumAt            time.Time
	vetoed, collected   bool
}

func (m model) quorum() bool {
	members := 0
	for i := range 5 {
		if m.approvals[pool[i].Entity] {
			members++
		}
	}
	return members >= 3 && m.approvals[pool[5].Entity]
}

func (m model) possible() bool {
	refused := 0
	for i := range 5 {
		if m.refusals[pool[i].Entity] {
			refused++
		}
	}
	return refused <= 2 && !m.refusals[pool[5].Entity]
}

func (m model) state(at time.Time) escrow.State {
	ready := now.Add(time.Minute)
	if veto := m.quorumAt.Add(30 * time.Second); veto.After(ready) {
		ready = veto
	}
	switch {
	case m.vetoed:
		return escrow.Vetoed
	case m.collected:
		return escrow.Collected
	case !m.quorum() && !m.possible():
		return escrow.Denied
	case !m.quorum() && !at.Before(now.Add(time.Hour)):
		return escrow.Expired
	case !m.quorum():
		return escrow.Pending
	case at.Before(ready):
		return escrow.Waiting
	case !at.Before(ready.Add(10 * time.Minute)):
		return escrow.Expired
	}
	return escrow.Ready
}

// Decisions of everybody in any order, and a clock that also goes back: the case is always
// where the model is, and nothing is collected but when ready.
func TestCaseFollowsItsModel(t *testing.T) {
	c := newCeremony(t)
	begun := c.open(t)
	decisions := map[string]escrow.Decision{}
	for _, custodian := range pool[:6] {
		for _, verdict := range []escrow.Verdict{escrow.Approve, escrow.Deny, escrow.Veto} {
			decisions[custodian.Entity+string(verdict)] = c.decide(t, custodian, verdict)
		}
	}
	seen := map[escrow.State]int{}
	rapid.Check(t, func(t *rapid.T) {
		state, m := begun, model{approvals: map[string]bool{}, refusals: map[string]bool{}}
		clock, latest := now, now
		for range rapid.IntRange(1, 14).Draw(t, "events") {
			step := rapid.SampledFrom([]int{-90, -1, 0, 0, 0, 1, 29, 30, 59, 60, 599, 600, 3599, 3600}).Draw(t, "seconds")
			clock = clock.Add(time.Duration(step) * time.Second)
			at := clock
			if at.Before(latest) {
				at = latest
			}
			before := m.state(at)
			if got := state.State(c.rules, clock); got != before {
				t.Fatalf("the case is %s, the model %s", got, before)
			}
			seen[before]++
			if rapid.IntRange(0, 4).Draw(t, "collect") == 0 {
				next, released, err := state.Collect(c.rules, clock)
				if (err == nil) != (before == escrow.Ready) || (err == nil) != (len(released) > 0) {
					t.Fatalf("collecting when %s: %v", before, err)
				}
				if err == nil {
					state, latest, m.collected = next, at, true
				}
				continue
			}
			entity := rapid.SampledFrom(pool[:6]).Draw(t, "custodian").Entity
			verdict := rapid.SampledFrom([]escrow.Verdict{escrow.Approve, escrow.Approve, escrow.Approve, escrow.Deny, escrow.Veto}).Draw(t, "verdict")
			decided := m.approvals[entity] || m.refusals[entity]
			allowed := (before == escrow.Pending && (!decided || verdict == escrow.Veto)) || (before == escrow.Waiting && verdict == escrow.Veto)
			next, err := state.Decide(decisions[entity+string(verdict)], c.rules, clock)
			if (err == nil) != allowed {
				t.Fatalf("%s of %s when %s: %v", verdict, entity, before, err)
			}
			if err != nil {
				continue
			}
			state, latest = next, at
			switch verdict {
			case escrow.Approve:
				m.approvals[entity] = true
				if m.quorum() {
					m.quorumAt = at
				}
			case escrow.Deny:
				m.refusals[entity] = true
			case escrow.Veto:
				m.vetoed = true
			}
		}
	})
	for _, state := range []escrow.State{escrow.Pending, escrow.Waiting, escrow.Vetoed, escrow.Denied, escrow.Expired} {
		if seen[state] == 0 && !testing.Short() { // which draws fewer runs
			t.Errorf("no run came to %s: %v", state, seen)
		}
	}
}

func TestChangesVoidWhatWasRequested(t *testing.T) {
	c := newCeremony(t)
	state := c.open(t)
	for _, i := range []int{0, 1, 2, 5} {
		next, err := state.Decide(c.decide(t, pool[i], escrow.Approve), c.rules, now)
		state = must(t, next, err)
	}
	later := now.Add(2 * time.Minute)
	if got := state.State(c.rules, later); got != escrow.Ready {
		t.Fatalf("it is %s before anything changed", got)
	}
	policy := c.rules
	policy.Policy.Version++
	refreshed := c.rules
	refreshed.Packages = []*escrow.Package{seal(t, newDealer(t), threeOfFive())}
	recreated := *c.rules.Packages[0]
	recreated.KeyID = "a key of the same name"
	for name, rules := range map[string]escrow.Rules{
		"the policy changed":     policy,
		"the share was renewed":  refreshed,
		"the key was recreated":  {Policy: c.rules.Policy, Packages: []*escrow.Package{&recreated}},
		"the package is missing": {Policy: c.rules.Policy, Packages: []*escrow.Package{nil}},
		"all packages are":       {Policy: c.rules.Policy},
	} {
		if got := state.State(rules, later); got != escrow.Void {
			t.Errorf("%s: the case is %s", name, got)
		}
		if _, _, err := state.Collect(rules, later); err == nil {
			t.Errorf("%s: collected", name)
		}
	}
	if got := state.Void(later).State(c.rules, later); got != escrow.Void {
		t.Errorf("a voided case is %s", got)
	}
}
