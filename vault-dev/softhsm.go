package vaultdev

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// HSMLabel is the label of the SoftHSM token.
const HSMLabel = "palisade-dev"

// softHSMModules are where Debian, Ubuntu and others put SoftHSM's PKCS#11
// library: the places that scripts/install-deps.sh looks at.
var softHSMModules = []string{
	"/usr/lib/softhsm/libsofthsm2.so",
	"/usr/lib/*/softhsm/libsofthsm2.so",
	"/usr/lib64/pkcs11/libsofthsm2.so",
	"/usr/local/lib/softhsm/libsofthsm2.so",
}

// SoftHSMModule returns the path of SoftHSM's library.
func SoftHSMModule() (string, error) {
	for _, pattern := range softHSMModules {
		if found, err := filepath.Glob(pattern); err == nil && len(found) > 0 {
			return found[0], nil
		}
	}
	return "", errors.New("SoftHSM is not installed: run scripts/install-deps.sh")
}

// ensureToken makes the SoftHSM token with fresh random PINs, unless there is one.
func (c Config) ensureToken(ctx context.Context) error {
	module, err := SoftHSMModule()
	if err != nil {
		return err
	}
	config := fmt.Sprintf("directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n", c.path("hsm", "tokens"))
	if err := writeFile(c.path("hsm", "softhsm2.conf"), []byte(config)); err != nil {
		return err
	}
	// Written last, so that a half-made token is made again.
	complete := c.path("hsm", "complete")
	if exists(complete) {
		return nil
	}
	c.say("making a SoftHSM token with a fresh PIN")
	if err := errors.Join(os.RemoveAll(c.path("hsm", "tokens")), os.Mkdir(c.path("hsm", "tokens"), 0o700)); err != nil {
		return fmt.Errorf("clearing the token folder: %v", err)
	}
	if err := c.initToken(ctx, module); err != nil {
		return err
	}
	return writeFile(complete, nil)
}

// initToken hands the PINs over in the environment: a command line can be read
// by every user of the machine.
func (c Config) initToken(ctx context.Context, module string) error {
	officer, err := secretFile(c.path("hsm", "so-pin"))
	if err != nil {
		return err
	}
	user, err := secretFile(c.PINFile())
	if err != nil {
		return err
	}
	for _, args := range [][]string{
		{"--init-token", "--slot-index", "0", "--label", HSMLabel, "--so-pin", "env:SO_PIN"},
		{"--init-pin", "--token-label", HSMLabel, "--login", "--login-type", "so", "--so-pin", "env:SO_PIN", "--pin", "env:USER_PIN"},
	} {
		cmd := exec.CommandContext(ctx, "pkcs11-tool", append([]string{"--module", module}, args...)...)
		cmd.Env = append(os.Environ(), "SOFTHSM2_CONF="+c.path("hsm", "softhsm2.conf"), "SO_PIN="+officer, "USER_PIN="+user)
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("making the SoftHSM token (%s): %v\n%s", args[0], err, out)
		}
	}
	return nil
}
