package keyring_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// revealing are the names by which this package gets at key material: of a suite's key, of
// a secret, and of keysutil's policy, whose entries hold keys in clear.
var revealing = []string{"Private", "Material", "hmacKey", "held", "form", "fromPolicy", "fromOwn", "PKCS8", "PrivateText", "PrivatePEM", "LoadArchive", "Serialize", "Backup", "Plaintext"}

// mayReveal is every function that may use one of them, and why. What is not here and not a
// method of release fails the test: it would be a way past the gate.
var mayReveal = map[string]string{
	// Storage.
	"Version.encode":      "stores a key in our own format",
	"Version.entry":       "stores a key in keysutil's format",
	"versionOfEntry":      "loads a key",
	"ownVersion.decode":   "loads a key",
	"loaded.takeArchive":  "loads archived versions",
	"lazyKey.parse":       "parses a key",
	"lazyKey.form":        "gives what is stored in our own format",
	"lazyKey.held":        "gives what is stored in keysutil's format",
	"parsed.ofPolicy":     "compares what is stored with what is in memory",
	"parsed.ofOwn":        "compares what is stored with what is in memory",
	"loaded.checkArchive": "measures the archive",
	"loaded.archived":     "gives times of versions",
	"loaded.mend":         "compares the archive with the policy",
	"Keyring.addVersion":  "makes a version's HMAC key",
	"Keyring.hmacKeyFor":  "makes a version's HMAC key, of the hmac type the key itself",
	// Use of a key, of which only the result is given out.
	"Key.DerivedKeys": "derives from the HMAC key",
	"Key.wrapDataKey": "a data key is the caller's, not the named key",
	"Keyring.unwrap":  "decrypts an import with the wrapping key",
	"HMAC.sum":        "authenticates with the HMAC key",
	"Key.withHMACKey": "says whether there is an HMAC key",
	// Public halves, and whether there is a private one.
	"Key.rsaPublic":    "gives the public half",
	"Version.publicIn": "gives the public half",
	"Key.lacksPrivate": "says whether there is a private half",
	"loaded.complete":  "says whether there is a private half",
	// Fields of these names that hold no key.
	"settingsOfPolicy":      "Backup is an event",
	"Key.intoPolicy":        "Backup is an event",
	"storedSettings":        "Backup is an event",
	"ownKey.key":            "Backup is an event",
	"Keyring.Backup":        "Backup is an event; the material comes from release",
	"Keyring.Import":        "Material is the caller's",
	"Keyring.ImportVersion": "Material is the caller's",
}

func TestMaterialLeavesThroughTheGateAlone(t *testing.T) {
	used := map[string]bool{}
	for name, node := range declarations(t) {
		ast.Inspect(node, func(n ast.Node) bool {
			var found string
			switch n := n.(type) {
			case *ast.SelectorExpr:
				found = n.Sel.Name
			case *ast.KeyValueExpr:
				if key, ok := n.Key.(*ast.Ident); ok {
					found = key.Name
				}
			}
			if !slices.Contains(revealing, found) {
				return true
			}
			used[name] = true
			if mayReveal[name] == "" && !strings.HasPrefix(name, "release.") {
				t.Errorf("%s uses %s, which gives out key material past the gate", name, found)
			}
			return true
		})
	}
	for name := range mayReveal {
		if !used[name] {
			t.Errorf("%s reveals nothing (any more)", name)
		}
	}
	if diff := cmp.Diff([]string{"release.backup", "release.hmac", "release.importable", "release.private"},
		slices.DeleteFunc(slices.Sorted(maps.Keys(used)), func(name string) bool { return !strings.HasPrefix(name, "release.") })); diff != "" {
		t.Error(diff)
	}
}

// A release is made by the gate alone, or holds no key.
func TestOnlyTheGateMakesReleases(t *testing.T) {
	for name, node := range declarations(t) {
		ast.Inspect(node, func(n ast.Node) bool {
			literal, ok := n.(*ast.CompositeLit)
			if !ok {
				return true
			}
			if kind, ok := literal.Type.(*ast.Ident); ok && kind.Name == "release" && len(literal.Elts) > 0 && name != "Key.release" {
				t.Errorf("%s makes a release", name)
			}
			return true
		})
	}
}

// declarations are the package's functions, as Receiver.name, and its variables.
func declarations(t *testing.T) map[string]ast.Node {
	t.Helper()
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]ast.Node{}
	for _, entry := range entries {
		if !strings.HasSuffix(entry.Name(), ".go") || strings.HasSuffix(entry.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), entry.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, declaration := range file.Decls {
			switch declaration := declaration.(type) {
			case *ast.FuncDecl:
				if declaration.Body != nil {
					found[functionName(declaration)] = declaration.Body
				}
			case *ast.GenDecl:
				for _, spec := range declaration.Specs {
					if values, ok := spec.(*ast.ValueSpec); ok {
						found[values.Names[0].Name] = values
					}
				}
			}
		}
	}
	if len(found) < 50 {
		t.Fatalf("only %d declarations", len(found))
	}
	return found
}

func functionName(declaration *ast.FuncDecl) string {
	if declaration.Recv == nil {
		return declaration.Name.Name
	}
	kind := declaration.Recv.List[0].Type
	if pointer, ok := kind.(*ast.StarExpr); ok {
		kind = pointer.X
	}
	receiver, _ := kind.(*ast.Ident)
	return receiver.Name + "." + declaration.Name.Name
}
