package vaultdev

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/hashicorp/vault/api"
)

// The programs that only `make bench` needs.
const (
	// TransitProgram is Vault's own transit as a plugin.
	TransitProgram = "bench-transit"
	// FloorProgram is the plugin that does nothing.
	FloorProgram = "bench-floor"
	// OtherProgram is another build of pqtransit.
	OtherProgram = "bench-other"
)

// BuildBenchPlugins compiles them into bin/, the first from Vault's own source.
func (c Config) BuildBenchPlugins(ctx context.Context) error {
	c.say("building transit as a plugin, and a plugin that does nothing, into %s", c.Bin())
	return c.withLock(ctx, filepath.Join(c.Bin(), ".lock"), func() error {
		if err := c.goBuild(ctx, filepath.Join(c.Bin(), FloorProgram), "./vault-dev/cmd/"+FloorProgram, "0"); err != nil {
			return err
		}
		tools := c
		tools.Root = filepath.Join(c.Root, "vault-dev", "tools")
		return tools.goBuild(ctx, filepath.Join(c.Bin(), TransitProgram), "github.com/hashicorp/vault/builtin/logical/transit/cmd/transit", "0")
	})
}

// MountProgram registers a program as a secrets engine of that name, without a version, and
// mounts it there. It answers the hexadecimal SHA-256 by which the mount runs.
func (c Config) MountProgram(ctx context.Context, client *api.Client, name, path string) (sum string, err error) {
	program, err := c.installFile(path, name, "plugins")
	if err != nil {
		return "", err
	}
	err = client.Sys().RegisterPluginWithContext(ctx, &api.RegisterPluginInput{
		Name: name, Type: api.PluginTypeSecrets, Command: filepath.Base(program.path), SHA256: program.sum,
	})
	if err != nil {
		return "", fmt.Errorf("registering %s: %v", name, err)
	}
	if err := client.Sys().MountWithContext(ctx, name, &api.MountInput{Type: name}); err != nil {
		return "", fmt.Errorf("mounting %s: %v", name, err)
	}
	return program.sum, nil
}

// PluginFolder is where Vault finds plugins.
func (c Config) PluginFolder() string { return c.path("plugins") }
