package pinguard_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/palisade-vault/palisade/hsmseal/cryptoki"
	"github.com/palisade-vault/palisade/hsmseal/pinguard"
)

func login(t *testing.T, dir string) pinguard.Login {
	t.Helper()
	return pinguard.Login{Dir: dir, Identity: `"m" "x" "1"`, Serial: "1", Random: zeros{}}
}

// zeros is a random source that is not.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func failed(code cryptoki.Code) error { return &cryptoki.Error{Function: "C_Login", Code: code} }

// TestOutcomes makes a login that ends in a code, then a second one: how often
// the token is asked in all, and what the errors are.
func TestOutcomes(t *testing.T) {
	tests := []struct {
		name     string
		first    error
		asked    int
		refused  bool // the first
		refused2 bool
	}{
		{"accepted", nil, 2, false, false},
		{"incorrect", failed(cryptoki.CodePINIncorrect), 1, true, true},
		{"invalid", failed(cryptoki.CodePINInvalid), 1, true, true},
		{"length", failed(cryptoki.CodePINLenRange), 1, true, true},
		{"expired", failed(cryptoki.CodePINExpired), 1, true, true},
		{"locked", failed(cryptoki.CodePINLocked), 1, true, true},
		{"device error", failed(cryptoki.CodeDeviceError), 2, false, false},
		{"already logged in", failed(cryptoki.CodeUserAlreadyLoggedIn), 2, false, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir, asked := t.TempDir(), 0
			guard := login(t, dir)
			attempt := func(answer error) func() error {
				return func() error { asked++; return answer }
			}
			first := guard.Do([]byte("1234"), pinguard.Flags{}, attempt(test.first))
			second := guard.Do([]byte("1234"), pinguard.Flags{}, attempt(nil))
			var refusal *pinguard.RefusedError
			if errors.As(first, &refusal) != test.refused || (!test.refused && !errors.Is(first, test.first)) {
				t.Fatalf("first: %v", first)
			}
			if errors.As(second, &refusal) != test.refused2 {
				t.Fatalf("second: %v", second)
			}
			if asked != test.asked {
				t.Fatalf("token asked %d times, want %d", asked, test.asked)
			}
			if changed := guard.Do([]byte("5678"), pinguard.Flags{}, attempt(nil)); changed != nil {
				t.Fatalf("another PIN: %v", changed)
			}
		})
	}
}

// TestWrittenBeforeTheAttempt looks at the disk from inside the attempt.
func TestWrittenBeforeTheAttempt(t *testing.T) {
	dir := t.TempDir()
	err := login(t, dir).Do([]byte("1234"), pinguard.Flags{}, func() error {
		if text := read(t, dir); !strings.Contains(text, `"state":"pending","attempts":1`) {
			t.Errorf("journal during the attempt: %s", text)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestNoAttemptWithoutJournal holds that what cannot be written down is not
// tried.
func TestNoAttemptWithoutJournal(t *testing.T) {
	dir := t.TempDir()
	never := func() error { t.Error("attempted"); return nil }
	if err := login(t, filepath.Join(dir, "none")).Do([]byte("1"), pinguard.Flags{}, never); err == nil {
		t.Error("no error without a directory")
	}
	if err := login(t, dir).Do([]byte("1"), pinguard.Flags{}, func() error { return nil }); err != nil {
		t.Fatal(err)
	}
	other, err := pinguard.Open(dir, `"m" "x" "1"`, zeros{})
	if err != nil {
		t.Fatal(err)
	}
	if err := login(t, dir).Do([]byte("1"), pinguard.Flags{}, never); err == nil {
		t.Error("no error while another process logs in")
	}
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(journalPath(t, dir), []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := login(t, dir).Do([]byte("1"), pinguard.Flags{}, never); err == nil {
		t.Error("no error over a broken journal")
	}
}

// TestGolden freezes the journal's bytes.
func TestGolden(t *testing.T) {
	dir := t.TempDir()
	if err := login(t, dir).Do([]byte("1234"), pinguard.Flags{}, func() error { return nil }); err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(filepath.Join("testdata", "accepted.json"))
	if err != nil {
		t.Fatal(err)
	}
	if got := read(t, dir); got != string(want) {
		t.Fatalf("journal is\n%swant\n%s", got, want)
	}
	if bytes.Contains(want, []byte("1234")) {
		t.Fatal("the PIN is in the journal")
	}
}

func journalPath(t *testing.T, dir string) string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "pin-guard-*.json"))
	if err != nil || len(paths) != 1 {
		t.Fatalf("journals: %v, %v", paths, err)
	}
	return paths[0]
}

func read(t *testing.T, dir string) string {
	t.Helper()
	text, err := os.ReadFile(journalPath(t, dir))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
