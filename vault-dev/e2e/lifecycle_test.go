package e2e_test

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	vaultdev "github.com/palisade-vault/palisade/vault-dev"
	"github.com/palisade-vault/palisade/vault-dev/process"
)

// machine is a development Vault of its own, driven as the make targets drive it.
type machine struct {
	t      *testing.T
	config vaultdev.Config
}

func newMachine(t *testing.T, dir string) machine {
	t.Helper()
	port, err := freePorts()
	if err != nil {
		t.Fatal(err)
	}
	m := machine{t: t, config: vaultdev.Config{Root: dev.Root, Dir: dir, Port: port, Out: io.Discard}}
	if err := watch.add(dir); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := m.run("clean"); err != nil {
			t.Errorf("the last clean: %v", err)
		}
	})
	return m
}

// shortDir is a folder whose path leaves room for sockets below it.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "dev") //nolint:usetesting // t.TempDir has a long path
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return filepath.Join(dir, "run")
}

// run calls the dev command and returns what it printed.
func (m machine) run(args ...string) (string, error) {
	cmd := exec.Command(devCommand, args...)
	cmd.Dir, cmd.Env = m.config.Root, m.environment()
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (m machine) environment() []string {
	return append(os.Environ(), "PALISADE_DEV_DIR="+m.config.Dir, fmt.Sprintf("PALISADE_DEV_PORT=%d", m.config.Port))
}

func (m machine) must(args ...string) string {
	m.t.Helper()
	out, err := m.run(args...)
	if err != nil {
		m.t.Fatalf("dev %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

// processes are the pids of Vault, hsmseald and its supervisor.
func (m machine) processes() []int {
	m.t.Helper()
	var pids []int
	for _, file := range []string{m.config.VaultPIDFile(), m.config.SealPIDFile(), m.config.SupervisorPIDFile()} {
		record, err := process.ReadRecord(file)
		if err != nil || !record.Alive() {
			m.t.Fatalf("%s names no running process (%v)", file, err)
		}
		pids = append(pids, record.PID)
	}
	return pids
}

// leftovers are the processes that run a program of the state folder.
func (m machine) leftovers() []process.Record {
	m.t.Helper()
	found, err := process.RunningFrom(m.config.Dir)
	if err != nil {
		m.t.Fatal(err)
	}
	return found
}

func (m machine) decrypts(ciphertext any) error {
	client, err := m.config.RootClient()
	if err != nil {
		return err
	}
	opened, err := client.Logical().WriteWithContext(m.t.Context(), "pqtransit/decrypt/kept", object{"ciphertext": ciphertext})
	if err != nil {
		return err
	}
	if opened.Data["plaintext"] != b64("kept") {
		return fmt.Errorf("decrypted to %v", opened.Data["plaintext"])
	}
	return nil
}

func (m machine) encrypt() any {
	m.t.Helper()
	client, err := m.config.RootClient()
	if err != nil {
		m.t.Fatal(err)
	}
	write(m.t, client, "pqtransit/keys/kept", object{"type": "x25519-mlkem768"})
	return write(m.t, client, "pqtransit/encrypt/kept", object{"plaintext": b64("kept")})["ciphertext"]
}

// What `make dev`, `make dev-stop` and `make dev-clean` promise.
func TestLifecycle(t *testing.T) {
	t.Parallel()
	first := newMachine(t, shortDir(t))
	// A path that is too long for a unix socket.
	second := newMachine(t, filepath.Join(t.TempDir(), strings.Repeat("long", 30)))

	first.must("up", "-quick")
	ciphertext, before := first.encrypt(), first.processes()
	first.must("up", "-quick")
	if after := first.processes(); !slices.Equal(before, after) {
		t.Errorf("a second up changed the processes from %v to %v", before, after)
	}

	second.must("up", "-quick")
	if err := first.decrypts(ciphertext); err != nil {
		t.Errorf("the first Vault beside a second: %v", err)
	}
	if err := second.decrypts(ciphertext); err == nil {
		t.Error("the second Vault knows the first one's key")
	}

	first.must("stop")
	if left, err := os.ReadDir(filepath.Join(first.config.Dir, "tmp")); len(left) > 0 {
		t.Errorf("stop leaves temporary files %v (%v)", left, err)
	}
	if left := first.leftovers(); len(left) > 0 {
		t.Errorf("stop leaves %v", left)
	}
	if out, err := first.run("status"); err == nil || !strings.Contains(out, "make dev") {
		t.Errorf("status of a stopped Vault: %v\n%s", err, out)
	}
	first.must("up", "-quick")
	if err := first.decrypts(ciphertext); err != nil {
		t.Errorf("after stop and up: %v", err)
	}

	kill(t, first.leftovers()...) // worker, daemon, supervisor and plugins at once
	first.must("up", "-quick")
	if err := first.decrypts(ciphertext); err != nil {
		t.Errorf("after a kill of everything but Vault: %v", err)
	}

	first.must("clean")
	if left := first.leftovers(); len(left) > 0 {
		t.Errorf("clean leaves %v", left)
	}
	if _, err := os.Stat(first.config.Dir); !os.IsNotExist(err) {
		t.Errorf("clean leaves the state folder: %v", err)
	}
	second.must("status")
	socket, err := os.ReadFile(filepath.Join(second.config.Dir, "short-folder"))
	if err != nil {
		t.Fatalf("no short folder for the sockets: %v", err)
	}
	second.must("clean")
	if _, err := os.Stat(string(socket)); !os.IsNotExist(err) {
		t.Errorf("clean leaves %s: %v", socket, err)
	}
	first.must("clean")
}

func TestTakenPortIsNamed(t *testing.T) {
	t.Parallel()
	m := newMachine(t, filepath.Join(t.TempDir(), "run"))
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", m.config.Port+2))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	out, err := m.run("up", "-quick")
	if err == nil || !strings.Contains(out, fmt.Sprintf("port %d is taken", m.config.Port+2)) {
		t.Errorf("%v\n%s", err, out)
	}
}

// A wrong PIN is told as one, Vault stays down, and the right one makes all well.
func TestWrongPIN(t *testing.T) {
	t.Parallel()
	m := newMachine(t, filepath.Join(t.TempDir(), "run"))
	m.must("up", "-quick")
	ciphertext := m.encrypt()
	right, err := os.ReadFile(m.config.PINFile())
	if err != nil {
		t.Fatal(err)
	}
	m.must("stop")
	if err := os.WriteFile(m.config.PINFile(), []byte("wrong-pin"), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := m.run("up", "-quick")
	if err == nil || !strings.Contains(out, "dev: hsmseald does not come up") || !strings.Contains(out, "PIN") || strings.Contains(out, "wrong-pin") {
		t.Errorf("up with a wrong PIN: %v\n%s", err, out)
	}
	m.must("stop")
	if err := os.WriteFile(m.config.PINFile(), right, 0o600); err != nil {
		t.Fatal(err)
	}
	m.must("up", "-quick")
	if err := m.decrypts(ciphertext); err != nil {
		t.Errorf("after the right PIN is back: %v", err)
	}
}

func TestHelpAndUnknownCommands(t *testing.T) {
	t.Parallel()
	m := machine{t: t, config: vaultdev.Config{Root: dev.Root, Dir: filepath.Join(t.TempDir(), "none"), Port: 8200}}
	for _, args := range [][]string{{}, {"help"}, {"--help"}, {"-h"}} {
		if out := m.must(args...); !strings.Contains(out, "usage: dev COMMAND") {
			t.Errorf("%v prints %q", args, out)
		}
	}
	for _, args := range [][]string{{"upp"}, {"up", "now"}, {"supervise", "-x"}} {
		if out, err := m.run(args...); err == nil {
			t.Errorf("%v is accepted: %s", args, out)
		}
	}
	for _, args := range [][]string{{"stop"}, {"clean"}} {
		m.must(args...)
	}
}
