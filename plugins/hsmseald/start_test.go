package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/palisade-vault/palisade/hsmseal"
	"github.com/palisade-vault/palisade/hsmseal/hsmtest"
)

func TestStartsThatFail(t *testing.T) {
	for _, test := range []struct {
		name  string
		fault func(*testing.T, *site)
		// want is what one line on standard error must say.
		want []string
	}{
		{"missing module", func(t *testing.T, s *site) {
			edit(t, s.config, s.hsm.Module, "/nowhere/libhsm.so")
		}, []string{`token "softhsm"`, "PKCS#11 module", "/nowhere/libhsm.so"}},
		{"missing PIN file", func(t *testing.T, s *site) {
			edit(t, s.config, s.hsm.PINFile, "/nowhere/pin")
		}, []string{`token "softhsm"`, "/nowhere/pin"}},
		{"readable PIN file", func(t *testing.T, s *site) {
			if err := os.Chmod(s.hsm.PINFile, 0o644); err != nil {
				t.Fatal(err)
			}
		}, []string{`token "softhsm"`, "chmod 600"}},
		{"damaged state", func(t *testing.T, s *site) {
			edit(t, filepath.Join(s.dir, "state", "tenants", "dev.json"), `"current"`, `"currant"`)
		}, []string{`tenant "dev"`, "dev.json is damaged, restore it from a backup"}},
		{"another token in its place", func(t *testing.T, s *site) {
			s.configure(t, hsmtest.New(t))
		}, []string{`tenant "dev"`, "wrapping key is lost", "no new key was made"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSite(t)
			s.serve(t).end(t, syscall.SIGTERM)
			test.fault(t, s)
			got := s.run(t, "serve", "-config", s.config, "-log-level=off")
			if got.code != 1 || strings.Count(got.stderr, "\n") != 1 {
				t.Errorf("ends with %d and says: %s", got.code, got.stderr)
			}
			for _, want := range test.want {
				if !strings.Contains(got.stderr, want) {
					t.Errorf("does not say %q: %s", want, got.stderr)
				}
			}
		})
	}
}

func TestWrongPINIsTriedOnce(t *testing.T) {
	s := newSite(t)
	if err := os.WriteFile(s.hsm.PINFile, []byte("000000"), 0o600); err != nil {
		t.Fatal(err)
	}
	journal := func() string {
		paths, err := filepath.Glob(filepath.Join(s.dir, "state", "pin-guard", "*.json"))
		if err != nil || len(paths) != 1 {
			t.Fatalf("journals %v, %v", paths, err)
		}
		data, err := os.ReadFile(paths[0])
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	var first string
	for range 3 {
		got := s.run(t, "serve", "-config", s.config, "-log-level=off")
		if got.code != 1 || strings.Count(got.stderr, "\n") != 1 || strings.Contains(got.stderr, "000000") {
			t.Fatalf("ends with %d and says: %s", got.code, got.stderr)
		}
		for _, want := range []string{`tenant "dev"`, `token "softhsm"`, "correct the PIN"} {
			if !strings.Contains(got.stderr, want) {
				t.Errorf("does not say %q: %s", want, got.stderr)
			}
		}
		if first == "" {
			first = journal()
			if !strings.Contains(got.stderr, "CKR_PIN_INCORRECT") {
				t.Errorf("the first start does not say that the token refused the PIN: %s", got.stderr)
			}
		}
		// Every attempt is written down before it is made.
		if !strings.Contains(first, "wrong") || journal() != first {
			t.Errorf("another attempt was made: %s, then %s", first, journal())
		}
	}
	if err := os.WriteFile(s.hsm.PINFile, []byte(s.hsm.PIN), 0o600); err != nil {
		t.Fatal(err)
	}
	s.serve(t)
}

// TestNoLoginBeforeTheRest: what is wrong with the listener or with another
// token is found before any token is asked to take a PIN.
func TestNoLoginBeforeTheRest(t *testing.T) {
	for _, test := range []struct {
		name  string
		fault func(*testing.T, *site)
		want  string
	}{
		{"listener", func(t *testing.T, s *site) {
			if err := os.WriteFile(s.socket, nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}, "is no socket"},
		{"module of the second token", func(t *testing.T, s *site) {
			edit(t, s.config, `tenant "dev"`, "token \"b\" {\nmodule = \"/nowhere/libhsm.so\"\nlabel = \"b\"\npin_fd = 3\n}\ntenant \"dev\"")
		}, "/nowhere/libhsm.so"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSite(t)
			test.fault(t, s)
			got := s.run(t, "serve", "-config", s.config, "-log-level=off")
			if got.code != 1 || !strings.Contains(got.stderr, test.want) {
				t.Errorf("ends with %d and says: %s", got.code, got.stderr)
			}
			if journals, err := filepath.Glob(filepath.Join(s.dir, "state", "pin-guard", "*.json")); err != nil || len(journals) != 0 {
				t.Errorf("a token was logged in to: %v, %v", journals, err)
			}
		})
	}
}

// TestPINDescriptorsStayInTheDaemon: no token's library inherits another's PIN.
func TestPINDescriptorsStayInTheDaemon(t *testing.T) {
	s := newSite(t)
	edit(t, s.config, `tenant "dev"`, fmt.Sprintf("token \"b\" {\nmodule = %q\nlabel = \"none\"\npin_fd = 7\n}\ntenant \"dev\"", s.hsm.Module))
	edit(t, s.config, `mount_path =`, "tokens = [\"softhsm\"]\nmount_path =")
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	pipe, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", reader.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	d := s.launch(t, reader, reader, reader, reader, reader) // 3 to 7
	d.await(t, "plugin started")                             // while the second PIN is yet to come
	for _, worker := range children(t, d.cmd.Process.Pid) {
		if target, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/7", worker)); err == nil && target == pipe {
			t.Errorf("worker %d has the PIN's pipe open", worker)
		}
	}
	if _, err := writer.WriteString("123456"); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(writer.Close(), reader.Close()); err != nil {
		t.Fatal(err)
	}
	d.await(t, "ready")
}

