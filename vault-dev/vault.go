package vaultdev

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/vault/api"

	"github.com/palisade-vault/palisade/vault-dev/process"
)

const (
	// vaultStartTime bounds a start of Vault, unsealing and election included.
	vaultStartTime = 60 * time.Second
	// stopGrace is how long a process may take to end before it is killed.
	stopGrace = 15 * time.Second
)

// Client returns an API client of one of the two listeners. The caller's own
// VAULT_* variables do not reach it.
func (c Config) Client(address, token string) (*api.Client, error) {
	config := api.DefaultConfig()
	if config.Error != nil {
		return nil, fmt.Errorf("making an API client: %v", config.Error)
	}
	config.Address, config.AgentAddress, config.MaxRetries = address, "", 0
	if err := config.ConfigureTLS(&api.TLSConfig{CACert: c.CAFile()}); err != nil {
		return nil, fmt.Errorf("making an API client: %v", err)
	}
	client, err := api.NewClient(config)
	if err != nil {
		return nil, fmt.Errorf("making an API client: %v", err)
	}
	client.SetToken(token)
	client.ClearNamespace()
	return client, nil
}

// RootClient returns a client with the root token.
func (c Config) RootClient() (*api.Client, error) {
	token, err := readSecret(c.RootTokenFile())
	if err != nil {
		return nil, err
	}
	return c.Client(c.Address(), token)
}

// StartVault starts Vault where it does not run, and waits until it answers.
func (c Config) StartVault(ctx context.Context, binary string) error {
	running, err := process.ReadRecord(c.VaultPIDFile())
	if err != nil {
		return err
	}
	if running.Alive() {
		c.note("Vault runs already")
		return c.waitForVault(ctx, func(*api.HealthResponse) bool { return true })
	}
	if err := c.freePorts(); err != nil {
		return err
	}
	socket, err := c.socketPath()
	if err != nil {
		return err
	}
	if err := errors.Join(c.ensureCertificates(time.Now()), c.renderVault(socket)); err != nil {
		return err
	}
	env, err := c.daemonEnvironment()
	if err != nil {
		return err
	}
	c.say("starting Vault at %s", c.Address())
	_, err = process.Start(process.Spec{
		Program: binary, Args: []string{"server", "-config", c.VaultConfigFile()},
		Env: env, Log: c.VaultLog(), PIDFile: c.VaultPIDFile(), Mark: binary,
	})
	if err != nil {
		return err
	}
	return c.waitForVault(ctx, func(*api.HealthResponse) bool { return true })
}

// StopVault ends Vault and the plugin processes that a killed one left running.
func (c Config) StopVault(ctx context.Context) error {
	return errors.Join(process.Stop(ctx, c.VaultPIDFile(), stopGrace), c.reap(ctx, "plugins"))
}

// reap ends every process that runs a program of that folder of the state.
func (c Config) reap(ctx context.Context, folder string) error {
	orphans, err := process.RunningFrom(c.path(folder))
	for _, orphan := range orphans {
		err = errors.Join(err, orphan.End(ctx, time.Second))
	}
	return err
}

// WaitUnsealed waits until Vault is initialised, unsealed and active.
func (c Config) WaitUnsealed(ctx context.Context) error {
	return c.waitForVault(ctx, func(h *api.HealthResponse) bool { return h.Initialized && !h.Sealed && !h.Standby })
}

// waitForVault waits until /sys/health answers what ready wants. It gives up when
// Vault's process ends.
func (c Config) waitForVault(ctx context.Context, ready func(*api.HealthResponse) bool) error {
	client, err := c.Client(c.Address(), "")
	if err != nil {
		return err
	}
	record, err := process.ReadRecord(c.VaultPIDFile())
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, vaultStartTime)
	defer cancel()
	var last string
	var gone bool
	err = process.Poll(ctx, func() bool {
		if gone = !record.Alive(); gone {
			return true
		}
		health, err := client.Sys().HealthWithContext(ctx)
		if err != nil {
			last = err.Error()
			return false
		}
		last = fmt.Sprintf("initialized %t, sealed %t, standby %t", health.Initialized, health.Sealed, health.Standby)
		return ready(health)
	})
	switch {
	case gone:
		return fmt.Errorf("the vault process has ended; the end of %s:\n%s", c.VaultLog(), process.Tail(c.VaultLog(), 12))
	case err != nil:
		return fmt.Errorf("no answer from Vault as it should be within %s (%s); the end of %s:\n%s",
			vaultStartTime, last, c.VaultLog(), process.Tail(c.VaultLog(), 12))
	}
	return nil
}
