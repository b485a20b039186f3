package e2e_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/vault/api"

	"github.com/palisade-vault/palisade/backend"
)

// What an earlier `make dev` left when it was killed between two of its steps.
func TestInterruptedStartsAreFinished(t *testing.T) {
	t.Parallel()
	m := newMachine(t, shortDir(t))
	m.must("up", "-quick")

	// After the registration of a new program, before the mount used it.
	older := m.runOlder("vault-plugin-secrets-pqtransit", "pqtransit/")
	if sum := m.runningSum("pqtransit/"); sum != older {
		t.Fatalf("the mount runs %s, and the older program is %s", sum, older)
	}
	m.must("up", "-quick")
	if sum := m.runningSum("pqtransit/"); sum == older {
		t.Error("the mount still runs the older program")
	}

	// Within the initialisation: Vault has made a root token that nobody has got.
	token, tokenErr := os.ReadFile(m.config.RootTokenFile())
	mark := filepath.Join(m.config.Dir, "initialising")
	if err := errors.Join(tokenErr, os.Remove(m.config.RootTokenFile()), os.WriteFile(mark, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	if out := m.must("up", "-quick"); !strings.Contains(out, "starting over") {
		t.Errorf("nothing is told of the Vault that was thrown away:\n%s", out)
	}
	fresh, err := os.ReadFile(m.config.RootTokenFile())
	if err != nil || bytes.Equal(token, fresh) {
		t.Errorf("the root token is %q, and was the same before (%v)", fresh, err)
	}

	// After the initialisation, with the mark still there: this Vault has data.
	ciphertext := m.encrypt()
	if err := os.WriteFile(mark, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	m.must("up", "-quick")
	if err := m.decrypts(ciphertext); err != nil {
		t.Errorf("a Vault with a root token was thrown away: %v", err)
	}
}

// runOlder has a mount use another program, whose SHA-256 it returns, and then registers
// the one it used before.
func (m machine) runOlder(program, mount string) (sum string) {
	m.t.Helper()
	client, err := m.config.RootClient()
	if err != nil {
		m.t.Fatal(err)
	}
	name := strings.TrimSuffix(mount, "/")
	known, err := client.Sys().GetPluginWithContext(m.t.Context(), &api.GetPluginInput{Name: name, Type: api.PluginTypeSecrets, Version: backend.Version})
	if err != nil {
		m.t.Fatal(err)
	}
	folder := filepath.Join(m.config.Dir, "plugins")
	content, err := os.ReadFile(filepath.Join(folder, known.Command))
	if err != nil {
		m.t.Fatal(err)
	}
	older := append(content, 0) // what is behind the end of an ELF file is never looked at
	digest := sha256.Sum256(older)
	sum = hex.EncodeToString(digest[:])
	if err := os.WriteFile(filepath.Join(folder, program+"-older"), older, 0o700); err != nil {
		m.t.Fatal(err)
	}
	register := api.RegisterPluginInput{Name: name, Type: api.PluginTypeSecrets, Version: backend.Version, Command: program + "-older", SHA256: sum}
	if err := client.Sys().RegisterPluginWithContext(m.t.Context(), &register); err != nil {
		m.t.Fatal(err)
	}
	write(m.t, client, "sys/plugins/reload/backend", object{"mounts": []string{mount}})
	register.Command, register.SHA256 = known.Command, known.SHA256
	if err := client.Sys().RegisterPluginWithContext(m.t.Context(), &register); err != nil {
		m.t.Fatal(err)
	}
	return sum
}

// runningSum is the SHA-256 of the program that a mount uses.
func (m machine) runningSum(mount string) string {
	m.t.Helper()
	client, err := m.config.RootClient()
	if err != nil {
		m.t.Fatal(err)
	}
	mounts, err := client.Sys().ListMountsWithContext(m.t.Context())
	if err != nil || mounts[mount] == nil {
		m.t.Fatalf("no mount %s (%v)", mount, err)
	}
	return mounts[mount].RunningSha256
}
