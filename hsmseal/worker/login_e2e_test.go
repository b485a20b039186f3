package worker_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/palisade-vault/palisade/hsmseal/hsmtest"
	"github.com/palisade-vault/palisade/hsmseal/worker"
)

// TestDeathInLogin kills each worker inside C_Login: the token is asked twice
// in all, over restarts of the daemon too, and the error says what to do.
func TestDeathInLogin(t *testing.T) {
	hsm := hsmtest.New(t)
	hsm.Interpose(t)
	held := hsm.Hold(t, "login")
	held.Die()
	held.Die()
	token := start(t, config(hsm))
	_, err := token.Status(t.Context())
	wantError(t, err, worker.ErrDevice)
	for range 2 {
		held.Await()
	}
	for range 3 {
		token.Close()
		token = start(t, config(hsm))
		// A third login would be held until the call's deadline.
		_, err := token.Status(t.Context())
		wantError(t, err, worker.ErrPIN)
		if !strings.Contains(err.Error(), "two logins") {
			t.Fatalf("got %v", err)
		}
	}
}

// TestRecoveryFromDeathInLogin kills one worker inside C_Login: the call that
// waits for it is answered by the next.
func TestRecoveryFromDeathInLogin(t *testing.T) {
	hsm := hsmtest.New(t)
	hsm.Interpose(t)
	held := hsm.Hold(t, "login")
	token := start(t, config(hsm))
	held.Await()
	held.Die()
	held.Continue()
	ensure(t, token)
	if _, entry := journal(t, hsm); entry["state"] != "accepted" {
		t.Fatalf("journal %v", entry)
	}
}

// TestCloseInLogin closes the token while a worker logs in: the login ends
// first, so that stopping a daemon leaves no attempt without an outcome.
func TestCloseInLogin(t *testing.T) {
	hsm := hsmtest.New(t)
	hsm.Interpose(t)
	held := hsm.Hold(t, "login")
	token := start(t, config(hsm))
	held.Await()
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		token.Close()
	}()
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for {
		if _, err := token.Status(gone); errors.Is(err, worker.ErrDevice) {
			break // Close has begun
		}
	}
	held.Continue()
	<-closed
	if _, entry := journal(t, hsm); entry["state"] != "accepted" {
		t.Fatalf("journal %v", entry)
	}
}

// TestOrphanInLogin kills the daemon while its worker logs in: the worker ends
// after the login, not in it.
func TestOrphanInLogin(t *testing.T) {
	hsm := hsmtest.New(t)
	hsm.Interpose(t)
	held := hsm.Hold(t, "login")
	temporary := t.TempDir()
	parent := exec.CommandContext(t.Context(), os.Args[0], "daemon")
	parent.Env = append(os.Environ(), "TMPDIR="+temporary)
	input, err := parent.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	if err := json.NewEncoder(input).Encode(config(hsm)); err != nil {
		t.Fatal(err)
	}
	held.Await()
	orphan := openProcess(t, child(t, parent.Process.Pid))
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := parent.Wait(); err == nil {
		t.Fatal("the daemon ended well although killed")
	}
	// Longer than an idle orphan lives.
	ended := []unix.PollFd{{Fd: int32(orphan), Events: unix.POLLIN}}
	if n, err := unix.Poll(ended, int(1500*time.Millisecond/time.Millisecond)); err == nil && n != 0 {
		t.Error("the worker ended inside its login")
	}
	held.Continue()
	awaitExit(t, orphan)
	if left, err := filepath.Glob(filepath.Join(temporary, "*")); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if _, entry := journal(t, hsm); entry["state"] != "accepted" {
		t.Fatalf("journal %v", entry)
	}
}
