// Package hsmtest gives tests a token: a real one in SoftHSM, and a fake
// session for what a real token cannot be made to do. For tests only.
package hsmtest

import (
	"context"
	"crypto/rand"
	"maps"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// SoftHSM is an initialised SoftHSM token in a directory of its own.
type SoftHSM struct {
	// Module is the library's absolute path.
	Module string
	// Label and Serial select the token.
	Label, Serial string
	// PIN and SOPIN are random.
	PIN, SOPIN string
	// PINFile holds the PIN and a newline, mode 0600.
	PINFile string
	// Config is the path to give as SOFTHSM2_CONF.
	Config string
	// TokenDir holds the token's objects: removing it is pulling the token.
	TokenDir string
	// StateDir is an empty private directory.
	StateDir string

	interposed map[string]string // environment of the interposed library
}

// modules are where distributions put the library.
var modules = []string{
	"/usr/lib/softhsm/libsofthsm2.so",
	"/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
	"/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
	"/usr/lib64/pkcs11/libsofthsm2.so",
	"/usr/local/lib/softhsm/libsofthsm2.so",
}

// New makes a token with a random PIN. Without SoftHSM the test fails.
func New(t testing.TB) *SoftHSM {
	t.Helper()
	root := t.TempDir()
	hsm := &SoftHSM{
		Module: module(t), Label: "test-" + rand.Text()[:8], PIN: digits(t), SOPIN: digits(t),
		PINFile: filepath.Join(root, "pin"), Config: filepath.Join(root, "softhsm2.conf"),
		TokenDir: filepath.Join(root, "tokens"), StateDir: filepath.Join(root, "state"),
	}
	for _, dir := range []string{hsm.TokenDir, hsm.StateDir} {
		must(t, os.Mkdir(dir, 0o700))
	}
	config := "directories.tokendir = " + hsm.TokenDir + "\nobjectstore.backend = file\nlog.level = ERROR\n"
	must(t, os.WriteFile(hsm.Config, []byte(config), 0o600))
	must(t, os.WriteFile(hsm.PINFile, []byte(hsm.PIN+"\n"), 0o600))
	hsm.util(t, "--init-token", "--free", "--label", hsm.Label, "--so-pin", hsm.SOPIN, "--pin", hsm.PIN)
	hsm.Serial = hsm.serial(t)
	return hsm
}

// Environment is what a process needs to find the token.
func (h *SoftHSM) Environment() map[string]string {
	environment := map[string]string{"SOFTHSM2_CONF": h.Config}
	maps.Copy(environment, h.interposed)
	return environment
}

// Setenv makes the token visible to this process. Tests that use it are not
// parallel.
func (h *SoftHSM) Setenv(t *testing.T) {
	t.Helper()
	for name, value := range h.Environment() {
		t.Setenv(name, value)
	}
}

// Remove pulls the token; the function it returns puts it back.
func (h *SoftHSM) Remove(t testing.TB) (restore func()) {
	t.Helper()
	away := h.TokenDir + ".away"
	must(t, os.Rename(h.TokenDir, away))
	must(t, os.Mkdir(h.TokenDir, 0o700))
	return func() {
		t.Helper()
		must(t, os.RemoveAll(h.TokenDir))
		must(t, os.Rename(away, h.TokenDir))
	}
}

func (h *SoftHSM) util(t testing.TB, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, "softhsm2-util", args...)
	command.Env = append(os.Environ(), "SOFTHSM2_CONF="+h.Config)
	output, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("softhsm2-util %s failed (is softhsm2 installed?): %v: %s", args[0], err, output)
	}
	return string(output)
}

// serial reads the token's serial number from the list of slots.
func (h *SoftHSM) serial(t testing.TB) string {
	t.Helper()
	for line := range strings.Lines(h.util(t, "--show-slots")) {
		name, value, found := strings.Cut(line, ":")
		if value = strings.TrimSpace(value); found && strings.TrimSpace(name) == "Serial number" && value != "" {
			return value
		}
	}
	t.Fatal("softhsm2-util lists no serial number")
	return ""
}

func module(t testing.TB) string {
	t.Helper()
	for _, path := range modules {
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	t.Fatal("SoftHSM is missing and HSM tests never skip: install the package softhsm2")
	return ""
}

func digits(t testing.TB) string {
	t.Helper()
	number, err := rand.Int(rand.Reader, big.NewInt(900_000_000_000))
	must(t, err)
	return new(big.Int).Add(number, big.NewInt(100_000_000_000)).String()
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
