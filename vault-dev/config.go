package vaultdev

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
)

// Config says where a development Vault lives and how it may be reached.
type Config struct {
	// Root is the project's folder, which holds go.mod. Required.
	Root string
	// Dir is the state folder. Required, absolute.
	Dir string
	// Port is the first of the four consecutive ports that are used: API, its
	// cluster port, the listener that trusts X-Forwarded-For, and its cluster port.
	Port int
	// Out gets a line for each thing that is done. Required; io.Discard is quiet.
	Out io.Writer
	// FindVaultOnly makes a missing vault an error instead of a long build.
	FindVaultOnly bool
	// Self is the dev command, a copy of which supervises hsmseald; empty is the
	// running program. Tests, which are another program, set it.
	Self string
}

const defaultPort = 8200

// ConfigFromEnvironment reads PALISADE_DEV_DIR and PALISADE_DEV_PORT and finds
// the project's folder above the working one.
func ConfigFromEnvironment(out io.Writer) (Config, error) {
	root, err := FindRoot()
	if err != nil {
		return Config{}, err
	}
	config := Config{Root: root, Dir: filepath.Join(root, "vault-dev", "run"), Port: defaultPort, Out: out}
	if dir := os.Getenv("PALISADE_DEV_DIR"); dir != "" {
		if config.Dir, err = filepath.Abs(dir); err != nil {
			return Config{}, fmt.Errorf("PALISADE_DEV_DIR: %v", err)
		}
	}
	if port := os.Getenv("PALISADE_DEV_PORT"); port != "" {
		config.Port, err = strconv.Atoi(port)
		if err != nil || config.Port < 1 || config.Port > 65532 {
			return Config{}, errors.New("PALISADE_DEV_PORT must be a number from 1 to 65532")
		}
	}
	return config, nil
}

// FindRoot returns the nearest folder, from the working one up, that holds both
// go.mod and vault-dev.
func FindRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("finding the project: %v", err)
	}
	for {
		_, module := os.Stat(filepath.Join(dir, "go.mod"))
		_, folder := os.Stat(filepath.Join(dir, "vault-dev"))
		if module == nil && folder == nil {
			return dir, nil
		}
		if filepath.Dir(dir) == dir {
			return "", errors.New("run this inside the project: no go.mod with a vault-dev folder beside it was found")
		}
		dir = filepath.Dir(dir)
	}
}

// Address is the URL of the listener that believes no header about where a
// client is.
func (c Config) Address() string { return fmt.Sprintf("https://127.0.0.1:%d", c.Port) }

// ForwardedAddress is the URL of the listener that takes the client's address
// from X-Forwarded-For when the connection comes from loopback.
func (c Config) ForwardedAddress() string { return fmt.Sprintf("https://127.0.0.1:%d", c.Port+2) }

// ClusterAddress is the URL under which Vault announces itself to other nodes.
func (c Config) ClusterAddress() string { return fmt.Sprintf("https://127.0.0.1:%d", c.Port+1) }