func TestTwoDaemonsOnOneState(t *testing.T) {
	s := newSite(t)
	s.serve(t)
	if got := s.run(t, "serve", "-config", s.config); got.code != 1 || !strings.Contains(got.stderr, "another daemon runs") {
		t.Errorf("ends with %d and says: %s", got.code, got.stderr)
	}
}

func TestCheck(t *testing.T) {
	s := newSite(t)
	report := func(code int) hsmseal.Report {
		t.Helper()
		got := s.run(t, "check", "-config", s.config, "-format=json", "-log-level=off")
		var out hsmseal.Report
		if err := json.Unmarshal([]byte(got.stdout), &out); err != nil || got.code != code || len(out.Tenants) != 1 {
			t.Fatalf("ends with %d: %s%s", got.code, got.stdout, got.stderr)
		}
		return out
	}
	if before := report(0); !before.OK || before.Tenants[0].KeyID != "" || len(before.Tenants[0].Notes) != 2 {
		t.Errorf("before the first serve: %+v", before)
	}
	s.serve(t)
	s.token(t)
	if beside := report(0); !beside.OK || !strings.HasPrefix(beside.Tenants[0].KeyID, "v1-") || beside.Tenants[0].ClientTokens != 1 {
		t.Errorf("beside a daemon: %+v", beside)
	}
	s.configure(t, hsmtest.New(t))
	if after := report(1); after.OK || !strings.Contains(after.Tenants[0].Error, "wrapping key is lost") {
		t.Errorf("with another token: %+v", after)
	}
	if text := s.run(t, "check", "-config", s.config, "-log-level=off"); text.code != 1 || !strings.Contains(text.stdout, `tenant "dev": FAILED`) {
		t.Errorf("in words: %s%s", text.stdout, text.stderr)
	}
}

func edit(t *testing.T, path, old, replacement string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.Replace(string(data), old, replacement, 1)
	if changed == string(data) {
		t.Fatalf("%s has no %q", path, old)
	}
	if err := os.WriteFile(path, []byte(changed), 0o600); err != nil {
		t.Fatal(err)
	}
}
