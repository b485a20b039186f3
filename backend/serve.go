package backend

import (
	"fmt"
	"os"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/vault/api"
	"github.com/hashicorp/vault/sdk/logical"
	"github.com/hashicorp/vault/sdk/plugin"
)

// Version is the release of all of Palisade's plugins, as Vault's catalog wants it: "v" and
// a semantic version.
const Version = "v0.1.0"

// Serve is the whole main function of a Vault plugin: it serves factory to the Vault that
// started the process, many mounts in one process, until that Vault goes away.
func Serve(factory logical.Factory) {
	log := hclog.New(&hclog.LoggerOptions{Output: os.Stderr, JSONFormat: true})
	if err := serve(factory, os.Args[1:]); err != nil {
		log.Error("plugin ends", "error", err)
		os.Exit(1)
	}
}

func serve(factory logical.Factory, args []string) error {
	meta := &api.PluginAPIClientMeta{}
	if err := meta.FlagSet().Parse(args); err != nil {
		return fmt.Errorf("failed to parse the plugin's flags: %w", err)
	}
	// AutoMTLS secures the connection; the provider serves Vaults older than it.
	return plugin.ServeMultiplex(&plugin.ServeOpts{
		BackendFactoryFunc: factory,
		TLSProviderFunc:    api.VaultPluginTLSProvider(meta.GetTLSConfig()),
	})
}
