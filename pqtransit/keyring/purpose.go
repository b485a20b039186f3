package keyring

import (
	"errors"
	"slices"
	"strings"

	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// purposes in the order in which they are stored and named.
var purposes = []struct {
	purpose suite.Purpose
	name    string
}{
	{suite.Encryption, "encryption"},
	{suite.Signing, "signing"},
	{suite.KeyEncapsulation, "key-encapsulation"},
	{suite.Authentication, "authentication"},
}

func purposeNames(set suite.Purpose) []string {
	var names []string
	for _, p := range purposes {
		if set.Has(p.purpose) {
			names = append(names, p.name)
		}
	}
	return names
}

// PurposeText names a set of purposes for people, such as "encryption and signing".
func PurposeText(set suite.Purpose) string { return strings.Join(purposeNames(set), " and ") }

// ParsePurpose reads the name of one purpose, as [PurposeText] writes it.
func ParsePurpose(name string) (suite.Purpose, error) {
	purpose, err := parsePurpose([]string{name})
	if err != nil {
		return 0, refuse("unknown purpose %q", name)
	}
	return purpose, nil
}

// possible is every purpose that keys of an algorithm can have, one key perhaps not all.
func possible(algorithm *suite.Suite) suite.Purpose {
	return algorithm.Purpose | algorithm.Alternative
}

// allowed reports whether a version of the algorithm may be for that. No key has a purpose
// of both kinds.
func allowed(algorithm *suite.Suite, purpose suite.Purpose) bool {
	return algorithm.Purpose.Has(purpose) || (algorithm.Alternative != 0 && purpose == algorithm.Alternative)
}

func parsePurpose(names []string) (suite.Purpose, error) {
	var set suite.Purpose
	for _, p := range purposes {
		if slices.Contains(names, p.name) {
			set |= p.purpose
		}
	}
	if !slices.Equal(purposeNames(set), names) {
		return 0, errors.New("unknown purpose")
	}
	return set, nil
}
