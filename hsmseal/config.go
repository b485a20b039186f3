package hsmseal

import (
	"io/fs"
	"path/filepath"

	"github.com/palisade-vault/palisade/hsmseal/envelope"
	"github.com/palisade-vault/palisade/hsmseal/worker"
)

// Config is a checked configuration of the daemon. LoadConfig makes it.
type Config struct {
	// StateDir is an absolute path: tenants' states, token hashes and the PIN
	// guards' journals. It is part of what must be backed up.
	StateDir string
	// Listener is where the daemon serves.
	Listener ListenerConfig
	// Tokens are the HSM tokens, at least one, with unique names.
	Tokens []TokenConfig
	// Tenants are whom the daemon serves, at least one, with unique names and
	// unique bindings.
	Tenants []TenantConfig
}

// ListenerConfig is a unix socket.
type ListenerConfig struct {
	// Path is absolute and at most 107 bytes, the kernel's limit.
	Path string
	// Mode is the socket's permission, 0600 when not configured.
	Mode fs.FileMode
}

// TokenConfig is one HSM token and how data keys are wrapped in it.
type TokenConfig struct {
	worker.Config
	// Mechanism is the registry name of the wrapping mechanism, "aes-gcm" when
	// not configured.
	Mechanism string
}

// TenantConfig is one Vault (or several that share a seal) that the daemon serves.
type TenantConfig struct {
	// Name is the operator's name of the tenant; it names files in StateDir.
	Name string
	// Binding is under which namespace, mount path and key name it calls, and
	// what its blobs are bound to. Changing it orphans every blob.
	Binding envelope.Tenant
	// Tokens names the tokens that hold its keys; all of them when not
	// configured. Every blob is wrapped for each.
	Tokens []string
	// AllowedUIDs narrows the callers to processes of these users; empty allows
	// any. It never grants: a client token is always needed too.
	AllowedUIDs []uint32
}

func (c Config) statePath(tenant string) string {
	return filepath.Join(c.StateDir, "tenants", tenant+".json")
}

func (c Config) hashesPath(tenant string) string {
	return filepath.Join(c.StateDir, "client-tokens", tenant)
}

// pinGuardDir is where workers note login attempts before making them.
func (c Config) pinGuardDir() string { return pinGuardDir(c.StateDir) }

func pinGuardDir(stateDir string) string { return filepath.Join(stateDir, "pin-guard") }

func (c Config) lockPath(name string) string {
	return filepath.Join(c.StateDir, name+".lock")
}

// Tenant returns the tenant of that name.
func (c Config) Tenant(name string) (TenantConfig, bool) {
	for _, tenant := range c.Tenants {
		if tenant.Name == name {
			return tenant, true
		}
	}
	return TenantConfig{}, false
}
