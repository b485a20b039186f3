// Package cryptopolicy is a mount's policy about algorithms: which types a key may have, and
// what becomes of keys that have another. It is pure: it knows neither Vault nor storage.
package cryptopolicy

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// Existing is what becomes of keys that were there before the policy and violate it.
type Existing string

// What becomes of existing keys. Under none of them does anything stop decrypting,
// verifying or decapsulating.
const (
	// Report only shows them. It is what an empty value means.
	Report Existing = "report"
	// RefuseNewEncryption lets a version that violates make nothing new.
	RefuseNewEncryption Existing = "refuse-new-encryption"
	// AutoRotate gives a key whose latest version violates the next one of the named
	// successor; older versions of a key whose latest complies make nothing new.
	AutoRotate Existing = "auto-rotate"
)

var existings = []Existing{Report, RefuseNewEncryption, AutoRotate}

// Policy is what an operator asks for. The zero value, and only it, lets everything pass.
type Policy struct {
	// Allowed are names of suites, sorted; empty is all of them.
	Allowed []string
	// Forbidden are names of suites, sorted, none of which is in Allowed.
	Forbidden []string
	// MinimumCategory is NIST's security category, 1 to 5; 0 asks for none.
	MinimumCategory int
	// QuantumSafe asks for category 1 or higher.
	QuantumSafe bool
	// Existing is Report where it is empty.
	Existing Existing
	// Successors names for a suite the one that AutoRotate goes to.
	Successors map[string]string
	// NarrowPurpose lets AutoRotate take from a key a purpose that its successor lacks.
	NarrowPurpose bool
}

// New checks a policy as it was asked for. Names may be aliases; in Allowed, Forbidden and the
// left side of Successors the name of a whole type with parameters, such as ml-dsa, stands for
// all its suites. Errors are the caller's fault and say what to change.
func New(asked Policy) (Policy, error) {
	policy, err := asked.expanded()
	if err != nil {
		return Policy{}, err
	}
	if err := policy.checkRules(Compile(policy)); err != nil {
		return Policy{}, err
	}
	return policy, nil
}

// expanded is the policy with every name as it is stored. It holds what a policy must fulfil
// whether it is asked for or read; what a later release thinks of a suite does not come in.
func (p Policy) expanded() (Policy, error) {
	policy := p
	var err error
	if policy.Allowed, err = expand("allowed_types", p.Allowed); err != nil {
		return Policy{}, err
	}
	if policy.Forbidden, err = expand("forbidden_types", p.Forbidden); err != nil {
		return Policy{}, err
	}
	if policy.Successors, err = expandSuccessors(p.Successors); err != nil {
		return Policy{}, err
	}
	if policy.Existing == "" {
		policy.Existing = Report
	}
	return policy, policy.check()
}

func (p Policy) check() error {
	for _, name := range p.Allowed {
		if slices.Contains(p.Forbidden, name) {
			return fmt.Errorf("%s is in allowed_types and in forbidden_types", name)
		}
	}
	switch {
	case p.MinimumCategory < 0 || p.MinimumCategory > 5:
		return fmt.Errorf("minimum_security_category %d is not one of 0 to 5", p.MinimumCategory)
	case !slices.Contains(existings, p.Existing):
		return fmt.Errorf("unknown existing_keys %q: use one of %s", p.Existing, existingNames())
	case p.Existing == AutoRotate && len(p.Successors) == 0:
		return fmt.Errorf("existing_keys=%s needs successors, such as rsa-2048=x25519-mlkem768", AutoRotate)
	}
	return nil
}

// checkRules holds what a policy must fulfil for anybody to want it.
func (p Policy) checkRules(rules *Rules) error {
	if len(rules.violations) == len(suite.All()) {
		return fmt.Errorf("no key type complies with this policy")
	}
	for _, from := range slices.Sorted(maps.Keys(p.Successors)) {
		if err := rules.checkSuccessor(from, p.Successors[from]); err != nil {
			return err
		}
	}
	return nil
}

// checkSuccessor refuses what no key could be rotated to without an operator's explicit word.
func (r *Rules) checkSuccessor(fromName, toName string) error {
	from, known := suite.Lookup(fromName)
	to, toKnown := suite.Lookup(toName)
	switch {
	case !known || from.Name != fromName || !toKnown || to.Name != toName:
		return fmt.Errorf("unknown key type in successors: %s=%s", fromName, toName)
	case from == to:
		return fmt.Errorf("successors: %s is its own successor", fromName)
	case possible(from)&possible(to) == 0:
		return fmt.Errorf("successors: %s cannot follow %s, since they serve different purposes", toName, fromName)
	case !keepsAuthenticity(from, to):
		return fmt.Errorf("successors: %s cannot follow %s, since that gives up authenticity", toName, fromName)
	case len(r.Violations(to)) > 0:
		return fmt.Errorf("successors: %s cannot follow %s: it %s", toName, fromName, r.Violations(to)[0].Text)
	}
	return nil
}

func expand(field string, names []string) ([]string, error) {
	found := []string{}
	for _, name := range names {
		suites := suite.Named(strings.TrimSpace(name))
		if len(suites) == 0 {
			return nil, fmt.Errorf("unknown key type %q in %s", name, field)
		}
		for _, s := range suites {
			found = append(found, s.Name)
		}
	}
	slices.Sort(found)
	return slices.Compact(found), nil
}

func expandSuccessors(asked map[string]string) (map[string]string, error) {
	found := map[string]string{}
	for from, to := range asked {
		sources, err := expand("successors", []string{from})
		if err != nil {
			return nil, err
		}
		next, ok := suite.Lookup(strings.TrimSpace(to))
		if !ok {
			return nil, fmt.Errorf("unknown key type %q in successors: name one type, such as ml-dsa-65", to)
		}
		for _, source := range sources {
			if other, taken := found[source]; taken && other != next.Name {
				return nil, fmt.Errorf("successors: %s has two", source)
			}
			found[source] = next.Name
		}
	}
	return found, nil
}

func existingNames() string {
	var names []string
	for _, e := range existings {
		names = append(names, string(e))
	}
	return strings.Join(names, ", ")
}

// possible is every purpose that keys of an algorithm can have.
func possible(s *suite.Suite) suite.Purpose { return s.Purpose | s.Alternative }

// keepsAuthenticity is false where a rotation wants allow_unauthenticated_encryption.
func keepsAuthenticity(from, to *suite.Suite) bool {
	public := from.Purpose.Has(suite.Encryption) && !from.Asymmetric && to.Asymmetric
	return !public && (from.Unauthenticated || !to.Unauthenticated)
}
