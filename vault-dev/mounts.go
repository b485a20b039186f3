package vaultdev

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/vault/api"

	"github.com/palisade-vault/palisade/backend"
)

// ensureMount registers the plugin and sees to it that its mount is there, uses
// the registered program and is tuned.
func (c Config) ensureMount(ctx context.Context, client *api.Client, p plugin) error {
	program, err := c.install(p.program, "plugins")
	if err != nil {
		return err
	}
	if err := c.register(ctx, client, p, program); err != nil {
		return err
	}
	before, err := mounted(ctx, client, p)
	if err != nil {
		return err
	}
	if before == nil {
		c.say("mounting %s", p.mount)
		if err := mount(ctx, client, p); err != nil {
			return err
		}
	}
	tune := p.tune
	tune.PluginVersion = new(backend.Version)
	tuneErr := client.Sys().TuneMountAllowNilWithContext(ctx, strings.TrimSuffix(p.mount, "/"), tune)
	if tuneErr != nil {
		return fmt.Errorf("tuning %s: %v", p.mount, tuneErr)
	}
	// What the mount itself says decides: an earlier run may have been interrupted
	// between the registration and the reload.
	if before != nil && before.RunningSha256 != program.sum {
		return c.reload(ctx, client, p, program)
	}
	return nil
}

// mounted is how Vault describes the plugin's mount; nil when there is none.
func mounted(ctx context.Context, client *api.Client, p plugin) (*api.MountOutput, error) {
	if p.kind == api.PluginTypeCredential {
		mounts, err := client.Sys().ListAuthWithContext(ctx)
		return mounts[strings.TrimPrefix(p.mount, "auth/")], err
	}
	mounts, err := client.Sys().ListMountsWithContext(ctx)
	return mounts[p.mount], err
}

func mount(ctx context.Context, client *api.Client, p plugin) error {
	input := &api.MountInput{Type: p.name, Config: api.MountConfigInput{PluginVersion: backend.Version}}
	var err error
	if p.kind == api.PluginTypeCredential {
		err = client.Sys().EnableAuthWithOptionsWithContext(ctx, strings.TrimPrefix(p.mount, "auth/"), input)
	} else {
		err = client.Sys().MountWithContext(ctx, p.mount, input)
	}
	if err != nil {
		return fmt.Errorf("mounting %s: %v", p.mount, err)
	}
	return nil
}
