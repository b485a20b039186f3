package keyring

import (
	"context"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/pqtransit/rotation"
)

// Configuration is a change of a key's settings; a nil field leaves its setting alone.
type Configuration struct {
	// MinDecryption of 0 means 1.
	MinDecryption *int
	// MinEncryption of 0 means any version.
	MinEncryption   *int
	DeletionAllowed *bool
	// Exportable and AllowPlaintextBackup can be set and never unset.
	Exportable           *bool
	AllowPlaintextBackup *bool
	// AutoRotatePeriod is 0 or at least an hour.
	AutoRotatePeriod *time.Duration
	// Rotation changes the settings that transit does not have.
	Rotation rotation.Change
}

// Configure changes a key's settings, all of them or none, and stores nothing when all of
// them are so already.
func (r *Keyring) Configure(ctx context.Context, storage logical.Storage, name string, configuration Configuration) (*Key, error) {
	key, err := r.change(ctx, storage, name, func(found *loaded) (bool, error) {
		if found == nil {
			return false, refuse("no existing key named %s could be found", name)
		}
		return configuration.apply(found.key, r.now())
	})
	if err == nil && (configuration.Rotation.MaxOperations != nil || configuration.Rotation.MaxBytes != nil) {
		// What was granted under another limit is looked at again.
		for _, counter := range r.meter.Key(name).Counters() {
			counter.Revoke()
		}
	}
	return key, err
}

func (c Configuration) apply(key *Key, now time.Time) (changed bool, err error) {
	settings, rotations := key.Settings, key.Rotation
	if err := c.applyVersions(key); err != nil {
		return false, err
	}
	if c.DeletionAllowed != nil {
		key.DeletionAllowed = *c.DeletionAllowed
	}
	key.Exportable = key.Exportable || isTrue(c.Exportable)
	key.AllowPlaintextBackup = key.AllowPlaintextBackup || isTrue(c.AllowPlaintextBackup)
	if c.AutoRotatePeriod != nil {
		if err := checkAutoRotate(*c.AutoRotatePeriod); err != nil {
			return false, err
		}
		key.AutoRotatePeriod = *c.AutoRotatePeriod
	}
	if err := c.applyRotation(key, now); err != nil {
		return false, err
	}
	if key.Settings == settings && key.Rotation == rotations {
		return false, nil
	}
	switch {
	case key.MinAvailable > key.MinEncryption:
		return false, refuse("min encryption version should not be less than min available version")
	case key.MinAvailable > key.MinDecryption:
		return false, refuse("min decryption version should not be less then min available version")
	}
	return true, nil
}

// applyRotation refuses what would destroy versions that still decrypt, unless the caller gives
// them up.
func (c Configuration) applyRotation(key *Key, now time.Time) error {
	if c.Rotation == (rotation.Change{}) && c.AutoRotatePeriod == nil {
		return nil
	}
	settings, err := c.Rotation.Apply(key.Rotation, now)
	if err != nil {
		return refuse("%v", err)
	}
	if err := checkExclusive(key.AutoRotatePeriod, settings); err != nil {
		return err
	}
	key.Rotation = settings
	keep := settings.KeepFrom(key.Latest, key.created, now)
	if c.Rotation.Destroys() && !settings.DestroyDecryptable && keep > key.MinDecryption {
		return refuse("retain_versions and destroy_after would destroy versions %d to %d, which min_decryption_version %d still allows to decrypt; raise it first, or set destroy_decryptable=true",
			max(key.MinDecryption, key.MinAvailable), keep-1, key.MinDecryption)
	}
	return nil
}

func (c Configuration) applyVersions(key *Key) error {
	if c.MinDecryption != nil {
		minimum := max(*c.MinDecryption, 1)
		switch {
		case *c.MinDecryption < 0:
			return refuse("min decryption version cannot be negative")
		case minimum > key.Latest:
			return refuse("cannot set min decryption version of %d, latest key version is %d", minimum, key.Latest)
		}
		key.MinDecryption = minimum
	}
	if c.MinEncryption != nil {
		switch {
		case *c.MinEncryption < 0:
			return refuse("min encryption version cannot be negative")
		case *c.MinEncryption > key.Latest:
			return refuse("cannot set min encryption version of %d, latest key version is %d", *c.MinEncryption, key.Latest)
		}
		key.MinEncryption = *c.MinEncryption
	}
	if key.MinEncryption > 0 && key.MinEncryption < key.MinDecryption {
		return refuse("cannot set min encryption/decryption values; min encryption version of %d must be greater than or equal to min decryption version of %d",
			key.MinEncryption, key.MinDecryption)
	}
	return nil
}

func isTrue(flag *bool) bool { return flag != nil && *flag }
