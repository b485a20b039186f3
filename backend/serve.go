package backend

import (
	"fmt"
	"os"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"github.com/hashicorp/vault/api"
	"github.com/hashicorp/vault/sdk/helper/pluginutil"
	"github.com/hashicorp/vault/sdk/logical"
	"github.com/hashicorp/vault/sdk/plugin"
)

// Version is the release of all of Palisade's plugins, as Vault's catalog wants it: "v" and
// a semantic version.
const Version = "v0.1.0"

// Serve is the whole main function of a Vault plugin: it serves factory to the Vault that
// started the process, many mounts in one process, until that Vault goes away.
func Serve(factory logical.Factory) {
	log := hclog.New(&hclog.LoggerOptions{Level: hclog.Trace, Output: os.Stderr, JSONFormat: true})
	if err := serve(factory, os.Args[1:], log); err != nil {
		log.Error("plugin ends", "error", err)
		os.Exit(1)
	}
}

// serve does what the sdk's ServeMultiplex does, on a gRPC server of our own.
func serve(factory logical.Factory, args []string, log hclog.Logger) error {
	meta := &api.PluginAPIClientMeta{}
	if err := meta.FlagSet().Parse(args); err != nil {
		return fmt.Errorf("failed to parse the plugin's flags: %w", err)
	}
	if err := pluginutil.OptionallyEnableMlock(); err != nil {
		return fmt.Errorf("failed to lock the plugin's memory: %w", err)
	}
	relaxCollector()
	direct := newDirect(log)
	goplugin.Serve(&goplugin.ServeConfig{
		HandshakeConfig:  plugin.HandshakeConfig,
		VersionedPlugins: versions(direct.factory(factory), log),
		// AutoMTLS secures the connection; the provider serves Vaults older than it.
		TLSProvider: api.VaultPluginTLSProvider(meta.GetTLSConfig()),
		GRPCServer:  direct.server,
		Logger:      log,
	})
	return nil
}

// versions are the protocols that Vaults speak: all of today's the last, which alone has
// several mounts in one process.
func versions(factory logical.Factory, log hclog.Logger) map[int]goplugin.PluginSet {
	sets := map[int]goplugin.PluginSet{}
	for version := 3; version <= 5; version++ {
		sets[version] = goplugin.PluginSet{
			plugin.BackendPluginName: &plugin.GRPCBackendPlugin{Factory: factory, Logger: log, MultiplexingSupport: version == 5},
		}
	}
	return sets
}
