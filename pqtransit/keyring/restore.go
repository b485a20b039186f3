package keyring

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/vault/sdk/helper/keysutil"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/pqtransit/rotation"
	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// restored is a key from a backup, whole and checked.
type restored struct {
	key    *Key             // with every version
	policy *keysutil.Policy // likewise; nil for a key in our own format
}

// keyName is what Vault's paths let through.
var keyName = regexp.MustCompile(`^\w(([\w-.]+)?\w)?$`)

func checkName(name string) error {
	switch {
	case strings.Contains(name, "/"):
		return refuse("key names cannot be paths")
	case !keyName.MatchString(name):
		return refuse("invalid key name")
	}
	return nil
}

// defaultTemplate is how every ciphertext starts.
const defaultTemplate = "vault:v{{version}}:"

func parsePolicyBackup(name string, decoded []byte) (*restored, error) {
	var data keysutil.KeyData
	if err := json.Unmarshal(decoded, &data); err != nil {
		return nil, refuse("backup does not decode")
	}
	if data.Policy == nil {
		return nil, refuse("backup data does not contain a valid policy")
	}
	policy := data.Policy
	if name != "" {
		policy.Name = name
	}
	if err := checkName(policy.Name); err != nil {
		return nil, err
	}
	switch {
	case policy.StoragePrefix != "":
		return nil, refuse("backup is not of a key of this engine: it has a storage prefix")
	case policy.Keys == nil:
		return nil, refuse("backup is not sound: key %s has no versions", policy.Name)
	case policy.VersionTemplate != "" && policy.VersionTemplate != defaultTemplate:
		return nil, refuse("backup is not of a key of this engine: it has a version template")
	case len(policy.Key) > 0:
		// A load would put it in the place of every version that was checked here.
		return nil, refuse("backup is not sound: key %s has the single key of the first Vault releases", policy.Name)
	}
	if _, known := suite.ByStoredType(int(policy.Type)); !known {
		return nil, refuse("key %s has type %v, which this release does not support", policy.Name, policy.Type)
	}
	if err := takeArchived(policy, &data); err != nil {
		return nil, refuse("backup is not sound: %v", err)
	}
	key, err := keyOfPolicy(policy, nil)
	if err != nil {
		return nil, refuse("backup is not sound: %v", err)
	}
	if err := key.openAll(nil); err != nil {
		return nil, refuse("backup is not sound: key %s: %v", key.Name, err)
	}
	if err := key.checkRestored(); err != nil {
		return nil, refuse("backup is not sound: key %s: %v", key.Name, err)
	}
	return &restored{key: key, policy: policy}, nil
}

// takeArchived adds to the policy the versions that are in the archive alone. Backups of
// the first Vault releases have no archive.
func takeArchived(policy *keysutil.Policy, data *keysutil.KeyData) error {
	// Before anything counts with them.
	if err := checkRange(policy.MinAvailableVersion, policy.LatestVersion); err != nil {
		return err
	}
	for text := range policy.Keys {
		if number, err := strconv.Atoi(text); err != nil || strconv.Itoa(number) != text {
			return fmt.Errorf("a version of key %s is not a plain number", policy.Name)
		}
	}
	entries := 0
	if data.ArchivedKeys != nil {
		entries = len(data.ArchivedKeys.Keys)
	}
	for number := max(policy.MinAvailableVersion, 1); number < policy.LatestVersion; number++ {
		text := strconv.Itoa(number)
		if _, ok := policy.Keys[text]; ok {
			continue
		}
		index := number - policy.MinAvailableVersion
		if index >= entries {
			return fmt.Errorf("version %d of key %s is missing", number, policy.Name)
		}
		policy.Keys[text] = data.ArchivedKeys.Keys[index]
	}
	return nil
}

// checkRestored holds what every stored key must fulfil, and that no version is beside the
// others.
func (k *Key) checkRestored() error {
	if err := k.check(); err != nil {
		return err
	}
	for number, version := range k.versions {
		if number < max(k.MinAvailable, 1) || number > k.Latest {
			return fmt.Errorf("version %d is out of range", number)
		}
		if _, err := version.Created.MarshalJSON(); err != nil {
			return fmt.Errorf("creation time of version %d is out of range", number)
		}
	}
	if k.AutoRotatePeriod < 0 {
		return errors.New("auto-rotation period is negative")
	}
	return nil
}

