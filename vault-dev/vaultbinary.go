package vaultdev

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"time"
)

// minimumMajor and minimumMinor are the oldest Vault that is supported.
const minimumMajor, minimumMinor = 1, 21

var versionPattern = regexp.MustCompile(`\bv(\d+)\.(\d+)\.`)

// FindVault returns the path of a vault of version 1.21 or later: $VAULT_BIN, else
// the one on PATH, else the project's own build. Only a VAULT_BIN that does not
// serve is an error; the empty path means that there is none.
func (c Config) FindVault(ctx context.Context) (string, error) {
	if named := os.Getenv("VAULT_BIN"); named != "" {
		path, err := exec.LookPath(named)
		if err != nil {
			return "", fmt.Errorf("VAULT_BIN: %v", err)
		}
		if err := checkVersion(ctx, path); err != nil {
			return "", fmt.Errorf("VAULT_BIN: %v", err)
		}
		return resolve(path)
	}
	for _, candidate := range []string{"vault", filepath.Join(c.Bin(), "vault")} {
		path, err := exec.LookPath(candidate)
		if err != nil {
			continue
		}
		if err := checkVersion(ctx, path); err != nil {
			c.note("not used: %v", err)
			continue
		}
		return resolve(path)
	}
	return "", nil
}

// resolve follows links: a shell that has sourced the env file finds our own
// link to vault on PATH.
func resolve(path string) (string, error) {
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return "", fmt.Errorf("finding vault: %v", err)
	}
	return filepath.Abs(path)
}

func checkVersion(ctx context.Context, path string) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, "version") //nolint:gosec // G702: the developer says which vault to run
	cmd.Env = cleanEnvironment()
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("%s does not tell its version: %v", path, err)
	}
	return checkVersionText(path, string(out))
}

func checkVersionText(path, text string) error {
	match := versionPattern.FindStringSubmatch(text)
	if match == nil {
		return fmt.Errorf("%s does not tell its version", path)
	}
	major, majorErr := strconv.Atoi(match[1])
	minor, minorErr := strconv.Atoi(match[2])
	if errors.Join(majorErr, minorErr) != nil || major < minimumMajor || major == minimumMajor && minor < minimumMinor {
		return fmt.Errorf("%s is version %s.%s; %d.%d or later is needed", path, match[1], match[2], minimumMajor, minimumMinor)
	}
	return nil
}

// Vault returns the path of a vault that serves, building one when there is none
// unless c.FindVaultOnly is set.
func (c Config) Vault(ctx context.Context) (string, error) {
	path, err := c.FindVault(ctx)
	if err != nil || path != "" {
		return path, err
	}
	if c.FindVaultOnly {
		return "", errors.New("no vault of version 1.21 or later: set VAULT_BIN, or run `make vault` to build one")
	}
	return c.buildVault(ctx)
}
