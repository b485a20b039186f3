package hsmseal

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/palisade-vault/palisade/hsmseal/envelope"
	"github.com/palisade-vault/palisade/hsmseal/worker"
)

// ErrKeyLost is a wrapping key that the state names and the token no longer
// has. A new key is never made in its place: it would open nothing.
var ErrKeyLost = errors.New("wrapping key is lost")

// errNoState is a tenant whose keys were never made.
var errNoState = errors.New("no keys yet: the first serve makes them")

// keyIDDomain derives CKA_IDs. They depend on the tenant and version only, so
// that daemons that share a token find the same key, and a lost state file does
// not lose the keys.
const keyIDDomain = "palisade hsmseal wrapping key v1"

// Opener sets up tenants' keys in tokens. Every field is needed.
type Opener struct {
	// Config is where state files lie.
	Config Config
	// Tokens are the configured tokens by name.
	Tokens map[string]worker.Token
	// Random is crypto/rand.Reader outside tests.
	Random io.Reader
	// Now is time.Now outside tests.
	Now func() time.Time
	// Log gets what was made, verified or refused.
	Log hclog.Logger
	// ReadOnly forbids making keys and writing state, for a check.
	ReadOnly bool
}

// OpenTenant makes the tenant's keys at its first start, verifies them at every
// other, and returns its Sealer. An error that matches worker.ErrDevice may pass;
// any other needs the operator.
func (o Opener) OpenTenant(ctx context.Context, tenant TenantConfig) (*Sealer, error) {
	state, err := o.load(tenant)
	switch {
	case errors.Is(err, fs.ErrNotExist) && o.ReadOnly:
		return nil, fmt.Errorf("tenant %q: %w", tenant.Name, errNoState)
	case errors.Is(err, fs.ErrNotExist):
		state, err = o.create(ctx, tenant)
	}
	if err != nil {
		return nil, fmt.Errorf("tenant %q: %w", tenant.Name, err)
	}
	sealer, err := o.verify(ctx, tenant, state)
	if err != nil {
		return nil, fmt.Errorf("tenant %q: %w", tenant.Name, err)
	}
	return sealer, nil
}

func (o Opener) load(tenant TenantConfig) (State, error) {
	path := o.Config.statePath(tenant.Name)
	data, err := readFile(path)
	if err != nil {
		return State{}, err
	}
	state, err := ParseState(data)
	if err != nil {
		return State{}, fmt.Errorf("%s is damaged, restore it from a backup: %v", path, err)
	}
	if state.Tenant != stateTenant(tenant.Binding) {
		return State{}, fmt.Errorf("%s is for namespace %q, mount_path %q, key_name %q: blobs are bound to these, "+
			"so restore them in the configuration or give the new ones another tenant name",
			path, state.Tenant.Namespace, state.Tenant.MountPath, state.Tenant.KeyName)
	}
	return state, nil
}

// create makes version 1. The keys come first: if the state is not written, the
// next start finds them by their derived CKA_IDs.
func (o Opener) create(ctx context.Context, tenant TenantConfig) (State, error) {
	const version = 1
	id := wrappingKeyID(tenant.Binding, version)
	keyID := envelope.NewKeyID(tenant.Binding, version, [][]byte{id})
	made := StateVersion{KeyID: keyID.String(), Created: o.Now().UTC().Truncate(time.Second)}
	for _, name := range tenant.Tokens {
		key, err := o.createKey(ctx, name, id, tenant.Binding)
		if err != nil {
			return State{}, fmt.Errorf("token %q: %w", name, err)
		}
		made.Keys = append(made.Keys, key)
	}
	state := State{
		Form: stateVersion, Tenant: stateTenant(tenant.Binding), Current: version, Versions: []StateVersion{made},
	}
	if err := state.check(); err != nil {
		return State{}, err
	}
	data, err := state.Encode()
	if err != nil {
		return State{}, err
	}
	if err := replaceFile(o.Config.statePath(tenant.Name), data); err != nil {
		return State{}, fmt.Errorf("writing state: %v", err)
	}
	return state, nil
}