// Restore stores the key of a backup, under its own name or the one given. An existing key
// is replaced only with force; a crash leaves either key, whole.
func (r *Keyring) Restore(ctx context.Context, storage logical.Storage, name, backup string, force bool) (*Key, error) {
	fresh, err := parseBackup(name, backup)
	if err != nil {
		return nil, err
	}
	name = fresh.key.Name
	if err := r.ready(ctx, storage); err != nil {
		return nil, err
	}
	// Older versions may be of any type: they are there to read what they made.
	if err := r.mayAdd(&Key{Name: name, Settings: fresh.key.Settings}, fresh.key.Suite()); err != nil {
		return nil, err
	}
	place := r.acquire(name)
	defer r.release(name, place)
	entry, err := storage.Get(ctx, policyPrefix+name)
	switch {
	case err != nil:
		return nil, fmt.Errorf("failed to read key %s: %w", name, err)
	case entry != nil && !force:
		return nil, refuse("key %q already exists", name)
	}
	if err := r.keepSettings(ctx, storage, fresh.key); err != nil {
		return nil, err
	}
	place.key.Store(nil)
	fresh.key.Restore = &Event{Time: r.now(), Version: fresh.key.Latest}
	if err := fresh.store(ctx, storage, entry != nil); err != nil {
		return nil, err
	}
	found, err := r.load(ctx, storage, name, nil)
	if err != nil {
		return nil, err
	}
	r.publish(place, found.key)
	return found.key, nil
}

// keepSettings has the settings that transit does not have stay with a key of which an older or
// newer state is restored. Backups do not have them.
func (r *Keyring) keepSettings(ctx context.Context, storage logical.Storage, fresh *Key) error {
	old, err := r.load(ctx, storage, fresh.Name, nil)
	if err != nil || old == nil || old.key.Rotation == (rotation.Settings{}) {
		return nil // a key that does not load is there to be replaced
	}
	for _, number := range slices.Backward(slices.Sorted(maps.Keys(fresh.versions))) {
		version, same := fresh.versions[number], old.key.versions[number]
		if same != nil && version.identity() == same.identity() && number >= fresh.MinDecryption {
			return r.settings.Put(ctx, storage, fresh.Name, newStoredRotation(old.key.Rotation, version))
		}
	}
	return nil
}

// store writes the key in the format that it had. To replace another it first becomes the
// key in our own format, which takes one write, so that no mixture of the two can be read.
func (d *restored) store(ctx context.Context, storage logical.Storage, replaces bool) error {
	step := &loaded{key: d.key}
	if d.policy == nil || replaces {
		if err := step.putOwn(ctx, storage); err != nil {
			return err
		}
		if err := putStub(ctx, storage, d.key.Name); err != nil {
			return err
		}
	}
	if err := remove(ctx, storage, archivePrefix+d.key.Name); err != nil || d.policy == nil {
		return err
	}
	if err := d.storePolicy(ctx, storage); err != nil {
		return err
	}
	// The key is what policy/ says, whether or not this succeeds.
	_ = removeOwn(ctx, storage, d.key.Name)
	return nil
}

// storePolicy leaves what our Key does not know of the policy as the backup has it, and has
// keysutil write the whole archive anew.
func (d *restored) storePolicy(ctx context.Context, storage logical.Storage) error {
	if err := d.key.intoPolicy(d.policy); err != nil {
		return fmt.Errorf("failed to encode key %s: %v", d.key.Name, err)
	}
	d.policy.ArchiveVersion = max(d.policy.MinAvailableVersion, 1) - 1
	d.policy.ArchiveMinVersion = d.policy.MinAvailableVersion
	if err := d.policy.Persist(ctx, storage); err != nil {
		return fmt.Errorf("failed to store key %s: %w", d.key.Name, err)
	}
	return nil
}
