package suite_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// What an inventory says of a suite is whole, and its successors are better.
func TestInventories(t *testing.T) {
	primitives := []string{"ae", "block-cipher", "combiner", "kem", "mac", "pke", "signature"}
	forEach(t, any1, func(t *testing.T, s *suite.Suite) {
		about := s.Inventory
		if about.ClassicalBits < 112 || about.SecurityCategory < 0 || about.SecurityCategory > 5 || !slices.Contains(primitives, about.Primitive) {
			t.Errorf("%+v", about)
		}
		if !s.QuantumSafe() && len(about.Successors) == 0 {
			t.Error("broken by a quantum computer, and no successor")
		}
		var covered suite.Purpose
		for _, name := range about.Successors {
			next, ok := suite.Lookup(name)
			if !ok || next.Name != name {
				t.Fatalf("unknown successor %s", name)
			}
			better := next.Inventory.SecurityCategory > about.SecurityCategory || (s.Unauthenticated && !next.Unauthenticated)
			if !better || next.Unauthenticated || (next.Asymmetric && !s.Asymmetric) {
				t.Errorf("successor %s is no better", name)
			}
			covered |= s.Purpose & next.Purpose
		}
		if len(about.Successors) > 0 && covered != s.Purpose {
			t.Error("a purpose has no successor")
		}
	})
}

// The categories of NIST's standards, and those that follow from their definition.
func TestSecurityCategories(t *testing.T) {
	want := map[string]int{
		"aes128-gcm96": 1, "aes192-cmac": 3, "aes256-gcm96": 5, "chacha20-poly1305": 5, "hmac": 5,
		"rsa-2048": 0, "rsa-4096": 0, "ecdsa-p256": 0, "ecdsa-p521": 0, "ed25519": 0,
		"ml-kem-512": 1, "ml-kem-768": 3, "ml-kem-1024": 5, // FIPS 203, table 2
		"x25519-mlkem768": 3, "p256-mlkem768": 3, "p384-mlkem1024": 5,
		"ml-dsa-44": 2, "ml-dsa-65": 3, "ml-dsa-87": 5, // FIPS 204, table 1
		"hybrid-ml-dsa-44-ed25519": 2, "hybrid-ml-dsa-65-ecdsa-p256": 3, "hybrid-ml-dsa-87-ecdsa-p521": 5,
		"slh-dsa-sha2-128s": 1, "slh-dsa-shake-192f": 3, "slh-dsa-sha2-256f": 5, // FIPS 205, table 2
	}
	for name, category := range want {
		s, ok := suite.Lookup(name)
		if !ok || s.Inventory.SecurityCategory != category || s.QuantumSafe() != (category > 0) {
			t.Errorf("%s: %+v", name, s.Inventory)
		}
	}
}

func TestNamed(t *testing.T) {
	for name, want := range map[string]int{
		"aes256-gcm96": 1, "mldsa-65": 1, "ml-dsa": 3, "ml-kem": 3, "slh-dsa": 12, "hybrid": 7, "ml-dsa-65": 1, "": 0, "rot13": 0,
	} {
		found := suite.Named(name)
		if len(found) != want {
			t.Errorf("%q stands for %d suites, want %d", name, len(found), want)
		}
		for _, s := range found {
			if want > 1 && !strings.HasPrefix(s.Name, name) {
				t.Errorf("%q stands for %s", name, s.Name)
			}
		}
	}
}
