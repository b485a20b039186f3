package keyring

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/pqtransit/cryptopolicy"
	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// policyEntry is where the mount's crypto policy lies.
const policyEntry = "palisade/crypto-policy"

// mountRules are the mount's crypto policy in memory. Every load of a key makes sure that it
// is there, so whoever holds a Key can ask without storage.
type mountRules struct {
	mu      sync.Mutex                         // held to read or write the entry
	changes atomic.Int64                       // how often the entry may have changed since the start
	known   atomic.Int64                       // one more than the changes that current has seen; 0 before the first read
	current atomic.Pointer[cryptopolicy.Rules] // as last known; nil before the first read
	follow  time.Time                          // guarded by mu; when keys are next sent where it says
}

// CryptoPolicy is the mount's policy; the zero value where none is set.
func (r *Keyring) CryptoPolicy(ctx context.Context, storage logical.Storage) (*cryptopolicy.Rules, error) {
	if err := r.ready(ctx, storage); err != nil {
		return nil, err
	}
	return r.rules.current.Load(), nil
}

// SetCryptoPolicy stores a policy that cryptopolicy.New has made, and follows it from here on.
func (r *Keyring) SetCryptoPolicy(ctx context.Context, storage logical.Storage, policy cryptopolicy.Policy) error {
	encoded, err := policy.Encode()
	if err != nil {
		return fmt.Errorf("failed to encode the crypto policy: %v", err)
	}
	r.rules.mu.Lock()
	defer r.rules.mu.Unlock()
	seen := r.rules.changed()
	if err := put(ctx, storage, policyEntry, encoded); err != nil {
		return err
	}
	r.rules.set(policy, seen)
	return nil
}

// DeleteCryptoPolicy lets everything pass again. It does not need to understand what is there.
func (r *Keyring) DeleteCryptoPolicy(ctx context.Context, storage logical.Storage) error {
	r.rules.mu.Lock()
	defer r.rules.mu.Unlock()
	seen := r.rules.changed()
	if err := remove(ctx, storage, policyEntry); err != nil {
		return err
	}
	r.rules.set(cryptopolicy.Policy{}, seen)
	return nil
}

// ready reads the policy unless it is known. Without it nothing is done with any key.
func (r *Keyring) ready(ctx context.Context, storage logical.Storage) error {
	if r.rules.fresh() {
		return nil
	}
	r.rules.mu.Lock()
	defer r.rules.mu.Unlock()
	if r.rules.fresh() {
		return nil
	}
	// Before the read: what is invalidated during it is read again.
	seen := r.rules.changes.Load()
	policy, err := readPolicy(ctx, storage)
	if err != nil {
		return err
	}
	r.rules.set(policy, seen)
	return nil
}

func readPolicy(ctx context.Context, storage logical.Storage) (cryptopolicy.Policy, error) {
	entry, err := storage.Get(ctx, policyEntry)
	switch {
	case err != nil:
		return cryptopolicy.Policy{}, fmt.Errorf("failed to read the crypto policy: %w", err)
	case entry == nil:
		return cryptopolicy.Policy{}, nil
	}
	policy, err := cryptopolicy.Decode(entry.Value)
	if err != nil {
		return cryptopolicy.Policy{}, fmt.Errorf("%s: %v; write or delete config/crypto-policy to replace it", policyEntry, err)
	}
	return policy, nil
}

// set is called with mu held. The policy comes before the word that it is known.
func (m *mountRules) set(policy cryptopolicy.Policy, seen int64) {
	m.follow = time.Time{}
	m.current.Store(cryptopolicy.Compile(policy))
	m.known.Store(seen + 1)
}

func (m *mountRules) fresh() bool { return m.known.Load() == m.changes.Load()+1 }

// changed has the entry read again by whoever does not know its new state.
func (m *mountRules) changed() int64 { return m.changes.Add(1) }

func (m *mountRules) timeToFollow(now time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if now.Before(m.follow) {
		return false
	}
	m.follow = now.Add(followEvery)
	return true
}

// ownKeysPrefix begins the names of the mount's own keys, to which imports are wrapped. They
// are nobody's to choose by a list of types, but what is wrapped to a weak one is exposed.
const ownKeysPrefix = "import/"