func (o Opener) createKey(ctx context.Context, name string, id []byte, tenant envelope.Tenant) (StateKey, error) {
	token, mechanism := o.Tokens[name], o.mechanism(name)
	info, err := token.EnsureKey(ctx, worker.KeySpec{ID: id, Label: keyLabel(tenant, 1), Mechanism: mechanism})
	if err != nil {
		return StateKey{}, err
	}
	if info.Created {
		o.Log.Info("made a wrapping key: back it up, without it the Vault cannot be unsealed",
			"token", name, "id", hex.EncodeToString(id))
	} else {
		o.Log.Warn("found a wrapping key that no state file names: taking it into use", "token", name, "id", hex.EncodeToString(id))
	}
	status, err := token.Status(ctx)
	if err != nil {
		return StateKey{}, err
	}
	return StateKey{
		Token: name, Fingerprint: tokenID(status).String(), Mechanism: mechanism, ID: hex.EncodeToString(id),
	}, nil
}

// verify checks every key of every version and builds the Sealer.
func (o Opener) verify(ctx context.Context, tenant TenantConfig, state State) (*Sealer, error) {
	sealer := &Sealer{tenant: tenant.Binding, random: o.Random, versions: map[uint32]keyVersion{}}
	for _, stored := range state.Versions {
		id, err := envelope.ParseKeyID(stored.KeyID)
		if err != nil {
			return nil, err
		}
		version := keyVersion{id: id}
		for _, stateKey := range stored.Keys {
			key, err := o.verifyKey(ctx, tenant, id, stateKey)
			if err != nil {
				return nil, fmt.Errorf("token %q: %w", stateKey.Token, err)
			}
			version.keys = append(version.keys, key)
		}
		sealer.versions[id.Version] = version
		if id.Version == state.Current {
			sealer.current = id
		}
	}
	return sealer, sameTokens(tenant, sealer.versions[state.Current])
}

// sameTokens refuses a token that is configured but holds no current key: blobs
// would silently not be wrapped for it.
func sameTokens(tenant TenantConfig, version keyVersion) error {
	held := map[string]bool{}
	for _, key := range version.keys {
		held[key.name] = true
	}
	for _, name := range tenant.Tokens {
		if !held[name] {
			return fmt.Errorf("token %q holds no key of version %d: a token cannot be added to a tenant that has keys", name, version.id.Version)
		}
	}
	return nil
}

func (o Opener) verifyKey(ctx context.Context, tenant TenantConfig, id envelope.KeyID, stored StateKey) (tokenKey, error) {
	ref, err := stored.ref()
	if err != nil {
		return tokenKey{}, err
	}
	token, ok := o.Tokens[stored.Token]
	if !ok {
		return tokenKey{}, fmt.Errorf("holds wrapping key %s and is not configured", stored.ID)
	}
	_, err = token.EnsureKey(ctx, worker.KeySpec{
		ID: ref.id, Label: keyLabel(tenant.Binding, id.Version), Mechanism: ref.mechanism, MustExist: true,
	})
	if errors.Is(err, worker.ErrNoKey) {
		return tokenKey{}, fmt.Errorf("%w: id %s (%s) is in the state and not in the token; what it sealed opens only "+
			"with that very key, so restore the token from its backup; no new key was made", ErrKeyLost, stored.ID, id)
	}
	if err != nil {
		return tokenKey{}, err
	}
	status, err := token.Status(ctx)
	if err != nil {
		return tokenKey{}, err
	}
	if now := tokenID(status); now != ref.fingerprint {
		o.Log.Warn("the token is not the one the key was made in, its key works: a clone or a restored backup",
			"token", stored.Token, "was", ref.fingerprint.String(), "is", now.String())
	}
	return tokenKey{name: stored.Token, token: token, keyRef: ref}, nil
}

func (o Opener) mechanism(token string) string {
	for _, config := range o.Config.Tokens {
		if config.Name == token {
			return config.Mechanism
		}
	}
	return defaultMechanism
}

func wrappingKeyID(tenant envelope.Tenant, version uint32) []byte {
	sum := sha256.Sum256(tenant.Encode(keyIDDomain, binary.BigEndian.AppendUint32(nil, version)))
	return sum[:16]
}

// keyLabel is for people who look into the token; nothing searches for it.
func keyLabel(tenant envelope.Tenant, version uint32) string {
	return fmt.Sprintf("hsmseal %s/%s v%d", tenant.MountPath, tenant.KeyName, version)
}

// tokenID fingerprints a token by what it says of itself. Some tokens have no
// serial number, so the label counts too.
func tokenID(status worker.Status) envelope.TokenID {
	hash := sha256.New()
	for _, field := range []string{"palisade hsmseal token v1", status.Manufacturer, status.Model, status.Serial, status.Label} {
		_, _ = fmt.Fprintf(hash, "%d:%s,", len(field), field) // a hash never fails
	}
	return envelope.TokenID(hash.Sum(nil)[:envelope.TokenSize])
}
