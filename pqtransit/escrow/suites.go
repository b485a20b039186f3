package escrow

import (
	"slices"
	"strings"

	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// minimumCategory is the least of NIST's security categories that keys of
// escrow may have: shares wait for decades.
const minimumCategory = 3

// EncryptionSuites are those that shares may be sealed under: hybrids of
// category 3 or higher that speak HPKE.
func EncryptionSuites() []*suite.Suite {
	return slices.DeleteFunc(suite.All(), func(s *suite.Suite) bool { return s.HPKE == nil || !hybrid(s) })
}

// SignatureSuites are those that custodians, requesters and the dealer may sign
// with: post-quantum ones of category 3 or higher, hybrid or not, that are not
// slow.
func SignatureSuites() []*suite.Suite {
	return slices.DeleteFunc(suite.All(), func(s *suite.Suite) bool { return !signs(s) })
}

func hybrid(s *suite.Suite) bool {
	return s.Inventory.Primitive == "combiner" && s.Inventory.SecurityCategory >= minimumCategory
}

func signs(s *suite.Suite) bool {
	return s.Asymmetric && s.Purpose.Has(suite.Signing) && s.Inventory.SecurityCategory >= minimumCategory && !s.Slow
}

func names(suites []*suite.Suite) string {
	var all []string
	for _, s := range suites {
		all = append(all, s.Name)
	}
	return strings.Join(all, ", ")
}
