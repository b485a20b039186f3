package vaultdev_test

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	vaultdev "github.com/palisade-vault/palisade/vault-dev"
)

func TestVaultVersions(t *testing.T) {
	for _, test := range []struct{ name, says, want string }{
		{"oldest that serves", "Vault v1.21.0 (abc), built today", ""},
		{"later minor", "Vault v1.99.3", ""},
		{"later major", "Vault v2.0.1+ent", ""},
		{"too old", "Vault v1.20.9", "1.21 or later is needed"},
		{"before one", "Vault v0.11.0", "1.21 or later is needed"},
		{"not Vault", "hello", "does not tell its version"},
		{"absurd number", "Vault v99999999999999999999.21.0", "is needed"},
	} {
		t.Run(test.name, func(t *testing.T) {
			program := filepath.Join(t.TempDir(), "vault")
			script := "#!/bin/sh\necho '" + test.says + "'\n"
			if err := os.WriteFile(program, []byte(script), 0o700); err != nil {
				t.Fatal(err)
			}
			t.Setenv("VAULT_BIN", program)
			found, err := vaultdev.Config{Root: t.TempDir(), Out: t.Output()}.FindVault(t.Context())
			switch {
			case test.want == "" && (err != nil || found != program):
				t.Errorf("got %q, %v", found, err)
			case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
				t.Errorf("got %q, %v; want an error with %q", found, err, test.want)
			}
		})
	}
}

func TestVaultIsNamedWhenMissing(t *testing.T) {
	t.Setenv("VAULT_BIN", "")
	t.Setenv("PATH", t.TempDir())
	_, err := vaultdev.Config{Root: t.TempDir(), Out: t.Output(), FindVaultOnly: true}.Vault(t.Context())
	if err == nil || !strings.Contains(err.Error(), "make vault") {
		t.Errorf("got %v; want an error that says how to get one", err)
	}
	t.Setenv("VAULT_BIN", "/does/not/exist")
	if _, err := (vaultdev.Config{Root: t.TempDir(), Out: t.Output()}).Vault(t.Context()); err == nil {
		t.Error("a VAULT_BIN that is not there is silently passed over")
	}
}

func TestEnvironmentVariables(t *testing.T) {
	for _, test := range []struct {
		name, port, dir string
		wantErr         bool
	}{
		{name: "defaults"},
		{name: "both", port: "18200", dir: "/somewhere"},
		{name: "port is no number", port: "x", wantErr: true},
		{name: "no room for four ports", port: "65533", wantErr: true},
		{name: "port zero", port: "0", wantErr: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Setenv("PALISADE_DEV_PORT", test.port)
			t.Setenv("PALISADE_DEV_DIR", test.dir)
			config, err := vaultdev.ConfigFromEnvironment(t.Output())
			if (err != nil) != test.wantErr {
				t.Fatalf("error is %v", err)
			}
			if err == nil && test.dir != "" && (config.Dir != test.dir || config.Port != 18200) {
				t.Errorf("got %+v", config)
			}
		})
	}
}

func TestCleanSparesForeignFolders(t *testing.T) {
	foreign := t.TempDir()
	precious := filepath.Join(foreign, "precious")
	if err := os.WriteFile(precious, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	config := vaultdev.Config{Dir: foreign, Out: t.Output()}
	if err := config.Clean(t.Context()); err == nil {
		t.Error("a folder that is not ours was accepted")
	}
	if _, err := os.Stat(precious); err != nil {
		t.Errorf("its content is gone: %v", err)
	}
}

// What cannot work is said at once, before anything is built or made.
func TestStateFolderThatCannotServe(t *testing.T) {
	foreign, file := t.TempDir(), filepath.Join(t.TempDir(), "file")
	for _, path := range []string{file, filepath.Join(foreign, "precious")} {
		if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct{ name, dir, want string }{
		{"comment of SoftHSM's configuration", "/tmp/a#b", `has "#" in its path`},
		{"separator of PATH", "/tmp/a:b", `has ":" in its path`},
		{"escape of a URL", "/tmp/a%41", `has "%" in its path`},
		{"pattern", "/tmp/a[b", `has "[" in its path`},
		{"template", "/tmp/a${b}", `has "${" in its path`},
		{"line feed", "/tmp/a\nb", `has "\n" in its path`},
		{"somebody else's", foreign, "choose an empty folder"},
		{"a file", file, "not a directory"},
		{"below a file", filepath.Join(file, "run"), "not a directory"},
		{"nobody may write there", "/proc/palisade", "/proc/palisade"},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := vaultdev.Config{Root: "/nonexistent", Dir: test.dir, Port: 1, Out: t.Output()}.Up(t.Context())
			if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v; want one line with %q", err, test.want)
			}
		})
	}
}

func TestTakenPortIsNamedBeforeAnythingIsBuilt(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	port := listener.Addr().(*net.TCPAddr).Port
	err = vaultdev.Config{Root: "/nonexistent", Dir: t.TempDir(), Port: port, Out: t.Output()}.Up(t.Context())
	if want := fmt.Sprintf("port %d is taken", port); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v; want %q", err, want)
	}
}

func TestShellQuote(t *testing.T) {
	for _, test := range []struct{ name, give, want string }{
		{"plain", "/a/b-c_d.e@f", "/a/b-c_d.e@f"},
		{"blank", "/a b", "'/a b'"},
		{"quote", "it's", `'it'\''s'`},
		{"empty", "", "''"},
		{"dollar", "$HOME", "'$HOME'"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := vaultdev.ShellQuote(test.give); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

// A shell that has sourced the env file has our own link to vault on PATH.
func TestFindVaultFollowsLinks(t *testing.T) {
	real := filepath.Join(t.TempDir(), "vault")
	if err := os.WriteFile(real, []byte("#!/bin/sh\necho Vault v1.21.1\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	links := t.TempDir()
	if err := os.Symlink(real, filepath.Join(links, "vault")); err != nil {
		t.Fatal(err)
	}
	t.Setenv("VAULT_BIN", "")
	t.Setenv("PATH", links+":/usr/bin:/bin")
	found, err := vaultdev.Config{Root: t.TempDir(), Out: t.Output()}.FindVault(t.Context())
	if err != nil || found != real {
		t.Errorf("found %q, %v; want %q", found, err, real)
	}
}
