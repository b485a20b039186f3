// Package risk turns the findings of the signals into a decision: allow, restrict or deny.
//
// Today hard rules decide: a list that names the source, a device never seen. They need no
// calibration and stay outside of it; the calibrated score of the terms will join them in
// [Decide] as one more opinion, of which the strictest wins. The package is pure.
package risk

import (
	"cmp"
	"slices"
	"strings"

	"github.com/palisade-vault/palisade/threatauth/signal"
)

// Action is what a rule or a decision asks for. Its text is persisted and configured.
type Action string

// The actions, from the mildest to the strictest.
const (
	// Ignore lets a finding stand in the record and do nothing.
	Ignore Action = "ignore"
	// Allow issues the full token.
	Allow Action = "allow"
	// Restrict issues a short token with few policies.
	Restrict Action = "restrict"
	// Deny refuses the login as a wrong password is refused.
	Deny Action = "deny"
)

// strictness orders the actions; an Action that is none of them is the strictest.
var strictness = []Action{Ignore, Allow, Restrict, Deny}

func rank(a Action) int {
	if i := slices.Index(strictness, a); i >= 0 {
		return i
	}
	return len(strictness)
}

// Strictest is the stricter of two actions; an unknown one counts as Deny.
func Strictest(a, b Action) Action {
	if rank(b) > rank(a) {
		a = b
	}
	if rank(a) >= len(strictness) {
		return Deny
	}
	return a
}

// Mode says whether decisions act.
type Mode string

// The modes.
const (
	// Enforce lets decisions act.
	Enforce Mode = "enforce"
	// Shadow records what would have been decided and issues the full token.
	Shadow Mode = "shadow"
)

// Policy is what an operator wants done about findings.
type Policy struct {
	// Rules maps a hard rule to its action: a signal's name, a kind such as "feed", or
	// "<kind>/<name>", which goes before its kind. A rule that is not here denies.
	Rules map[string]Action
	// Fault is the action when a part of the engine failed.
	Fault Action
}

// DefaultRules are the actions that the signals ask for themselves.
func DefaultRules(signals []signal.Signal) map[string]Action {
	rules := map[string]Action{}
	for _, s := range signals {
		for rule, action := range s.Rules {
			rules[rule] = Action(action)
		}
	}
	return rules
}

// ActionNames is the actions as an error text lists them.
func ActionNames() string {
	names := make([]string, len(strictness))
	for i, action := range strictness {
		names[i] = string(action)
	}
	return strings.Join(names, ", ")
}

// Valid reports whether a is one of the actions.
func (a Action) Valid() bool { return slices.Contains(strictness, a) }

// Rule is the action for one hard rule.
func (p Policy) Rule(rule string) Action {
	if action, ok := p.Rules[rule]; ok {
		return action
	}
	kind, _, _ := strings.Cut(rule, "/")
	if action, ok := p.Rules[kind]; ok {
		return action
	}
	return Deny
}

// Decision is the outcome for one login.
type Decision struct {
	// Action is Allow, Restrict or Deny.
	Action Action
	// Score is the sum of the known terms, in nats. It is recorded and decides nothing yet.
	Score float64
	// Findings are all findings, those that matter most first.
	Findings []signal.Finding
	// Faults name the parts of the engine that failed.
	Faults []string
}

// Decide weighs the findings of one login under the policy. faults are the parts of the
// engine that failed: each asks for the policy's fault action, beside what the rest found.
func Decide(p Policy, findings []signal.Finding, faults []string) Decision {
	d := Decision{Action: Allow, Findings: slices.Clone(findings), Faults: faults}
	for _, finding := range findings {
		if finding.Known {
			d.Score += finding.Term
		}
		for _, rule := range finding.Rules {
			d.Action = Strictest(d.Action, p.Rule(rule))
		}
	}
	if len(faults) > 0 {
		d.Action = Strictest(d.Action, p.Fault)
	}
	slices.SortStableFunc(d.Findings, byWeight)
	return d
}

// Fail is the decision after one more part of the engine failed.
func (d Decision) Fail(p Policy, part string) Decision {
	d.Faults = append(slices.Clone(d.Faults), part)
	d.Action = Strictest(d.Action, p.Fault)
	return d
}

// byWeight puts hard rules first, then what speaks most for an attacker, unknowns last.
func byWeight(a, b signal.Finding) int {
	return cmp.Or(
		cmp.Compare(boolRank(len(b.Rules) > 0), boolRank(len(a.Rules) > 0)),
		cmp.Compare(boolRank(b.Known), boolRank(a.Known)),
		cmp.Compare(b.Term, a.Term),
	)
}

func boolRank(b bool) int {
	if b {
		return 1
	}
	return 0
}
