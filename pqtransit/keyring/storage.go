package keyring

import (
	"context"
	"fmt"
	"maps"
	"strconv"

	"github.com/hashicorp/vault/sdk/helper/keysutil"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/pqtransit/rotation"
	"github.com/palisade-vault/palisade/pqtransit/suite"
	"github.com/palisade-vault/palisade/pqtransit/usage"
)

const (
	policyPrefix  = "policy/"
	archivePrefix = "archive/"
	ownPrefix     = "palisade/key/"
	chunkPrefix   = "palisade/versions/"
)

// loaded is a key as it lies in storage, for its owner to change and save.
type loaded struct {
	key    *Key
	policy *keysutil.Policy // nil in our own format, and for a key that is not yet stored
	stored bool             // false for a key that is not yet stored
	known  parsed           // versions as they were loaded
	// replaced is the number of a version that is stored and has changed, 0 for none.
	replaced int

	mended     bool              // differs from what is stored
	before     int               // latest version as it was loaded
	settings   rotation.Settings // as they were loaded
	settingsOf usage.Version     // by which the stored settings know the key
	cause      rotation.Cause    // of the version that was added
	event      *pendingEvent     // for the journal, where there was no request
}

// load answers nil when there is no such key. Only whoever holds the name's lock may call
// it, since it upgrades entries of old Vault releases as the built-in engine does. Keys of
// versions that are known and unchanged in storage are not parsed again.
func (r *Keyring) load(ctx context.Context, storage logical.Storage, name string, known parsed) (*loaded, error) {
	found, err := r.loadKey(ctx, storage, name, known)
	if err != nil || found == nil {
		return nil, err
	}
	found.before = found.key.Latest
	if err := r.loadSettings(ctx, storage, found); err != nil {
		return nil, err
	}
	return found, nil
}

// loadKey is load without the settings that transit does not have.
func (r *Keyring) loadKey(ctx context.Context, storage logical.Storage, name string, known parsed) (*loaded, error) {
	if err := r.ready(ctx, storage); err != nil {
		return nil, err
	}
	entry, err := storage.Get(ctx, policyPrefix+name)
	switch {
	case err != nil:
		return nil, fmt.Errorf("failed to read key %s: %w", name, err)
	case entry == nil:
		return nil, nil
	case isStub(entry.Value):
		return r.loadOwn(ctx, storage, name, known)
	}
	policy, err := keysutil.LoadPolicy(ctx, storage, policyPrefix+name)
	if err != nil {
		return nil, fmt.Errorf("failed to read key %s: %w", name, err)
	}
	if policy == nil || policy.Name != name || policy.StoragePrefix != "" {
		return nil, fmt.Errorf("the entry of key %s is not that key's", name)
	}
	if _, known := suite.ByStoredType(int(policy.Type)); known {
		if err := r.upgrade(ctx, storage, policy); err != nil {
			return nil, err
		}
	}
	key, err := keyOfPolicy(policy, known)
	if err != nil {
		return nil, err
	}
	key.ring = r
	return &loaded{key: key, policy: policy, stored: true, known: maps.Clone(key.versions)}, nil
}

// upgrade does what keysutil's LockManager does with what it loads.
func (r *Keyring) upgrade(ctx context.Context, storage logical.Storage, policy *keysutil.Policy) error {
	if policy.NeedsUpgrade() {
		if err := policy.Upgrade(ctx, storage, r.rand); err != nil {
			return fmt.Errorf("failed to upgrade key %s: %w", policy.Name, err)
		}
	}
	if policy.Imported && policy.Derived && policy.KDF == keysutil.Kdf_hmac_sha256_counter {
		policy.KDF = keysutil.Kdf_hkdf_sha256
		if err := policy.Persist(ctx, storage); err != nil {
			return fmt.Errorf("failed to upgrade key %s: %w", policy.Name, err)
		}
	}
	return nil
}

func (r *Keyring) loadOwn(ctx context.Context, storage logical.Storage, name string, known parsed) (*loaded, error) {
	entry, err := storage.Get(ctx, ownPrefix+name)
	if err != nil {
		return nil, fmt.Errorf("failed to read key %s: %w", name, err)
	}
	if entry == nil {
		return nil, fmt.Errorf("key %s has its stub but not its entry under %s", name, ownPrefix)
	}
	key, err := decodeOwn(name, entry.Value, known, chunkOpener(ctx, storage, name))
	if err != nil {
		return nil, err
	}
	key.ring = r
	return &loaded{key: key, stored: true, known: maps.Clone(key.versions)}, nil
}

// save stores a changed key and what belongs to it. The key itself comes last: what was stored
// before it does not count without it.
func (r *Keyring) save(ctx context.Context, storage logical.Storage, l *loaded) error {
	if err := r.beginUnasked(ctx, storage, l); err != nil {
		return err
	}
	if err := r.saveHistory(ctx, storage, l); err != nil {
		return err
	}
	if err := r.saveSettings(ctx, storage, l); err != nil {
		return err
	}
	if err := l.save(ctx, storage); err != nil {
		return err
	}
	r.endUnasked(ctx, storage, l)
	return nil
}

// save writes a changed key in the format that fits it, and leaves in l.key what a load
// would now give. When it fails, storage holds the key as it was or as it was to become.
func (l *loaded) save(ctx context.Context, storage logical.Storage) error {
	own := l.policy == nil
	switch {
	case !l.stored:
		return l.saveNew(ctx, storage)
	case own:
		return l.saveOwn(ctx, storage)
	case l.key.Community():
		return l.savePolicy(ctx, storage)
	}
	return l.saveConverted(ctx, storage)
}

