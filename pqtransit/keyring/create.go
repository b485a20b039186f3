package keyring

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/pqtransit/rotation"
	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// currentConvergent is the version of transit's convergent scheme that new keys follow.
const currentConvergent = 3

// minAutoRotate is the shortest period after which a key may rotate by itself.
const minAutoRotate = time.Hour

// Spec is what a new key is to be. The zero value of each field but Type is the default.
type Spec struct {
	// Type is a suite's name or alias, or Vault's name with its parameters.
	Type string
	TypeParameters
	// Purpose is one that the algorithm offers; 0 is its first.
	Purpose suite.Purpose
	// For is what the key will be used for at once, and must be able to do.
	For                              suite.Purpose
	Derived, Convergent              bool
	Exportable, AllowPlaintextBackup bool
	AutoRotatePeriod                 time.Duration
	// KeySize is in bytes, for algorithms of variable size; 0 is their default.
	KeySize int
	// Rotation are the settings that transit does not have.
	Rotation rotation.Change
}

// check finds the algorithm, and refuses what is wrong whether or not the key exists.
func (s Spec) check() (*suite.Suite, error) {
	if err := checkAutoRotate(s.AutoRotatePeriod); err != nil {
		return nil, err
	}
	if _, err := s.rotation(time.Time{}); err != nil {
		return nil, err
	}
	if s.Convergent && !s.Derived {
		return nil, refuse("convergent encryption requires derivation to be enabled")
	}
	algorithm, err := s.find(s.Type)
	if err != nil {
		return nil, err
	}
	switch {
	case !s.purpose(algorithm).Has(s.For):
		return nil, refuse("key type %s not supported for this operation", algorithm.Name)
	case !allowed(algorithm, s.Purpose):
		return nil, refuse("keys of type %s cannot be for %s: they are for %s",
			algorithm.Name, PurposeText(s.Purpose), purposeChoice(algorithm))
	}
	return algorithm, s.checkSize(algorithm)
}

// checkDerivation refuses what the algorithm cannot do, which an existing key of the name is
// spared, as in the built-in engine.
func (s Spec) checkDerivation(algorithm *suite.Suite) error {
	switch {
	case s.Derived && !algorithm.Derivation:
		return refuse("key derivation and convergent encryption not supported for keys of type %s", algorithm.Name)
	case s.Convergent && !algorithm.Convergent:
		return refuse("convergent encryption not supported for keys of type %s", algorithm.Name)
	}
	return nil
}

func checkAutoRotate(period time.Duration) error {
	if period != 0 && period < minAutoRotate {
		return refuse("auto rotate period must be 0 to disable or at least an hour")
	}
	return nil
}

// Create makes the key unless there is one of that name, which it answers as it is,
// whatever the spec; created tells the two apart.
func (r *Keyring) Create(ctx context.Context, storage logical.Storage, name string, spec Spec) (key *Key, created bool, err error) {
	algorithm, err := spec.check()
	if err != nil {
		return nil, false, err
	}
	key, err = r.Get(ctx, storage, name)
	if key != nil || err != nil {
		return key, false, err
	}
	place := r.acquire(name)
	defer r.release(name, place)
	found, err := r.load(ctx, storage, name, nil)
	if err != nil {
		return nil, false, err
	}
	if found == nil {
		created = true
		found, err = r.create(ctx, storage, name, algorithm, spec)
		if err != nil {
			return nil, false, err
		}
	}
	r.publish(place, found.key)
	return found.key, created, nil
}

func (r *Keyring) create(ctx context.Context, storage logical.Storage, name string, algorithm *suite.Suite, spec Spec) (*loaded, error) {
	if err := spec.checkDerivation(algorithm); err != nil {
		return nil, err
	}
	key, err := spec.newKey(name, r.now())
	if err != nil {
		return nil, err
	}
	if err := r.makeVersion(ctx, key, algorithm, spec.purpose(algorithm)); err != nil {
		return nil, err
	}
	fresh := &loaded{key: key, cause: rotation.Cause{Reason: rotation.Creation}}
	return fresh, r.save(ctx, storage, fresh)
}

// rotation is the settings of a new key.
func (s Spec) rotation(now time.Time) (rotation.Settings, error) {
	settings, err := s.Rotation.Apply(rotation.Settings{}, now)
	if err != nil {
		return settings, refuse("%v", err)
	}
	return settings, checkExclusive(s.AutoRotatePeriod, settings)
}

func checkExclusive(period time.Duration, settings rotation.Settings) error {
	if period != 0 && settings.Schedule != "" {
		return refuse("mutually exclusive fields rotation_schedule and auto_rotate_period were both specified; only one of them can be provided")
	}
	return nil
}

// newKey is a key without versions yet.
func (s Spec) newKey(name string, now time.Time) (*Key, error) {
	settings, err := s.rotation(now)
	if err != nil {
		return nil, err
	}
	key := &Key{
		Name: name,
		Settings: Settings{
			Derived:              s.Derived,
			Convergent:           s.Convergent,
			Exportable:           s.Exportable,
			AllowPlaintextBackup: s.AllowPlaintextBackup,
			AutoRotatePeriod:     s.AutoRotatePeriod,
			KeySize:              s.KeySize,
			MinDecryption:        1,
		},
		Rotation: settings,
		versions: map[int]*Version{},
	}
	if s.Derived {
		key.KDF = suite.HKDFSHA256
	}
	if s.Convergent {
		key.ConvergentVersion = -1
	}
	return key, nil
}

// makeVersion makes a fresh latest version.
func (r *Keyring) makeVersion(ctx context.Context, key *Key, algorithm *suite.Suite, purpose suite.Purpose) error {
	if err := r.usable.check(algorithm); err != nil {
		return err
	}
	if err := r.mayAdd(key, algorithm); err != nil {
		return err
	}
	material, err := r.slow.toMake(ctx, algorithm, func() (suite.Key, error) { return key.generate(algorithm) })
	if err != nil {
		return fmt.Errorf("key %s: %w", key.Name, err)
	}
	return r.addVersion(key, &Version{Suite: algorithm, Purpose: purpose, key: made(material)})
}

// addVersion gives a version what every one has, and makes it the latest.
func (r *Keyring) addVersion(key *Key, version *Version) error {
	material, err := version.open()
	if err != nil {
		return err
	}
	hmacKey, err := r.hmacKeyFor(version.Suite, material)
	if err != nil {
		return fmt.Errorf("key %s: failed to make an HMAC key: %v", key.Name, err)
	}
	version.hmacKey = hmacKey
	if sized, ok := material.(suite.Sized); ok {
		// What the built-in engine makes the next version of, and clients read.
		key.KeySize = sized.Size()
	}
	version.Number = key.Latest + 1
	version.Created = r.now()
	if key.Convergent && (key.ConvergentVersion == -1 || key.ConvergentVersion > 1) {
		version.convergent = currentConvergent
	}
	key.Latest = version.Number
	key.versions[version.Number] = version
	return nil
}
