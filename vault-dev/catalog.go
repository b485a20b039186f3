package vaultdev

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/hashicorp/vault/api"

	"github.com/palisade-vault/palisade/backend"
)

// plugin is one of ours in Vault's catalog and at its mount.
type plugin struct {
	kind    api.PluginType
	name    string // in the catalog
	program string
	mount   string // as sys/plugins/reload wants it
	tune    api.TuneMountConfigInput
}

// plugins lists what is registered and mounted. User-Agent is the only request
// header passed on: the mount would also get a listed Authorization in clear.
func plugins() []plugin {
	return []plugin{
		{
			kind: api.PluginTypeSecrets, name: "pqtransit", program: pqtransitProgram, mount: "pqtransit/",
			tune: api.TuneMountConfigInput{
				AuditNonHMACRequestKeys:  &[]string{"type", "parameter_set", "key_version", "min_decryption_version", "min_encryption_version"},
				AuditNonHMACResponseKeys: &[]string{"name", "type", "latest_version", "key_version"},
			},
		},
		{
			kind: api.PluginTypeCredential, name: "threatauth", program: threatauthProgram, mount: "auth/threatauth/",
			tune: api.TuneMountConfigInput{
				PassthroughRequestHeaders: &[]string{"User-Agent"},
				AuditNonHMACRequestKeys:   &[]string{"mode", "format"},
				AuditNonHMACResponseKeys:  &[]string{"request_id", "outcome", "reasons"},
			},
		},
	}
}

// register puts the plugin's program into the catalog by its SHA-256.
func (c Config) register(ctx context.Context, client *api.Client, p plugin, program installed) error {
	known, err := client.Sys().GetPluginWithContext(ctx, &api.GetPluginInput{Name: p.name, Type: p.kind, Version: backend.Version})
	if err == nil && known.SHA256 == program.sum && known.Command == filepath.Base(program.path) {
		return nil
	}
	c.say("registering %s %s in Vault's catalog, SHA-256 %s…", p.name, backend.Version, program.sum[:16])
	err = client.Sys().RegisterPluginWithContext(ctx, &api.RegisterPluginInput{
		Name: p.name, Type: p.kind, Version: backend.Version,
		Command: filepath.Base(program.path), SHA256: program.sum,
	})
	if err != nil {
		return fmt.Errorf("registering %s: %v", p.name, err)
	}
	return nil
}

// reload makes a mount use the program that is in the catalog now, and removes
// the one it used before.
func (c Config) reload(ctx context.Context, client *api.Client, p plugin, program installed) error {
	_, err := client.Logical().WriteWithContext(ctx, "sys/plugins/reload/backend", map[string]any{"mounts": []string{p.mount}})
	if err != nil {
		return fmt.Errorf("reloading %s: %v", p.mount, err)
	}
	return c.prune(p.program, "plugins", program)
}
