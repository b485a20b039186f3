package cryptopolicy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// Violation is one rule of a policy that a suite does not keep.
type Violation struct {
	// Rule is the policy's field, such as forbidden_types.
	Rule string
	// Weak means that the rule is about strength, and not about a list of types.
	Weak bool
	// Text goes on after the name of the suite.
	Text string
}

// Rules is a policy made ready to be asked, without a lock, by many goroutines.
type Rules struct {
	policy     Policy
	violations map[*suite.Suite][]Violation // only those that violate
}

// Compile judges every suite.
func Compile(policy Policy) *Rules {
	rules := &Rules{policy: policy, violations: map[*suite.Suite][]Violation{}}
	for _, s := range suite.All() {
		if found := policy.violations(s); len(found) > 0 {
			rules.violations[s] = found
		}
	}
	return rules
}

func (p Policy) violations(s *suite.Suite) []Violation {
	var found []Violation
	if len(p.Allowed) > 0 && !slices.Contains(p.Allowed, s.Name) {
		found = append(found, Violation{Rule: "allowed_types", Text: "is not one of allowed_types"})
	}
	if slices.Contains(p.Forbidden, s.Name) {
		found = append(found, Violation{Rule: "forbidden_types", Text: "is one of forbidden_types"})
	}
	if category := s.Inventory.SecurityCategory; category < p.MinimumCategory {
		found = append(found, Violation{
			Rule: "minimum_security_category", Weak: true,
			Text: fmt.Sprintf("has security category %d, below the minimum of %d", category, p.MinimumCategory),
		})
	}
	if p.QuantumSafe && !s.QuantumSafe() {
		found = append(found, Violation{Rule: "quantum_safe_required", Weak: true, Text: "is not quantum-safe"})
	}
	return found
}

// Policy is what the rules were made of.
func (r *Rules) Policy() Policy { return r.policy }

// Violations are the rules that a suite does not keep; nil for one that complies.
func (r *Rules) Violations(s *suite.Suite) []Violation { return r.violations[s] }

// Reasons is the violations in one text, empty for none.
func (r *Rules) Reasons(s *suite.Suite) string { return reasons(r.violations[s]) }

// Weakness is Reasons without the lists of types.
func (r *Rules) Weakness(s *suite.Suite) string {
	return reasons(slices.DeleteFunc(slices.Clone(r.violations[s]), func(v Violation) bool { return !v.Weak }))
}

func reasons(violations []Violation) string {
	var texts []string
	for _, violation := range violations {
		texts = append(texts, violation.Text)
	}
	return strings.Join(texts, " and ")
}

// Need is what a key's next algorithm must be able to do.
type Need struct {
	// Purpose is one purpose, or all that must stay.
	Purpose suite.Purpose
	// Derived and Convergent are the key's settings, which never change.
	Derived, Convergent bool
}

// Successor is the suite that keys of another should go to: the policy's own where it names
// one, else the first of the suite's own successors that complies, else any that does. Nil:
// there is none, or there is no reason to go.
func (r *Rules) Successor(from *suite.Suite, need Need) *suite.Suite {
	if from.QuantumSafe() && len(r.Violations(from)) == 0 {
		return nil
	}
	if named := r.Named(from); named != nil && Fits(from, named, need) {
		return named
	}
	for _, name := range from.Inventory.Successors {
		if next, ok := suite.Lookup(name); ok && r.recommends(from, next, need) {
			return next
		}
	}
	return r.searched(from, need)
}

// Named is the policy's own successor, nil where it names none.
func (r *Rules) Named(from *suite.Suite) *suite.Suite {
	next, _ := suite.Lookup(r.policy.Successors[from.Name])
	return next
}

// searched prefers what is built alike, and of that the weakest that is strong enough: it is
// the fastest.
func (r *Rules) searched(from *suite.Suite, need Need) *suite.Suite {
	fit := slices.DeleteFunc(suite.All(), func(next *suite.Suite) bool {
		return next == from || next.Asymmetric != from.Asymmetric || next.Unauthenticated || !r.recommends(from, next, need)
	})
	if len(fit) == 0 {
		return nil
	}
	return slices.MinFunc(fit, func(a, b *suite.Suite) int {
		return cmp.Or(
			cmp.Compare(rank(from, a), rank(from, b)),
			cmp.Compare(a.Inventory.SecurityCategory, b.Inventory.SecurityCategory),
			strings.Compare(a.Name, b.Name))
	})
}

func rank(from, to *suite.Suite) int {
	switch {
	case to.Slow:
		return 2
	case to.Inventory.Primitive != from.Inventory.Primitive:
		return 1
	}
	return 0
}

func (r *Rules) recommends(from, next *suite.Suite, need Need) bool {
	return next.QuantumSafe() && len(r.Violations(next)) == 0 && Fits(from, next, need)
}

// Fits reports whether a key can go from one suite to another and keep what it needs, without
// giving up authenticity.
func Fits(from, next *suite.Suite, need Need) bool {
	serves := next.Purpose.Has(need.Purpose) || (next.Alternative != 0 && next.Alternative == need.Purpose)
	return serves && keepsAuthenticity(from, next) && !need.Convergent && (!need.Derived || next.Derivation)
}
