package vaultdev

import (
	"context"
	"fmt"

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
	return writeFile(c.RootTokenFile(), []byte(answer.RootToken))
}
