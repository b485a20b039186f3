package e2e_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestClients runs the tests of vault-dev/clients: sops, sigstore's signer and Tink, unmodified.
func TestClients(t *testing.T) {
	t.Parallel()
	token, err := os.ReadFile(dev.RootTokenFile())
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "go", "test", "-count=1", "-v", "./...")
	cmd.Dir = filepath.Join(dev.Root, "vault-dev", "clients")
	cmd.Env = append(dev.Environment(string(bytes.TrimSpace(token))), proxies()...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, name := range []string{"TestSops", "TestHashivault", "TestTink"} {
		if !strings.Contains(string(out), "--- PASS: "+name+" ") {
			t.Errorf("%s did not run:\n%s", name, out)
		}
	}
}

// proxies are the settings by which the go command may have to reach its module proxy, and that
// nothing on this machine is reached by.
func proxies() []string {
	return slices.DeleteFunc(os.Environ(), func(entry string) bool {
		name, _, _ := strings.Cut(entry, "=")
		return !strings.HasSuffix(strings.ToLower(name), "_proxy")
	})
}
