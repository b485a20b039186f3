// Package threatauth is the Vault edge of an auth method whose logins are judged by risk.
// The credential comes first and is that of one of Vault's own methods, with its paths and
// parameters; what its risk engine then decides is recorded under Vault's request id.
//
// The path files declare and translate. What decides lies in the packages below: credential,
// profile, signal, risk, intel, respond and decision.
package threatauth

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"runtime"
	"strings"
	"time"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend"
	"github.com/palisade-vault/palisade/threatauth/credential"
	"github.com/palisade-vault/palisade/threatauth/decision"
	"github.com/palisade-vault/palisade/threatauth/profile"
	"github.com/palisade-vault/palisade/threatauth/signal"
)

// Options are what a mount takes from outside. Every zero value is the production default.
type Options struct {
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// Random gives salts and keys; nil is crypto/rand.Reader.
	Random io.Reader
	// Params are the cost of new password hashes; zero is credential.DefaultParams.
	Params credential.Params
	// Parallel is how many password hashes run at a time; 0 is the number of processors.
	Parallel int
	// Signals judge logins; nil is signal.All.
	Signals []signal.Signal
}

// Backend is one mount.
type Backend struct {
	backend.Plugin

	options Options
	method  credential.Method
	hasher  *credential.Hasher
	records *decision.Log
	feeds   *feeds
	devices *deviceKey

	configs  *backend.Store[Config]
	blocks   *backend.Store[Block]
	profiles *backend.Store[profile.Profile]
}

// Factory makes a mount with the production defaults.
func Factory(ctx context.Context, conf *logical.BackendConfig) (logical.Backend, error) {
	return New(Options{})(ctx, conf)
}

// New is a factory of mounts with these options.
func New(options Options) logical.Factory {
	options = options.withDefaults()
	return func(ctx context.Context, conf *logical.BackendConfig) (logical.Backend, error) {
		b, err := newBackend(options, conf.Config[optionCredential])
		if err != nil {
			return nil, err
		}
		if err := b.Setup(ctx, conf); err != nil {
			return nil, fmt.Errorf("failed to set up the mount: %w", err)
		}
		return b, nil
	}
}

func (o Options) withDefaults() Options {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Random == nil {
		o.Random = rand.Reader
	}
	if o.Params == (credential.Params{}) {
		o.Params = credential.DefaultParams
	}
	if o.Parallel == 0 {
		o.Parallel = runtime.NumCPU()
	}
	if o.Signals == nil {
		o.Signals = signal.All()
	}
	return o
}

func newBackend(options Options, credentialName string) (*Backend, error) {
	b := &Backend{
		options:  options,
		hasher:   credential.NewHasher(options.Params, options.Random, options.Parallel),
		feeds:    newFeeds(),
		devices:  newDeviceKey(options.Random),
		configs:  backend.NewStore[Config]("risk/config/", 1),
		blocks:   backend.NewStore[Block]("risk/block/", 1),
		profiles: backend.NewStore[profile.Profile]("risk/profile/", 1),
	}
	b.records = decision.NewLog(b)
	method, err := lookupMethod(credentialName)
	if err != nil {
		return nil, err
	}
	var paths []*framework.Path
	b.method, paths = method.build(b)
	b.Backend = &framework.Backend{
		Help:           strings.TrimSpace(backendHelp),
		BackendType:    logical.TypeCredential,
		RunningVersion: backend.Version,
		PathsSpecial: &logical.Paths{
			Unauthenticated: method.unauthenticated,
			SealWrapStorage: []string{"risk/device-key/"},
		},
		Paths:          append(paths, b.riskPaths()...),
		AuthRenew:      backend.Handle(b, decodeNothing, b.renew),
		InitializeFunc: b.initialize,
		Invalidate:     b.invalidate,
		Clean:          func(context.Context) { b.records.Close() },
	}
	return b, nil
}

// initialize makes the device key where it is missing, so that no login has to write it.
func (b *Backend) initialize(ctx context.Context, r *logical.InitializationRequest) error {
	if _, err := b.devices.get(ctx, r.Storage); err != nil {
		b.Logger().Warn("the device key will be made at the first login", "error", err)
	}
	return nil
}

// invalidate forgets what is remembered of a storage entry that somebody else changed.
func (b *Backend) invalidate(_ context.Context, key string) {
	switch {
	case strings.HasPrefix(key, "risk/feed/"):
		b.feeds.forget()
	case strings.HasPrefix(key, "risk/decision/"):
		b.records.Forget()
	case strings.HasPrefix(key, deviceKeyPrefix):
		b.devices.forget()
	}
}

func (b *Backend) riskPaths() []*framework.Path {
	return framework.PathAppend(
		pathConfig(b), pathFeeds(b), pathBlocks(b), pathDevices(b), pathDecisions(b), pathStatus(b),
	)
}

func decodeNothing(*backend.Fields) struct{} { return struct{}{} }

const backendHelp = `
Logins as with Vault's own auth methods, judged by risk.

The credential is that of Vault's userpass method, with the same paths and
parameters: "users/" manages users, "login/" logs in. It always comes first: no
score replaces a right password.

A login with a right password is then judged by signals, such as the source's
standing on reputation lists ("risk/feeds/") and whether its device is known
("risk/devices/"), under the policy in "risk/config". It gets a full token, a
short restricted one, or the same refusal that a wrong password gets. Every
decision is kept under Vault's request id, with its reasons, in "risk/decisions".
`