// mayAdd refuses a version that the mount's policy does not want: of a new key always, of one
// that is there unless the policy leaves such keys as they are.
func (r *Keyring) mayAdd(key *Key, algorithm *suite.Suite) error {
	rules := r.rules.current.Load()
	if rules == nil {
		return fmt.Errorf("key %s: the crypto policy is not known", key.Name)
	}
	reasons := rules.Reasons(algorithm)
	if strings.HasPrefix(key.Name, ownKeysPrefix) {
		reasons = rules.Weakness(algorithm)
	}
	existing := key.Latest > 0 && key.Suite() == algorithm
	if reasons == "" || (existing && rules.Policy().Existing == cryptopolicy.Report) {
		return nil
	}
	return refuse("the mount's crypto policy does not let key %s have a new version of type %s, which %s; %s",
		key.Name, algorithm.Name, reasons, wayOut(rules, algorithm, cryptopolicy.Need{
			Purpose: algorithm.Purpose, Derived: key.Derived, Convergent: key.Convergent,
		}, "use type=%s"))
}

// policyRules are the mount's, for a key that a keyring gave out.
func (k *Key) policyRules() (*cryptopolicy.Rules, error) {
	if k.ring == nil {
		return nil, fmt.Errorf("key %s: the crypto policy is not known", k.Name)
	}
	return k.ring.rules.current.Load(), nil
}

// mayMake refuses to make anything new with a version that the mount's policy does not want.
// What versions made before is read as ever.
func (k *Key) mayMake(version *Version) error {
	rules, err := k.policyRules()
	if err != nil {
		return err
	}
	reasons := rules.Reasons(version.Suite)
	if reasons == "" {
		return nil
	}
	switch rules.Policy().Existing {
	case cryptopolicy.RefuseNewEncryption:
	case cryptopolicy.AutoRotate:
		if rules.Reasons(k.Suite()) != "" {
			return nil // until it has rotated
		}
	case cryptopolicy.Report, "":
		return nil
	}
	return refuse("the mount's crypto policy refuses new use of version %d of key %s: its type %s %s; %s. What it made before can still be decrypted and verified",
		version.Number, k.Name, version.Suite.Name, reasons, k.wayOut(rules, version))
}

// mayWrap refuses one of the mount's own wrapping keys that is too weak for the mount's policy,
// in both directions: what is wrapped to it is exposed to who records it. Such a key has no
// successor to rotate to, since another lies beside it.
func (k *Key) mayWrap() error {
	rules, err := k.policyRules()
	if err != nil {
		return err
	}
	reasons := rules.Weakness(k.Suite())
	if existing := rules.Policy().Existing; reasons == "" || existing == cryptopolicy.Report || existing == "" {
		return nil
	}
	return refuse("the mount's crypto policy refuses the wrapping key of type %s, which %s; %s", k.Suite().Name, reasons, otherWrappingType(rules))
}

func otherWrappingType(rules *cryptopolicy.Rules) string {
	for _, name := range WrappingTypes() {
		if found, ok := suite.Lookup(name); ok && rules.Weakness(found) == "" {
			return fmt.Sprintf("read wrapping_key with type=%s, or change config/crypto-policy", name)
		}
	}
	return "change config/crypto-policy"
}

// wayOut is the latest version where that complies, else another type.
func (k *Key) wayOut(rules *cryptopolicy.Rules, version *Version) string {
	if rules.Reasons(k.Suite()) == "" {
		return "use the latest version"
	}
	return wayOut(rules, version.Suite, cryptopolicy.Need{
		Purpose: version.Purpose, Derived: k.Derived, Convergent: k.Convergent,
	}, "rotate it with type=%s")
}

func wayOut(rules *cryptopolicy.Rules, from *suite.Suite, need cryptopolicy.Need, format string) string {
	for _, p := range purposes {
		if !need.Purpose.Has(p.purpose) {
			continue
		}
		one := need
		one.Purpose = p.purpose
		if next := rules.Successor(from, one); next != nil {
			return fmt.Sprintf(format, next.Name) + ", or change config/crypto-policy"
		}
	}
	return "make a new key of a type that it allows, or change config/crypto-policy"
}
