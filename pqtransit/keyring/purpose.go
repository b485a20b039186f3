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
