package keyring_test

import (
	"go/ast"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// asking are the functions that ask the mount's crypto policy, and how.
var asking = map[string]string{
	"Key.forEncryption":        "mayMake",
	"Key.forMaking":            "mayMake",
	"Key.NewHMAC":              "mayMake",
	"Key.wrapper":              "mayMake",
	"Key.NewCMAC":              "forMaking",
	"Key.CertificationRequest": "mayMake",
	"Keyring.makeVersion":      "mayAdd",
	"Keyring.addImported":      "mayAdd",
	"Keyring.Restore":          "mayAdd",
}

// makers are all functions that make something new with a key, or a new version, with the
// function before them that asks, or the reason why nobody need.
var makers = map[string]string{
	"Key.seal":                 "its callers ask forEncryption, see below",
	"Key.Sign":                 "forMaking",
	"Key.Encapsulate":          "forMaking",
	"Key.wrapper":              "mayMake",
	"Key.rsaWrapper":           "only wrapper asks for it",
	"HMAC.Sum":                 "NewHMAC has asked",
	"CMAC.Sum":                 "NewCMAC has asked",
	"CMAC.Verify":              "makes the code again only to compare",
	"CMAC.sum":                 "for both",
	"loaded.certify":           "gives a version that is there a certificate",
	"Key.CertificationRequest": "mayMake",
	"HMAC.Verify":              "makes the code again only to compare",
	"Keyring.addVersion":       "its callers ask mayAdd, see below",
	"loaded.complete":          "gives a version that is there its private half",
	"loaded.takeArchive":       "loads",
	"Key.takeVersions":         "loads",
	"keyOfPolicy":              "loads",
}

// using are the methods and functions by which something new comes of a key.
var using = []string{"Seal", "Sign", "Encapsulate", "MAC", "Wrap", "WrapHPKE", "sum", "CertificationRequest"}

func TestEveryWayAsksThePolicy(t *testing.T) {
	uses, asks := map[string]bool{}, map[string]map[string]bool{}
	for name, node := range declarations(t) {
		asks[name] = map[string]bool{}
		ast.Inspect(node, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				if selector, ok := n.Fun.(*ast.SelectorExpr); ok {
					asks[name][selector.Sel.Name] = true
					if slices.Contains(using, selector.Sel.Name) {
						uses[name] = true
					}
				}
			case *ast.AssignStmt:
				if addsVersion(n) {
					uses[name] = true
				}
			}
			return true
		})
	}
	for name := range uses {
		if _, known := makers[name]; !known {
			t.Errorf("%s makes something new with a key, or a new version: say where it asks the crypto policy", name)
		}
	}
	for name, way := range makers {
		if !uses[name] {
			t.Errorf("%s makes nothing new (any more)", name)
		}
		if (way == "forMaking" || way == "mayMake") && !asks[name][way] {
			t.Errorf("%s does not ask %s", name, way)
		}
	}
	for name, way := range asking {
		if !asks[name][way] {
			t.Errorf("%s does not ask %s", name, way)
		}
	}
	callers := func(of string) []string {
		found := maps.Clone(asks)
		maps.DeleteFunc(found, func(name string, calls map[string]bool) bool {
			return !calls[of] || !strings.HasPrefix(name, "Key") // others have methods of these names too
		})
		return slices.Sorted(maps.Keys(found))
	}
	for of, want := range map[string][]string{
		"addVersion": {"Keyring.addImported", "Keyring.makeVersion"},
		"seal":       {"Key.Encrypt", "Key.Rewrap"},
		"store":      {"Keyring.Restore"},
	} {
		if diff := cmp.Diff(want, callers(of)); diff != "" {
			t.Errorf("callers of %s: %s", of, diff)
		}
	}
	for _, name := range []string{"Key.Encrypt", "Key.Rewrap"} {
		if !asks[name]["forEncryption"] {
			t.Errorf("%s does not ask forEncryption", name)
		}
	}
}

// addsVersion matches x.versions[n] = v.
func addsVersion(assignment *ast.AssignStmt) bool {
	for _, target := range assignment.Lhs {
		index, ok := target.(*ast.IndexExpr)
		if !ok {
			continue
		}
		if selector, ok := index.X.(*ast.SelectorExpr); ok && selector.Sel.Name == "versions" {
			return true
		}
	}
	return false
}
