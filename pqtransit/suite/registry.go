package suite

import (
	"fmt"
	"maps"
	"slices"
)

var (
	byName       = map[string]*Suite{} // names and aliases
	byStoredType = map[int]*Suite{}
)

// register adds a suite. It panics on a name, alias or stored type that is
// already taken, since that is a mistake in this package's own source.
func register(s Suite) *Suite {
	names := append([]string{s.Name}, s.Aliases...)
	for _, name := range names {
		if _, taken := byName[name]; taken || name == "" {
			panic(fmt.Sprintf("suite: name %q registered twice or empty", name))
		}
	}
	if _, taken := byStoredType[s.StoredAs]; taken {
		panic(fmt.Sprintf("suite: stored type %d registered twice", s.StoredAs))
	}
	for _, name := range names {
		byName[name] = &s
	}
	if s.StoredAs != NotCommunity {
		byStoredType[s.StoredAs] = &s
	}
	return &s
}

// Lookup finds a suite by its name or one of its aliases, exactly as spelt.
func Lookup(name string) (*Suite, bool) {
	s, ok := byName[name]
	return s, ok
}

// ByStoredType finds the suite that the built-in engine stores under
// keysutil's KeyType number.
func ByStoredType(number int) (*Suite, bool) {
	s, ok := byStoredType[number]
	return s, ok
}

// All is every suite once, sorted by name.
func All() []*Suite {
	var all []*Suite
	for _, name := range Names() {
		all = append(all, byName[name])
	}
	return all
}

// Names are the names, not the aliases, of all suites, sorted.
func Names() []string {
	isName := func(name string) bool { return byName[name].Name == name }
	names := slices.Sorted(maps.Keys(byName))
	return slices.DeleteFunc(names, func(name string) bool { return !isName(name) })
}
