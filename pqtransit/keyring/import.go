package keyring

import (
	"context"
	"strings"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/pqtransit/byok"
	"github.com/palisade-vault/palisade/pqtransit/rotation"
	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// Material is a key from outside: either wrapped to the mount's wrapping key, or a public
// key as text.
type Material struct {
	// Wrapped is what byok.Wrap gives, nil for none, and Hash the function it was made with.
	Wrapped []byte
	Hash    byok.Hash
	// HPKE is what byok.WrapHPKE gives, nil for none.
	HPKE *byok.Wrapped
	// Public counts where nothing is wrapped, in a form of [suite.Suite.ParsePublicText].
	Public string
}

// checkHalf refuses a public key of which every context would make another.
func (m Material) checkHalf(algorithm *suite.Suite, derived bool) error {
	if m.Wrapped == nil && m.HPKE == nil && derived && algorithm.Asymmetric && algorithm.Derivation {
		return refuse("error importing key: unable to import only public key for derived Ed25519 key: imported key should not be an Ed25519 key pair but is instead an HKDF key")
	}
	return nil
}

// Import is what an imported key is to be.
type Import struct {
	// Spec.Type is read in lower case, as transit does here.
	Spec
	Material
	// AllowRotation lets the key be rotated to versions that are made here.
	AllowRotation bool
	// Actor is who imports it, for the key's history.
	Actor rotation.Actor
}

// Import makes a key of what comes from outside. An existing key of that name is refused.
func (r *Keyring) Import(ctx context.Context, storage logical.Storage, name string, in Import) (*Key, error) {
	if in.AutoRotatePeriod > 0 && !in.AllowRotation {
		return nil, refuse("allow_rotation must be set to true if auto-rotation is enabled")
	}
	given := in.Type
	in.Type = strings.ToLower(given)
	if !suite.KnownType(in.Type) {
		return nil, refuse("unknown key type: %s", given)
	}
	algorithm, err := in.check()
	if err != nil {
		return nil, err
	}
	if err := in.checkDerivation(algorithm); err != nil {
		return nil, err
	}
	existing, err := r.Get(ctx, storage, name)
	if err != nil {
		return nil, err
	}
	if existing != nil {
		return nil, errImportExists
	}
	if err := in.checkHalf(algorithm, in.Derived); err != nil {
		return nil, err
	}
	imported, err := r.imported(ctx, storage, algorithm, in.Material)
	if err != nil {
		return nil, err
	}
	place := r.acquire(name)
	defer r.release(name, place)
	found, err := r.load(ctx, storage, name, nil)
	switch {
	case err != nil:
		return nil, err
	case found != nil:
		return nil, errImportExists
	}
	key, err := in.newKey(name, r.now())
	if err != nil {
		return nil, err
	}
	key.Imported, key.ImportedRotation = true, in.AllowRotation
	if err := r.addImported(key, algorithm, in.purpose(algorithm), imported); err != nil {
		return nil, err
	}
	fresh := &loaded{key: key, cause: rotation.Cause{Reason: rotation.Import, Actor: in.Actor}}
	if err := r.save(ctx, storage, fresh); err != nil {
		return nil, err
	}
	r.publish(place, fresh.key)
	return fresh.key, nil
}

var errImportExists = refuse("the import path cannot be used with an existing key; use import-version to rotate an existing imported key")

// addImported makes what comes from outside the latest version.
func (r *Keyring) addImported(key *Key, algorithm *suite.Suite, purpose suite.Purpose, imported suite.Key) error {
	if err := r.mayAdd(key, algorithm); err != nil {
		return err
	}
	return r.addVersion(key, &Version{Suite: algorithm, Purpose: purpose, key: made(imported)})
}

// imported unwraps and parses a key.
func (r *Keyring) imported(ctx context.Context, storage logical.Storage, algorithm *suite.Suite, m Material) (suite.Key, error) {
	if err := r.usable.check(algorithm); err != nil {
		return nil, err
	}
	if m.Wrapped == nil && m.HPKE == nil {
		if !algorithm.Asymmetric {
			return nil, refuse("provided type does not support public_key import")
		}
		return parsePublic(algorithm, m.Public)
	}
	form, err := r.unwrap(ctx, storage, algorithm, m)
	if err != nil {
		return nil, err
	}
	return r.slow.toMake(ctx, algorithm, func() (suite.Key, error) { return parseImportForm(algorithm, form) })
}

// Update is a further version of an imported key, or the private half of one.
type Update struct {
	Material
	// Version gets its private half; nil is a new version, unless the latest one lacks the
	// private half and this is it.
	Version *int
	// Actor is who imports it, for the key's history.
	Actor rotation.Actor
}

// ImportVersion adds to a key that was imported and not rotated since.
func (r *Keyring) ImportVersion(ctx context.Context, storage logical.Storage, name string, update Update) (*Key, error) {
	existing, err := r.Get(ctx, storage, name)
	if err != nil {
		return nil, err
	}
	if err := existing.checkImportVersion(name); err != nil {
		return nil, err
	}
	algorithm := existing.Suite()
	if err := update.checkHalf(algorithm, existing.Derived); err != nil {
		return nil, err
	}
	imported, err := r.imported(ctx, storage, algorithm, update.Material)
	if err != nil {
		return nil, err
	}
	return r.change(ctx, storage, name, func(found *loaded) (bool, error) {
		if found == nil {
			return false, existing.checkImportVersion(name)
		}
		key := found.key
		if err := key.checkImportVersion(name); err != nil {
			return false, err
		}
		if key.Suite() != algorithm {
			return false, refuse("key %s has changed its type, try again", name)
		}
		switch {
		case update.Version != nil:
			return true, found.complete(*update.Version, imported)
		case key.lacksPrivate(key.Latest) && found.complete(key.Latest, imported) == nil:
			return true, nil
		}
		found.cause = rotation.Cause{Reason: rotation.Import, Actor: update.Actor}
		return true, r.addImported(key, algorithm, key.Purpose(), imported)
	})
}

func (k *Key) checkImportVersion(name string) error {
	switch {
	case k == nil:
		return refuse("no key found with name %s; to import a new key, use the import/ endpoint", name)
	case !k.Imported:
		return refuse("the import_version endpoint can only be used with an imported key")
	case k.Convergent:
		return refuse("import_version cannot be used on keys with convergent encryption enabled")
	}
	return nil
}

// lacksPrivate reports whether only the public half of a version was imported.
func (k *Key) lacksPrivate(number int) bool {
	version := k.usable(number)
	if version == nil {
		return false
	}
	key, err := version.open()
	return err == nil && key.Private().IsZero()
}

// complete gives a version the private half that belongs to its public one.
func (l *loaded) complete(number int, imported suite.Key) error {
	old := l.key.usable(number)
	switch {
	case old == nil:
		return refuse("no such key version")
	case !old.Suite.Asymmetric:
		return refuse("provided type does not support importing key versions")
	case !l.key.lacksPrivate(number):
		return refuse("private key imported, key version cannot be updated")
	case imported.Private().IsZero():
		return refuse("cannot add a public key to a key version that already has a public key set")
	case imported.Public().String() != old.Public().String():
		return refuse("cannot import key, key pair does not match")
	}
	whole := *old
	whole.key = made(imported)
	l.key.versions[number] = &whole
	l.replaced = number
	return nil
}
