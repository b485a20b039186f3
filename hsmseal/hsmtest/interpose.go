package hsmtest

import (
	"context"
	_ "embed"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

//go:embed testdata/interpose.c
var interposer []byte

// Held is one function of the library, such as C_Login, whose calls stop until
// the test says how they go on.
type Held struct {
	t         testing.TB
	begun, on *os.File
	paths     []string
}

// Interpose puts a library between the token and its users from then on, so
// that Hold works. It needs a C compiler, as cgo does.
func (h *SoftHSM) Interpose(t testing.TB) {
	t.Helper()
	dir := t.TempDir()
	source, library := filepath.Join(dir, "interpose.c"), filepath.Join(dir, "interpose.so")
	must(t, os.WriteFile(source, interposer, 0o600))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	compiler := "cc"
	if named := os.Getenv("CC"); named != "" {
		compiler = named
	}
	command := exec.CommandContext(ctx, compiler, "-shared", "-fPIC", "-o", library, source, "-ldl") //nolint:gosec // G204: a test's own compiler
	if output, err := command.CombinedOutput(); err != nil {
		t.Fatalf("compiling the interposed library: %v: %s", err, output)
	}
	h.interposed = map[string]string{"INTERPOSE_MODULE": h.Module, "INTERPOSE_DIR": dir}
	h.Module = library
}

// Hold stops calls of "login", "encrypt" or "decrypt" from now on. Interpose
// comes first.
func (h *SoftHSM) Hold(t testing.TB, function string) *Held {
	t.Helper()
	held := &Held{t: t}
	for _, end := range []string{"go", "begun"} {
		path := filepath.Join(h.interposed["INTERPOSE_DIR"], function+"."+end)
		must(t, syscall.Mkfifo(path, 0o600))
		// Opened for both, so that neither side waits for the other to open it.
		file, err := os.OpenFile(path, os.O_RDWR, 0)
		must(t, err)
		t.Cleanup(func() { _ = file.Close() })
		held.paths = append(held.paths, path)
		held.on, held.begun = held.begun, file
	}
	return held
}

// Await returns when a call has begun.
func (h *Held) Await() {
	h.t.Helper()
	must(h.t, h.begun.SetReadDeadline(time.Now().Add(30*time.Second)))
	_, err := h.begun.Read(make([]byte, 1))
	must(h.t, err)
}

// Continue lets one call go on to the token.
func (h *Held) Continue() { h.say("g") }

// Die lets one call kill its process.
func (h *Held) Die() { h.say("k") }

func (h *Held) say(what string) {
	h.t.Helper()
	_, err := h.on.WriteString(what)
	must(h.t, err)
}

// Release stops no more calls.
func (h *Held) Release() {
	h.t.Helper()
	for _, path := range h.paths {
		must(h.t, os.Remove(path))
	}
}
