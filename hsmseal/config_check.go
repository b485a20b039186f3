package hsmseal

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/palisade-vault/palisade/hsmseal/envelope"
	"github.com/palisade-vault/palisade/hsmseal/mechanism"
	"github.com/palisade-vault/palisade/hsmseal/worker"
)

const (
	defaultMechanism = "aes-gcm"
	defaultMode      = 0o600
	// maxSocketPath is sun_path of unix(7) without its final NUL.
	maxSocketPath = 107
)

var (
	namePattern    = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,62}$`)
	segmentPattern = regexp.MustCompile(`^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}$`)
)

// checker turns a configuration as written into a Config and remembers every
// fault with its place.
type checker struct {
	diags  hcl.Diagnostics
	pinFDs []int // of the tokens so far
}

func (c *checker) fail(at hcl.Range, format string, a ...any) {
	c.diags = append(c.diags, &hcl.Diagnostic{
		Severity: hcl.DiagError, Summary: fmt.Sprintf(format, a...), Subject: &at,
	})
}

func (c *checker) config(in fileConfig) Config {
	out := Config{StateDir: c.path("state_dir", in.StateDir, in.StateAt)}
	top := hcl.Range{Filename: in.StateAt.Filename, Start: hcl.InitialPos, End: hcl.InitialPos}
	if len(in.Listeners) != 1 {
		c.fail(top, "exactly one listener block is needed, there are %d", len(in.Listeners))
	} else {
		out.Listener = c.listener(in.Listeners[0])
	}
	for _, block := range in.Tokens {
		c.unique("token", block.Name, block.Def, slices.ContainsFunc(out.Tokens, func(t TokenConfig) bool { return t.Name == block.Name }))
		out.Tokens = append(out.Tokens, c.token(block, out.StateDir))
	}
	for _, block := range in.Tenants {
		tenant := c.tenant(block, out.Tokens)
		c.unique("tenant", block.Name, block.Def, slices.ContainsFunc(out.Tenants, func(t TenantConfig) bool { return t.Name == block.Name }))
		if slices.ContainsFunc(out.Tenants, func(t TenantConfig) bool { return t.Binding == tenant.Binding }) {
			c.fail(block.Def, "tenant %q has the namespace, mount_path and key_name of another tenant", block.Name)
		}
		out.Tenants = append(out.Tenants, tenant)
	}
	if len(in.Tokens) == 0 {
		c.fail(top, "at least one token block is needed")
	}
	if len(in.Tenants) == 0 {
		c.fail(top, "at least one tenant block is needed")
	}
	return out
}

func (c *checker) unique(kind, name string, at hcl.Range, taken bool) {
	if !namePattern.MatchString(name) {
		c.fail(at, "%s name %q must be 1 to 63 of a-z, 0-9, '_' and '-'", kind, name)
	}
	if taken {
		c.fail(at, "%s %q is defined twice", kind, name)
	}
}

// path demands an absolute, clean path: what a daemon opens must not depend on
// the directory it was started in.
func (c *checker) path(name, value string, at hcl.Range) string {
	if !filepath.IsAbs(value) || strings.ContainsRune(value, 0) {
		c.fail(at, "%s must be an absolute path", name)
	}
	return filepath.Clean(value)
}

func (c *checker) listener(in fileListener) ListenerConfig {
	if in.Type != "unix" {
		c.fail(in.Def, "listener type %q is not known, there is \"unix\"", in.Type)
	}
	out := ListenerConfig{Path: c.path("path", in.Path, in.PathAt), Mode: defaultMode}
	if len(out.Path) > maxSocketPath {
		c.fail(in.PathAt, "path has %d bytes, a unix socket's has at most %d", len(out.Path), maxSocketPath)
	}
	if in.Mode != "" {
		mode, err := strconv.ParseUint(in.Mode, 8, 32)
		if err != nil || mode > 0o777 || mode&0o600 != 0o600 {
			c.fail(in.ModeAt, "mode must be octal, from \"0600\" to \"0777\", and let the owner read and write")
		}
		out.Mode = fs.FileMode(mode)
	}
	return out
}

func (c *checker) token(in fileToken, stateDir string) TokenConfig {
	out := TokenConfig{Mechanism: in.Mechanism, Config: worker.Config{
		Name: in.Name, Module: c.path("module", in.Module, in.ModuleAt), Label: in.Label, Serial: in.Serial,
		PIN: worker.PINSource{File: in.PINFile, FD: in.PINFD}, Environment: in.Environment,
		StateDir: pinGuardDir(stateDir),
	}}
	if in.PINAt.Filename != "" {
		c.fail(in.PINAt, "pin is no parameter: configuration files get copied, mailed and committed; give pin_file or pin_fd")
		return out
	}
	given := in.PINFDAt.Filename != ""
	switch {
	case (in.PINFile != "") == given:
		c.fail(in.Def, "token %q needs exactly one of pin_file and pin_fd", in.Name)
	case given && slices.Contains(c.pinFDs, in.PINFD):
		c.fail(in.PINFDAt, "pin_fd %d is another token's: a descriptor can be read once", in.PINFD)
	case given && in.PINFD < 3:
		c.fail(in.PINFDAt, "pin_fd must be 3 or more: 0, 1 and 2 are the standard streams")
	case !given:
		out.PIN.File = c.path("pin_file", in.PINFile, in.PINFileAt)
	}
	if given {
		c.pinFDs = append(c.pinFDs, in.PINFD)
	}
	if out.Mechanism == "" {
		out.Mechanism = defaultMechanism
	}
	if _, known := mechanism.Lookup(out.Mechanism); !known {
		c.fail(in.MechanismAt, "mechanism %q is not known, there is %s", out.Mechanism, mechanismNames())
	}
	if in.Label == "" && in.Serial == "" {
		c.fail(in.Def, "token %q needs a label or a serial", in.Name)
	}
	if !c.diags.HasErrors() {
		if err := out.Validate(); err != nil {
			c.fail(in.Def, "%v", err)
		}
	}
	return out
}

func mechanismNames() string {
	var names []string
	for _, known := range mechanism.All() {
		names = append(names, strconv.Quote(known.Name))
	}
	return strings.Join(names, ", ")
}

func (c *checker) tenant(in fileTenant, tokens []TokenConfig) TenantConfig {
	out := TenantConfig{Name: in.Name, Binding: envelope.Tenant{
		Namespace: c.segments("namespace", in.Namespace, in.NamespaceAt),
		MountPath: c.segments("mount_path", in.MountPath, in.MountAt),
		KeyName:   in.KeyName,
	}}
	if out.Binding.MountPath == "" {
		c.fail(in.MountAt, "mount_path must not be empty")
	}
	if !segmentPattern.MatchString(in.KeyName) {
		c.fail(in.KeyAt, "key_name must be 1 to 128 of letters, digits, '.', '_' and '-', and not start with '.'")
	}
	for _, uid := range in.AllowedUIDs {
		if uid < 0 || uid >= 1<<32-1 {
			c.fail(in.UIDsAt, "allowed_uids: %d is no user id", uid)
			continue
		}
		out.AllowedUIDs = append(out.AllowedUIDs, uint32(uid))
	}
	out.Tokens = c.group(in, tokens)
	return out
}

// group is the tokens a tenant names, or all. A list that is given but empty
// would leave the tenant without keys, or allow everybody: it is refused.
func (c *checker) group(in fileTenant, tokens []TokenConfig) []string {
	if in.UIDsAt.Filename != "" && len(in.AllowedUIDs) == 0 {
		c.fail(in.UIDsAt, "allowed_uids is empty: leave it out to allow any user")
	}
	var all []string
	for _, token := range tokens {
		all = append(all, token.Name)
	}
	if in.TokensAt.Filename == "" {
		return all
	}
	if len(in.Tokens) == 0 {
		c.fail(in.TokensAt, "tokens is empty: leave it out for all tokens")
	}
	for i, name := range in.Tokens {
		if !slices.Contains(all, name) {
			c.fail(in.TokensAt, "tokens: there is no token %q", name)
		}
		if slices.Contains(in.Tokens[:i], name) {
			c.fail(in.TokensAt, "tokens: %q is named twice", name)
		}
	}
	return in.Tokens
}

// segments trims the slashes that Vault's own settings may carry at either end.
func (c *checker) segments(name, value string, at hcl.Range) string {
	trimmed := strings.Trim(value, "/")
	if trimmed == "" {
		return ""
	}
	for segment := range strings.SplitSeq(trimmed, "/") {
		if !segmentPattern.MatchString(segment) {
			c.fail(at, "%s: %q must be letters, digits, '.', '_' and '-', not starting with '.'", name, segment)
		}
	}
	return trimmed
}
