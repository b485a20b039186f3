package vaultdev

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// EnvFile is the shell file that exports how to reach this Vault.
func (c Config) EnvFile() string { return c.path("env") }

// Environment is what a command of the tour and of the tests runs with: a clean
// environment, the state's bin folder first on PATH, and the variables by which
// the vault command finds and trusts this Vault. The root token is left out when
// token is empty.
func (c Config) Environment(token string) []string {
	env := append(cleanEnvironment(),
		"PATH="+c.path("bin")+string(os.PathListSeparator)+os.Getenv("PATH"),
		"PALISADE_DEV_DIR="+c.Dir, fmt.Sprintf("PALISADE_DEV_PORT=%d", c.Port),
		"VAULT_ADDR="+c.Address(), "VAULT_CACERT="+c.CAFile())
	if token != "" {
		env = append(env, "VAULT_TOKEN="+token)
	}
	return env
}

// writeEnvFile writes EnvFile and links the vault that is used, palisade and age's plugin into the
// state's bin folder, which the file puts on PATH.
func (c Config) writeEnvFile(vault string) error {
	folder := c.path("bin")
	for name, target := range map[string]string{
		"vault":         vault,
		operatorProgram: filepath.Join(c.Bin(), operatorProgram),
		ageProgram:      filepath.Join(c.Bin(), ageProgram),
	} {
		if err := link(filepath.Join(folder, name), target); err != nil {
			return fmt.Errorf("linking %s: %v", name, err)
		}
	}
	token, err := readSecret(c.RootTokenFile())
	if err != nil {
		return err
	}
	var out strings.Builder
	for _, v := range [][2]string{
		{"VAULT_ADDR", c.Address()},
		{"VAULT_CACERT", c.CAFile()},
		{"VAULT_TOKEN", token},
		{"PALISADE_DEV_DIR", c.Dir},
		{"PALISADE_DEV_PORT", fmt.Sprint(c.Port)},
		{"PALISADE_FORWARDED_ADDR", c.ForwardedAddress()},
	} {
		fmt.Fprintf(&out, "export %s=%s\n", v[0], ShellQuote(v[1]))
	}
	fmt.Fprintf(&out, "export PATH=%s:\"$PATH\"\n", ShellQuote(folder))
	return writeFile(c.EnvFile(), []byte(out.String()))
}

// link makes path a symbolic link to target, at no moment without one.
func link(path, target string) error {
	if current, err := os.Readlink(path); err == nil && current == target {
		return nil
	}
	temporary := path + ".new"
	_ = os.Remove(temporary) // left by an interrupted run, if at all
	if err := os.Symlink(target, temporary); err != nil {
		return err
	}
	return os.Rename(temporary, path)
}

// ShellQuote makes s one word of a POSIX shell; plain words stay as they are.
func ShellQuote(s string) string {
	if plainWord.MatchString(s) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

var plainWord = regexp.MustCompile(`^[A-Za-z0-9_@%+=:,./-]+$`)
