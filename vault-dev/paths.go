package vaultdev

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// marker is the file that makes a folder ours, so that Clean removes no other.
const marker = ".palisade-dev"

// path returns a file of the state folder.
func (c Config) path(elements ...string) string {
	return filepath.Join(append([]string{c.Dir}, elements...)...)
}

// Bin is the project's folder of built programs.
func (c Config) Bin() string { return filepath.Join(c.Root, "bin") }

// CAFile is the certificate that signs Vault's own, in PEM.
func (c Config) CAFile() string { return c.path("tls", "ca.pem") }

// RootTokenFile holds Vault's root token.
func (c Config) RootTokenFile() string { return c.path("root-token") }

// RecoveryKeyFile holds the one recovery key share.
func (c Config) RecoveryKeyFile() string { return c.path("recovery-key") }

// AuditLog is the file audit device's output: one JSON object per line.
func (c Config) AuditLog() string { return c.path("logs", "audit.log") }

// VaultLog is what Vault prints.
func (c Config) VaultLog() string { return c.path("logs", "vault.log") }

// SealLog is what hsmseald and its supervisor print.
func (c Config) SealLog() string { return c.path("logs", "hsmseald.log") }

// PINFile holds the user PIN of the SoftHSM token.
func (c Config) PINFile() string { return c.path("hsm", "pin") }

// SealConfigFile is hsmseald's configuration.
func (c Config) SealConfigFile() string { return c.path("hsm", "hsmseald.hcl") }

// VaultConfigFile is Vault's configuration.
func (c Config) VaultConfigFile() string { return c.path("vault.hcl") }

// VaultPIDFile names the running Vault.
func (c Config) VaultPIDFile() string { return c.path("vault.pid") }

// SupervisorPIDFile names the process that keeps hsmseald running.
func (c Config) SupervisorPIDFile() string { return c.path("supervisor.pid") }

// SealPIDFile names the running hsmseald.
func (c Config) SealPIDFile() string { return c.path("hsmseald.pid") }

// UserPasswordFile holds the password of the first user, [UserName].
func (c Config) UserPasswordFile() string { return c.path(UserName + "-password") }

// unusable is what PATH, the URL of a socket, a file name pattern or one of the
// configuration files would not take as it stands.
var unusable = regexp.MustCompile(`[:%#*?\[\\[:cntrl:]]|\$\{`)

// makeFolders lays out the state folder and marks it as ours. A folder with
// other content is refused, since Clean would remove it.
func (c Config) makeFolders() error {
	if found := unusable.FindString(c.Dir); found != "" {
		return fmt.Errorf("the state folder %q has %q in its path, which Vault or SoftHSM would misread; set PALISADE_DEV_DIR to another", c.Dir, found)
	}
	entries, err := os.ReadDir(c.Dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("reading the state folder: %v", err)
	}
	if len(entries) > 0 && !exists(c.path(marker)) {
		return fmt.Errorf("%s holds files that are not a development Vault's; choose an empty folder", c.Dir)
	}
	if err := c.mark(); err != nil {
		return fmt.Errorf("making the state folder: %v", err)
	}
	for _, name := range []string{"tls", "hsm", "hsm/tokens", "hsm/state", "raft", "logs", "bin", "plugins"} {
		if err := os.MkdirAll(c.path(name), 0o700); err != nil {
			return fmt.Errorf("making the state folder: %v", err)
		}
	}
	return nil
}

// mark makes the folder ours before anything else is in it, so that what an
// interrupted start leaves can be resumed and removed. That the file is there is
// all that counts: it needs not be whole.
func (c Config) mark() error {
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return err
	}
	return os.WriteFile(c.path(marker), []byte("This folder belongs to the development Vault; `make dev-clean` removes it.\n"), 0o600)
}

func exists(path string) bool {
	_, err := os.Stat(path) //nolint:gosec // G703: the developer says where the state lies
	return err == nil
}

// writeFile stores a file for the owner alone, whole or not at all.
func writeFile(path string, content []byte) error {
	temporary := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".new")
	if err := os.WriteFile(temporary, content, 0o600); err != nil {
		return fmt.Errorf("writing %s: %v", path, err)
	}
	return os.Rename(temporary, path)
}

// readSecret reads a one-line file of ours.
func readSecret(path string) (string, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("reading %s: %v", path, err)
	}
	return strings.TrimSpace(string(raw)), nil
}
