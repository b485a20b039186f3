package e2e_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The session in the README, as it stands there, on a Vault of its own.
func TestReadmeSession(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile(filepath.Join(dev.Root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, session, found := strings.Cut(string(readme), "```sh\n")
	session, _, closed := strings.Cut(session, "\n```")
	if !found || !closed {
		t.Fatal("the README has no block of shell")
	}
	m := newMachine(t, shortDir(t))
	// The one thing that a reader's shell has otherwise is where the state lies.
	session = strings.ReplaceAll(session, "vault-dev/run", m.config.Dir)
	cmd := exec.CommandContext(t.Context(), "/bin/sh", "-euc", session)
	cmd.Dir = m.config.Root
	// This test may have been started by make, which is not to know of the make below.
	cmd.Env = slices.DeleteFunc(m.environment(), func(entry string) bool {
		return strings.HasPrefix(entry, "MAKE") || strings.HasPrefix(entry, "MFLAGS=")
	})
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	shown := string(out)
	for _, pattern := range []string{
		`Vault runs at https://127\.0\.0\.1:` + fmt.Sprint(m.config.Port), // make dev
		`(?m)^type +x25519-mlkem768$`,
		`(?m)^hello`,
		`(?m)^ciphertext +vault:v2:`,
		`(?m)^token_policies +\["app" "default"\]$`,
		`(?m)^[0-9a-f]{8}-[0-9a-f-]{27}$`, // a decision
		`==> stopping Vault`,
		`(?m)^Sealed +false$`,
	} {
		if !regexp.MustCompile(pattern).MatchString(shown) {
			t.Errorf("the session does not print %s:\n%s", pattern, shown)
		}
	}
}