// saveNew first removes what an interrupted creation or deletion of the name left, because
// keysutil would take an old archive for the new key's.
func (l *loaded) saveNew(ctx context.Context, storage logical.Storage) error {
	if err := removeOwn(ctx, storage, l.key.Name); err != nil {
		return err
	}
	if err := remove(ctx, storage, archivePrefix+l.key.Name); err != nil {
		return err
	}
	if l.key.Community() {
		l.policy = l.key.newPolicy()
		return l.persist(ctx, storage)
	}
	if err := l.putOwn(ctx, storage); err != nil {
		return err
	}
	return putStub(ctx, storage, l.key.Name)
}

// saveOwn changes the entry that decides once what it names is there, so it happens or does not.
func (l *loaded) saveOwn(ctx context.Context, storage logical.Storage) error {
	if err := remove(ctx, storage, archivePrefix+l.key.Name); err != nil {
		return err
	}
	return l.putOwn(ctx, storage)
}

// savePolicy leaves the order of the two puts to keysutil: the archive, then what decides.
func (l *loaded) savePolicy(ctx context.Context, storage logical.Storage) error {
	if err := removeOwn(ctx, storage, l.key.Name); err != nil {
		return err
	}
	return l.persist(ctx, storage)
}

// saveConverted moves a key from keysutil's format to ours.
func (l *loaded) saveConverted(ctx context.Context, storage logical.Storage) error {
	if err := l.takeArchive(ctx, storage); err != nil {
		return err
	}
	if err := l.putOwn(ctx, storage); err != nil {
		return err
	}
	if err := putStub(ctx, storage, l.key.Name); err != nil {
		return err
	}
	// The key is converted whether or not this succeeds; saveOwn and a deletion try again.
	_ = remove(ctx, storage, archivePrefix+l.key.Name)
	return nil
}

func (l *loaded) persist(ctx context.Context, storage logical.Storage) error {
	if err := l.key.intoPolicy(l.policy); err != nil {
		return fmt.Errorf("failed to encode key %s: %v", l.key.Name, err)
	}
	if err := l.replaceEntry(); err != nil {
		return fmt.Errorf("failed to encode key %s: %v", l.key.Name, err)
	}
	if err := l.checkArchive(ctx, storage); err != nil {
		return err
	}
	if err := l.policy.Persist(ctx, storage); err != nil {
		return fmt.Errorf("failed to store key %s: %w", l.key.Name, err)
	}
	// Versions may have moved to or from the archive.
	key, err := keyOfPolicy(l.policy, l.key.versions)
	if err != nil {
		return err
	}
	key.Rotation = l.key.Rotation
	l.key = key
	return nil
}

// replaceEntry has keysutil write a changed version to the archive too, which it does for
// versions that the policy says are not there yet.
func (l *loaded) replaceEntry() error {
	if l.replaced == 0 {
		return nil
	}
	entry, err := l.key.versions[l.replaced].entry()
	if err != nil {
		return err
	}
	l.policy.Keys[strconv.Itoa(l.replaced)] = entry
	l.policy.ArchiveVersion = min(l.policy.ArchiveVersion, l.replaced-1)
	return nil
}

// takeArchive adds the versions that are only in the archive, and fails when one is not
// whole: a conversion must not lose what lowering min_decryption_version would bring back.
func (l *loaded) takeArchive(ctx context.Context, storage logical.Storage) error {
	archive, err := l.policy.LoadArchive(ctx, storage)
	if err != nil {
		return fmt.Errorf("failed to read the archive of key %s: %w", l.key.Name, err)
	}
	for number := max(l.policy.MinAvailableVersion, 1); number < l.key.Latest; number++ {
		if l.key.versions[number] != nil {
			continue
		}
		index := number - l.policy.MinAvailableVersion
		if index >= len(archive.Keys) {
			return fmt.Errorf("key %s: version %d is missing from the archive", l.key.Name, number)
		}
		algorithm, _ := suite.ByStoredType(int(l.policy.Type))
		version, err := versionOfEntry(algorithm, number, archive.Keys[index], nil)
		if err != nil {
			return fmt.Errorf("key %s: version %d in the archive: %v", l.key.Name, number, err)
		}
		l.key.versions[number] = version
	}
	return nil
}

func putStub(ctx context.Context, storage logical.Storage, name string) error {
	encoded, err := encodeStub(name)
	if err != nil {
		return err
	}
	return put(ctx, storage, policyPrefix+name, encoded)
}

func put(ctx context.Context, storage logical.Storage, path string, value []byte) error {
	if err := storage.Put(ctx, &logical.StorageEntry{Key: path, Value: value}); err != nil {
		return fmt.Errorf("failed to write %s: %w", path, err)
	}
	return nil
}

func remove(ctx context.Context, storage logical.Storage, paths ...string) error {
	for _, path := range paths {
		if err := storage.Delete(ctx, path); err != nil {
			return fmt.Errorf("failed to delete %s: %w", path, err)
		}
	}
	return nil
}

// StoragePrefixes are the parts of storage that hold key material, for seal wrapping.
func StoragePrefixes() []string {
	return []string{policyPrefix, archivePrefix, ownPrefix, chunkPrefix}
}
