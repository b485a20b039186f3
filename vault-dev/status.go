package vaultdev

import (
	"context"
	"fmt"

	"github.com/palisade-vault/palisade/vault-dev/process"
)

// Status prints what runs. It is an error when Vault or hsmseald does not.
func (c Config) Status(ctx context.Context) error {
	down := false
	for _, p := range []struct{ name, file string }{
		{"Vault", c.VaultPIDFile()},
		{"hsmseald", c.SealPIDFile()},
		{"hsmseald's supervisor", c.SupervisorPIDFile()},
	} {
		record, err := process.ReadRecord(p.file)
		if err != nil {
			return err
		}
		if !record.Alive() {
			c.say("%s does not run", p.name)
			down = true
			continue
		}
		c.say("%s runs, pid %d", p.name, record.PID)
	}
	if down {
		return fmt.Errorf("the development Vault in %s is not up; `make dev` starts it", c.Dir)
	}
	client, err := c.Client(c.Address(), "")
	if err != nil {
		return err
	}
	seal, err := client.Sys().SealStatusWithContext(ctx)
	if err != nil {
		return fmt.Errorf("asking Vault: %v", err)
	}
	c.say("%s: Vault %s, seal type %s, sealed %t, storage %s", c.Address(), seal.Version, seal.Type, seal.Sealed, seal.StorageType)
	return nil
}
