package vaultdev

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/hashicorp/vault/api"
)

// initialise initialises Vault once. The recovery key is one share of one: this
// is for development. Root token and recovery key go to files of the owner alone.
func (c Config) initialise(ctx context.Context) error {
	client, err := c.Client(c.Address(), "")
	if err != nil {
		return err
	}
	done, err := client.Sys().InitStatusWithContext(ctx)
	if err != nil {
		return fmt.Errorf("asking whether Vault is initialised: %v", err)
	}
	if done {
		if !exists(c.RootTokenFile()) {
			return fmt.Errorf("%s is missing, so this Vault cannot be used: run `make dev-clean`", c.RootTokenFile())
		}
		return nil
	}
	if err := writeFile(c.halfMadeFile(), nil); err != nil {
		return err
	}
	c.say("initialising Vault; hsmseald wraps its root key in the HSM")
	answer, err := client.Sys().InitWithContext(ctx, &api.InitRequest{RecoveryShares: 1, RecoveryThreshold: 1})
	if err != nil {
		return fmt.Errorf("initialising Vault: %v", err)
	}
	if len(answer.RecoveryKeysB64) != 1 {
		return fmt.Errorf("initialising Vault: %d recovery keys instead of one", len(answer.RecoveryKeysB64))
	}
	if err := writeFile(c.RecoveryKeyFile(), []byte(answer.RecoveryKeysB64[0])); err != nil {
		return err
	}
	if err := writeFile(c.RootTokenFile(), []byte(answer.RootToken)); err != nil {
		return err
	}
	return os.Remove(c.halfMadeFile())
}

// halfMadeFile is there from before Vault is initialised until its recovery key
// and root token are stored.
func (c Config) halfMadeFile() string { return c.path("initialising") }

// discardHalfMade removes a Vault whose initialisation was interrupted before its
// root token was stored: nobody has ever used it, and nobody ever could.
func (c Config) discardHalfMade(ctx context.Context) error {
	if !exists(c.halfMadeFile()) {
		return nil
	}
	if !exists(c.RootTokenFile()) {
		c.say("an earlier run was interrupted while it initialised Vault: that Vault is of no use, starting over")
		if err := errors.Join(c.StopVault(ctx), os.RemoveAll(c.path("raft")), os.Mkdir(c.path("raft"), 0o700)); err != nil {
			return fmt.Errorf("removing a half-made Vault: %v", err)
		}
	}
	return os.Remove(c.halfMadeFile())
}
