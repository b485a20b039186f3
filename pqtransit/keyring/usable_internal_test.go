package keyring

import (
	"bytes"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// unchecked are functions that take a key for one that does something, and do not ask whether
// its algorithm may be used, with the reason.
var unchecked = map[string]string{
	"derive":     "its callers check, but for the one that only shows a public key",
	"addVersion": "asks for a size",
}

// TestEveryUseOfAnAlgorithmIsChecked holds that whatever makes an operation of a key asks first
// whether its algorithm may be used: each function of this package in which a key is asserted
// to be one of package suite's that does something.
func TestEveryUseOfAnAlgorithmIsChecked(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var uses []string
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, name, source, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, declaration := range file.Decls {
			function, ok := declaration.(*ast.FuncDecl)
			if !ok || !usesAlgorithm(function) {
				continue
			}
			uses = append(uses, function.Name.Name)
			var text bytes.Buffer
			if err := format.Node(&text, set, function); err != nil {
				t.Fatal(err)
			}
			checks := strings.Contains(text.String(), ".algorithms.check(") || strings.Contains(text.String(), ".usable.check(")
			if _, known := unchecked[function.Name.Name]; !checks && !known {
				t.Errorf("%s: %s uses a key without asking whether its algorithm failed its self-test", name, function.Name.Name)
			}
		}
	}
	if len(uses) < 5 {
		t.Errorf("found only %v", uses)
	}
	for name := range unchecked {
		if !slices.Contains(uses, name) {
			t.Errorf("%s uses no key, and needs no exception", name)
		}
	}
}

// usesAlgorithm reports whether a key is asserted to be one of suite's interfaces.
func usesAlgorithm(function *ast.FuncDecl) bool {
	found := false
	ast.Inspect(function, func(node ast.Node) bool {
		assertion, ok := node.(*ast.TypeAssertExpr)
		if !ok || assertion.Type == nil {
			return true
		}
		if selector, ok := assertion.Type.(*ast.SelectorExpr); ok {
			if from, ok := selector.X.(*ast.Ident); ok && from.Name == "suite" {
				found = true
			}
		}
		return true
	})
	return found
}
