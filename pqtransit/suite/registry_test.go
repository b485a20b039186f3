package suite_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// TestNamesAreFrozen compares with the names that lie in users' storage. A line
// may be added to the file, never changed or removed.
func TestNamesAreFrozen(t *testing.T) {
	golden, err := os.ReadFile("testdata/names.golden")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Fields(string(golden)), suite.Names()); diff != "" {
		t.Errorf("persisted names (-golden +registered):\n%s", diff)
	}
}

func TestEveryGoldenFileHasItsSuite(t *testing.T) {
	entries, err := os.ReadDir("testdata/golden")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		names = append(names, strings.TrimSuffix(entry.Name(), ".json"))
	}
	if diff := cmp.Diff(suite.Names(), names); diff != "" {
		t.Errorf("suites and their known answers (-suites +files):\n%s", diff)
	}
}

func TestLookup(t *testing.T) {
	names := suite.Names()
	if !slices.IsSorted(names) || len(names) != len(suite.All()) {
		t.Errorf("names %q are not those of All, sorted", names)
	}
	for i, s := range suite.All() {
		if s.Name != names[i] {
			t.Errorf("All()[%d] is %s, want %s", i, s.Name, names[i])
		}
		for _, name := range append([]string{s.Name}, s.Aliases...) {
			if found, ok := suite.Lookup(name); !ok || found != s {
				t.Errorf("Lookup(%q) does not find %s", name, s.Name)
			}
		}
		found, ok := suite.ByStoredType(s.StoredAs)
		if community := s.StoredAs != suite.NotCommunity; ok != community || (ok && found != s) {
			t.Errorf("ByStoredType(%d) = %v, %v", s.StoredAs, found, ok)
		}
	}
	for _, name := range []string{"", "AES256-GCM96", "aes256-gcm96 ", "rsa"} {
		if s, ok := suite.Lookup(name); ok {
			t.Errorf("Lookup(%q) finds %s", name, s.Name)
		}
	}
}

func TestRegisterRefusesDuplicates(t *testing.T) {
	for name, duplicate := range map[string]suite.Suite{
		"no name":           {StoredAs: suite.NotCommunity},
		"taken name":        {Name: "rsa-4096", StoredAs: suite.NotCommunity},
		"taken stored type": {Name: "never-registered", StoredAs: 4},
		"taken alias":       {Name: "never-registered-either", Aliases: []string{"rsa-4096"}, StoredAs: suite.NotCommunity},
	} {
		t.Run(name, func(t *testing.T) {
			before := suite.Names()
			func() {
				defer func() {
					if recover() == nil {
						t.Error("registered")
					}
				}()
				suite.Register(duplicate)
			}()
			if diff := cmp.Diff(before, suite.Names()); diff != "" {
				t.Errorf("the registry changed:\n%s", diff)
			}
		})
	}
}

func TestPurposeHas(t *testing.T) {
	both := suite.Encryption | suite.Signing
	if !both.Has(suite.Encryption) || !both.Has(both) || both.Has(suite.KeyEncapsulation) || suite.Signing.Has(both) {
		t.Error("Has is set inclusion")
	}
}
