package vaultdev

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/hashicorp/vault/api"
)

// Up brings the development Vault up, from nothing or from a stop, and sets it
// up. When it returns without an error, hsmseald and Vault run, Vault is
// unsealed, and plugins, mounts, policies, the first user and the feed are there.
func (c Config) Up(ctx context.Context) error {
	// First what fails at once: building Vault takes minutes.
	if err := c.makeFolders(); err != nil {
		return err
	}
	if err := c.checkPorts(); err != nil {
		return err
	}
	if err := c.installPackages(ctx); err != nil {
		return err
	}
	binary, err := c.Vault(ctx)
	if err != nil {
		return err
	}
	if err := c.BuildPlugins(ctx); err != nil {
		return err
	}
	return c.withLock(ctx, c.path("lock"), func() error {
		if err := c.start(ctx, binary); err != nil {
			return err
		}
		return c.setUp(ctx)
	})
}

// start brings both daemons up, in the order in which Vault needs them.
func (c Config) start(ctx context.Context, binary string) error {
	for _, step := range []func(context.Context) error{
		c.discardHalfMade,
		c.ensureToken,
		c.startSeal,
		func(ctx context.Context) error { return c.StartVault(ctx, binary) },
		c.initialise,
		c.WaitUnsealed,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	c.note("Vault is unsealed by the HSM")
	return c.writeEnvFile(binary)
}

// setUp brings what lives inside Vault to what it should be.
func (c Config) setUp(ctx context.Context) error {
	client, err := c.RootClient()
	if err != nil {
		return err
	}
	steps := []func(context.Context, *api.Client) error{c.ensureAudit, c.ensurePolicies}
	for _, p := range plugins() {
		steps = append(steps, func(ctx context.Context, client *api.Client) error { return c.ensureMount(ctx, client, p) })
	}
	for _, step := range append(steps, c.ensureUser, c.ensureFeed) {
		if err := step(ctx, client); err != nil {
			return err
		}
	}
	return nil
}

// Restart ends Vault and starts it again, so that it has to unseal.
func (c Config) Restart(ctx context.Context) error {
	binary, err := os.Readlink(c.path("bin", "vault"))
	if err != nil {
		return errors.New("nothing to restart: run `make dev` first")
	}
	return c.withLock(ctx, c.path("lock"), func() error {
		c.say("stopping Vault")
		if err := c.StopVault(ctx); err != nil {
			return err
		}
		if err := c.StartVault(ctx, binary); err != nil {
			return err
		}
		return c.WaitUnsealed(ctx)
	})
}

// Stop ends Vault, its plugins, hsmseald and its supervisor. The state stays.
func (c Config) Stop(ctx context.Context) error {
	if !exists(c.path(marker)) {
		c.say("nothing to stop: %s holds no development Vault", c.Dir)
		return nil
	}
	return c.withLock(ctx, c.path("lock"), func() error { return c.stopAll(ctx) })
}

func (c Config) stopAll(ctx context.Context) error {
	c.say("stopping Vault")
	err := c.StopVault(ctx)
	c.say("stopping hsmseald")
	return errors.Join(err, c.stopSeal(ctx), c.reap(ctx, "bin"), c.emptySocketFolder())
}

// Clean stops everything and removes the state folder with all that is in it. A
// folder that is not a development Vault's is left alone.
func (c Config) Clean(ctx context.Context) error {
	if !exists(c.Dir) {
		c.say("nothing to clean: there is no %s", c.Dir)
		return nil
	}
	if !exists(c.path(marker)) {
		return fmt.Errorf("%s holds no development Vault: not removed", c.Dir)
	}
	return c.withLock(ctx, c.path("lock"), func() error {
		if err := errors.Join(c.stopAll(ctx), c.removeShortFolder()); err != nil {
			return err
		}
		return c.remove()
	})
}

// remove empties the state folder before it removes the marker with it, so that
// an interrupted run can be repeated.
func (c Config) remove() error {
	c.say("removing %s", c.Dir)
	entries, err := os.ReadDir(c.Dir)
	if err != nil {
		return fmt.Errorf("reading the state folder: %v", err)
	}
	for _, entry := range entries {
		if entry.Name() == marker {
			continue
		}
		if err := os.RemoveAll(c.path(entry.Name())); err != nil {
			return fmt.Errorf("removing the state: %v", err)
		}
	}
	return os.RemoveAll(c.Dir)
}
