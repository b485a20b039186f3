package worker_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/palisade-vault/palisade/hsmseal/hsmtest"
	"github.com/palisade-vault/palisade/hsmseal/worker"
)

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// journal is the guard's journal as a map, with the file's path.
func journal(t *testing.T, hsm *hsmtest.SoftHSM) (path string, entry map[string]any) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(hsm.StateDir, "pin-guard-*.json"))
	if err != nil || len(paths) != 1 {
		t.Fatalf("journals %v, %v", paths, err)
	}
	text, err := os.ReadFile(paths[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &entry); err != nil {
		t.Fatal(err)
	}
	return paths[0], entry
}

// TestWrongPIN restarts again and again with a wrong PIN: the token is asked
// once. Then the right PIN works.
func TestWrongPIN(t *testing.T) {
	hsm := hsmtest.New(t)
	write(t, hsm.PINFile, "0000000000\n")
	var before os.FileInfo
	for restart := range 4 {
		token := start(t, config(hsm))
		_, err := token.Status(t.Context())
		wantError(t, err, worker.ErrPIN)
		if !strings.Contains(err.Error(), "correct the PIN") {
			t.Fatalf("error %q does not say what to do", err)
		}
		if asked := strings.Contains(err.Error(), "CKR_PIN_INCORRECT"); asked != (restart == 0) {
			t.Fatalf("start %d answers %q", restart, err)
		}
		token.Close()
		path, entry := journal(t, hsm)
		if entry["state"] != "wrong" {
			t.Fatalf("journal %v", entry)
		}
		// Each attempt writes the journal's file anew, twice: an unchanged file
		// means that the token has not been asked again.
		now, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if restart > 0 && (!os.SameFile(before, now) || !before.ModTime().Equal(now.ModTime())) {
			t.Fatal("a wrong PIN was tried again")
		}
		before = now
	}
	write(t, hsm.PINFile, hsm.PIN)
	token := start(t, config(hsm))
	ensure(t, token)
	roundTrip(t, token)
}

// TestCorrectedPIN is picked up without a restart of the daemon.
func TestCorrectedPIN(t *testing.T) {
	hsm := hsmtest.New(t)
	write(t, hsm.PINFile, "0000000000\n")
	token := start(t, config(hsm))
	_, err := token.Status(t.Context())
	wantError(t, err, worker.ErrPIN)
	write(t, hsm.PINFile, hsm.PIN)
	ensure(t, token)
}

// TestUnfinishedLogin plays a worker that died inside C_Login: the attempt is
// repeated once, and not again when the token's counter says it was wrong.
func TestUnfinishedLogin(t *testing.T) {
	tests := []struct {
		name     string
		attempts string
		want     error
	}{
		{"once", "1", nil},
		{"twice", "2", worker.ErrPIN},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			hsm := hsmtest.New(t)
			token := start(t, config(hsm))
			ensure(t, token)
			token.Close()
			path, _ := journal(t, hsm)
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			pending := strings.Replace(string(text), `"state":"accepted","attempts":0`, `"state":"pending","attempts":`+test.attempts, 1)
			write(t, path, pending)
			_, err = start(t, config(hsm)).Status(t.Context())
			if !errors.Is(err, test.want) {
				t.Fatalf("got %v, want %v", err, test.want)
			}
		})
	}
}

// TestKilledAfterLogin kills workers that have logged in: the guard never
// closes over a PIN that the token took.
func TestKilledAfterLogin(t *testing.T) {
	hsm := hsmtest.New(t)
	for range 3 {
		token := start(t, config(hsm))
		signal(t, pid(t, token), syscall.SIGKILL)
		ensure(t, token)
		token.Close()
	}
	if _, entry := journal(t, hsm); entry["state"] != "accepted" {
		t.Fatalf("journal %v", entry)
	}
}

// TestPINSource refuses PIN files that others can read, and reads descriptors.
func TestPINSource(t *testing.T) {
	hsm := hsmtest.New(t)
	refused := func(name, text string, mode os.FileMode) {
		t.Helper()
		settings := config(hsm)
		settings.PIN.File = filepath.Join(t.TempDir(), "pin")
		write(t, settings.PIN.File, text)
		if err := os.Chmod(settings.PIN.File, mode); err != nil {
			t.Fatal(err)
		}
		token, err := worker.Start(t.Context(), settings, nil)
		if err == nil {
			token.Close()
			t.Fatalf("%s: taken", name)
		}
		if strings.Contains(err.Error(), hsm.PIN) {
			t.Fatalf("%s: the error holds the PIN", name)
		}
	}
	refused("group", hsm.PIN, 0o640)
	refused("others", hsm.PIN, 0o604)
	refused("empty", "\n", 0o600)
	refused("two lines", hsm.PIN+"\n"+hsm.PIN, 0o600)
	refused("long", strings.Repeat("1", 300), 0o600)

	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := writer.WriteString(hsm.PIN + "\r\n"); err != nil {
		t.Fatal(err)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	settings := config(hsm)
	fd, err := syscall.Dup(int(reader.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	if err := reader.Close(); err != nil {
		t.Fatal(err)
	}
	settings.PIN = worker.PINSource{FD: fd}
	ensure(t, start(t, settings))
}
