// Package scripts_test holds the architecture's rules that no compiler holds: which package
// may import which.
package scripts_test

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/palisade-vault/palisade/"

// parts never import each other, only what is below them.
var parts = []string{"pqtransit", "threatauth", "hsmseal"}

// pure packages know no Vault: only the standard library and these module prefixes.
var (
	pure = []string{
		"pqtransit/suite",
		"pqtransit/wire",
		"pqtransit/digest",
		"pqtransit/byok", "pqtransit/client/keyfile",
		"pqtransit/escrow",
		"pqtransit/selftest",
		"pqtransit/usage",
		"pqtransit/rotation",
		"threatauth/profile",
		"threatauth/signal",
		"threatauth/risk",
		"backend/journal",
		"hsmseal/envelope",
	}
	pureImports = []string{"golang.org/x/", "github.com/cloudflare/circl", "github.com/robfig/cron/v3", "filippo.io/mldsa", "github.com/tink-crypto/tink-go/v2/kwp/"}
)

func TestPartsDoNotImportEachOther(t *testing.T) {
	for _, importer := range packages(t, "deps") {
		own := partOf(importer.path)
		if own == "" {
			continue
		}
		for _, dependency := range importer.imports {
			if other := partOf(dependency); other != "" && other != own {
				t.Errorf("%s imports %s", importer.path, dependency)
			}
		}
	}
}

func TestNothingBelowImportsUpwards(t *testing.T) {
	for _, importer := range packages(t, "direct") {
		for _, dependency := range importer.imports {
			isOwn := strings.HasPrefix(importer.path, module+"vault-dev")
			above := strings.HasPrefix(dependency, module+"plugins/") && programOf(importer.path) != programOf(dependency)
			if above || strings.HasPrefix(dependency, module+"vault-dev") && !isOwn {
				t.Errorf("%s imports %s, which nothing below may", importer.path, dependency)
			}
			if strings.HasPrefix(importer.path, module+"backend") && partOf(dependency) != "" {
				t.Errorf("%s imports %s", importer.path, dependency)
			}
		}
	}
}

func TestPurePackagesKnowNoVault(t *testing.T) {
	all := packages(t, "deps")
	for _, name := range pure {
		index := slices.IndexFunc(all, func(p goPackage) bool { return p.path == module+name })
		if index < 0 {
			t.Errorf("pure package %s does not exist", name)
			continue
		}
		for _, dependency := range all[index].imports {
			if !isStandard(dependency) && !isAllowed(dependency) {
				t.Errorf("pure package %s depends on %s", name, dependency)
			}
		}
	}
}

// What calls the engine over HTTP must not have the engine in it.
func TestClientsKnowNoEngine(t *testing.T) {
	found := 0
	for _, importer := range packages(t, "deps") {
		if !strings.HasPrefix(importer.path, module+"pqtransit/client") {
			continue
		}
		found++
		for _, dependency := range importer.imports {
			engine := dependency == module+"pqtransit" || strings.HasPrefix(dependency, module+"pqtransit/keyring")
			if engine || strings.HasPrefix(dependency, "github.com/hashicorp/vault/sdk") {
				t.Errorf("%s depends on %s", importer.path, dependency)
			}
		}
	}
	if found == 0 {
		t.Error("there are no clients")
	}
}

func TestCgoStaysInTheTokenPackage(t *testing.T) {
	for _, importer := range packages(t, "with tests") {
		for _, dependency := range importer.imports {
			outside := !strings.HasPrefix(importer.path, module+"hsmseal/token")
			if outside && (dependency == "C" || dependency == "github.com/miekg/pkcs11") {
				t.Errorf("%s imports %s", importer.path, dependency)
			}
		}
	}
}

func TestFrameworkStaysAtTheEdge(t *testing.T) {
	edge := []string{"backend", "backend/backendtest", "pqtransit", "threatauth", "vault-dev/cmd/bench-floor"}
	for _, importer := range packages(t, "direct") {
		isEdge := slices.Contains(edge, strings.TrimPrefix(importer.path, module))
		if !isEdge && slices.Contains(importer.imports, "github.com/hashicorp/vault/sdk/framework") {
			t.Errorf("%s imports the sdk's framework; only path files and the seam may", importer.path)
		}
	}
}

type goPackage struct {
	path    string
	imports []string
}

// formats say what `go list` prints of a package: its path, then what it imports, directly,
// in its tests too, or ("deps") through others too.
var formats = map[string]string{
	"direct":     `{{.ImportPath}}{{range .Imports}} {{.}}{{end}}`,
	"with tests": `{{.ImportPath}}{{range .Imports}} {{.}}{{end}}{{range .TestImports}} {{.}}{{end}}{{range .XTestImports}} {{.}}{{end}}`,
	"deps":       `{{.ImportPath}}{{range .Deps}} {{.}}{{end}}`,
}

// packages lists ours with what they import: kind is one of formats.
func packages(t *testing.T, kind string) []goPackage {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-f", formats[kind], module+"...")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=1") // without, files that use cgo are passed over
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var list []goPackage
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(line)
		list = append(list, goPackage{path: words[0], imports: words[1:]})
	}
	if len(list) < 5 {
		t.Fatalf("go list found only %d packages", len(list))
	}
	return list
}

// programOf is the folder of a program and its own packages, such as plugins/palisade.
func programOf(path string) string {
	words := strings.SplitN(strings.TrimPrefix(path, module+"plugins/"), "/", 2)
	if !strings.HasPrefix(path, module+"plugins/") {
		return ""
	}
	return words[0]
}

func partOf(path string) string {
	first, _, _ := strings.Cut(strings.TrimPrefix(path, module), "/")
	if strings.HasPrefix(path, module) && slices.Contains(parts, first) {
		return first
	}
	return ""
}

func isStandard(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return !strings.Contains(first, ".")
}

func isAllowed(path string) bool {
	own := slices.ContainsFunc(pure, func(name string) bool { return strings.HasPrefix(path, module+name) })
	return own || slices.ContainsFunc(pureImports, func(prefix string) bool { return strings.HasPrefix(path, prefix) })
}
