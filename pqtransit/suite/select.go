package suite

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Selector is how Vault's API names a suite: the fields `type`,
// `parameter_set`, `hybrid_key_type_pqc` and `hybrid_key_type_ec`, empty where
// the type has no such field. Parameter sets are lower case.
type Selector struct {
	Type         string
	ParameterSet string
	HybridPQC    string
	HybridEC     string
}

// Select finds the suite that Vault's API asks for. A type that has no
// parameters ignores them, as transit does; otherwise a name, an alias and a
// type with its parameters are accepted, parameter sets in any case. Errors
// are the caller's input and say what there is.
func Select(wanted Selector) (*Suite, error) {
	wanted.ParameterSet = strings.ToLower(wanted.ParameterSet)
	ofType := slices.DeleteFunc(All(), func(s *Suite) bool { return s.Selector.Type != wanted.Type })
	if wanted.Type == "" || len(ofType) == 0 {
		if s, ok := Lookup(wanted.Type); ok {
			return s, nil
		}
		return nil, fmt.Errorf("unknown key type %s", wanted.Type)
	}
	for _, s := range ofType {
		if s.Selector.matches(wanted) {
			return s, nil
		}
	}
	return nil, refusal(ofType, wanted)
}

// WrappingTypes are the names of the suites to whose keys others are wrapped.
func WrappingTypes() []string {
	return slices.DeleteFunc(Names(), func(name string) bool { return !byName[name].Wrapping })
}

// KnownType reports whether a name is a suite's, or a type's that has parameters.
func KnownType(name string) bool {
	_, known := Lookup(name)
	return known || name != "" && slices.ContainsFunc(All(), func(s *Suite) bool { return s.Selector.Type == name })
}

// matches ignores the fields that this type does not have.
func (s Selector) matches(wanted Selector) bool {
	hybrid := s.HybridPQC == "" || (s.HybridPQC == wanted.HybridPQC && s.HybridEC == wanted.HybridEC)
	return s.Type == wanted.Type && s.ParameterSet == wanted.ParameterSet && hybrid
}

// refusal says which part of the selector nothing has, and what there is.
func refusal(ofType []*Suite, wanted Selector) error {
	parts := []struct {
		name   string
		choose func(Selector) string
	}{
		{"hybrid_key_type_pqc", func(s Selector) string { return s.HybridPQC }},
		{"parameter_set", func(s Selector) string { return s.ParameterSet }},
		{"hybrid_key_type_ec", func(s Selector) string { return s.HybridEC }},
	}
	near := ofType
	for _, part := range parts {
		var there []string
		for _, s := range near {
			there = append(there, part.choose(s.Selector))
		}
		slices.Sort(there)
		there = slices.Compact(there)
		got := part.choose(wanted)
		near = slices.DeleteFunc(slices.Clone(near), func(s *Suite) bool { return part.choose(s.Selector) != got })
		if len(near) == 0 {
			return partRefusal(wanted, part.name, got, there)
		}
	}
	return errors.New("unknown key type")
}

// partRefusal keeps transit's text for parameter sets at the front.
func partRefusal(wanted Selector, name, got string, there []string) error {
	choices := strings.Join(there, ", ")
	if name == "parameter_set" {
		return fmt.Errorf("invalid parameter set %s for key type %s: use one of %s", got, wanted.Type, choices)
	}
	if name == "hybrid_key_type_ec" {
		return fmt.Errorf("invalid %s %q for key type %s with parameter set %s: the standard has no such pair, use one of %s",
			name, got, wanted.Type, wanted.ParameterSet, choices)
	}
	return fmt.Errorf("invalid %s %q for key type %s: use one of %s", name, got, wanted.Type, choices)
}
