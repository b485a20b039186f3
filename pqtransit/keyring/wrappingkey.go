package keyring

import (
	"cmp"
	"context"
	"crypto/rsa"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/pqtransit/byok"
	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// wrappingKeyName is where the built-in engine keeps the key to which imports are encrypted,
// and how the names of our own begin. No path names them, since names have no slash.
const wrappingKeyName = "import/wrapping-key"

// DefaultWrappingType is the built-in engine's.
const DefaultWrappingType = "rsa-4096"

// WrappingGrace is how long after its rotation a wrapping key still unwraps what was wrapped
// to its last version: a wrapped key may travel for a while.
const WrappingGrace = 30 * 24 * time.Hour

// WrappingTypes are the types of wrapping key, the default first.
func WrappingTypes() []string {
	return append([]string{DefaultWrappingType}, suite.WrappingTypes()...)
}

func wrappingName(kind string) (string, error) {
	switch {
	case kind == DefaultWrappingType:
		return wrappingKeyName, nil
	case slices.Contains(suite.WrappingTypes(), kind):
		return wrappingKeyName + "-" + kind, nil
	}
	return "", refuse("no wrapping key of type %s: use one of %s", kind, strings.Join(WrappingTypes(), ", "))
}

// WrappingKey is the mount's own key of a type to which imports are encrypted. The first call
// makes it, which for RSA takes seconds.
func (r *Keyring) WrappingKey(ctx context.Context, storage logical.Storage, kind string) (*Key, error) {
	name, err := wrappingName(kind)
	if err != nil {
		return nil, err
	}
	key, _, err := r.Create(ctx, storage, name, Spec{Type: kind})
	if err != nil {
		return nil, err
	}
	if err := key.mayWrap(); err != nil {
		return nil, err
	}
	if !key.superseded(r.now()) {
		return key, nil
	}
	return r.retire(ctx, storage, name)
}

// RotateWrappingKey makes a new version, or the first. What was wrapped to the one before it
// is taken for [WrappingGrace]; older versions are destroyed, and first, so that there are
// never more than two.
func (r *Keyring) RotateWrappingKey(ctx context.Context, storage logical.Storage, kind string) (*Key, error) {
	name, err := wrappingName(kind)
	if err != nil {
		return nil, err
	}
	existing, err := r.Get(ctx, storage, name)
	if err != nil {
		return nil, err
	}
	if existing == nil {
		return r.WrappingKey(ctx, storage, kind)
	}
	if _, err := r.retire(ctx, storage, name); err != nil {
		return nil, err
	}
	return r.Rotate(ctx, storage, name, Rotation{})
}

// retire destroys all versions but the latest. If it ends in between, its next call does the
// rest.
func (r *Keyring) retire(ctx context.Context, storage logical.Storage, name string) (*Key, error) {
	key, err := r.change(ctx, storage, name, func(found *loaded) (bool, error) {
		if found == nil {
			return false, refuse("key not found")
		}
		latest := found.key.Latest
		changed := found.key.MinDecryption != latest || found.key.MinEncryption != latest
		found.key.MinDecryption, found.key.MinEncryption = latest, latest
		return changed, nil
	})
	if err != nil {
		return nil, err
	}
	return r.Trim(ctx, storage, name, &key.MinDecryption)
}

// superseded reports whether a wrapping key has versions that it no longer needs.
func (k *Key) superseded(now time.Time) bool {
	return max(k.MinAvailable, 1) < k.Latest && !now.Before(k.versions[k.Latest].Created.Add(WrappingGrace))
}

// unwrapping are the versions that may still unwrap, the newest first.
func (k *Key) unwrapping(now time.Time) []*Version {
	versions := k.Versions()
	slices.Reverse(versions)
	if k.superseded(now) {
		return versions[:1]
	}
	return versions[:min(len(versions), 2)]
}

// unwrap gives the bytes that were wrapped to a wrapping key of the mount.
func (r *Keyring) unwrap(ctx context.Context, storage logical.Storage, algorithm *suite.Suite, m Material) (suite.Secret, error) {
	if m.HPKE != nil {
		return r.unwrapHPKE(ctx, storage, algorithm, *m.HPKE)
	}
	key, err := r.WrappingKey(ctx, storage, DefaultWrappingType)
	if err != nil {
		return suite.Secret{}, err
	}
	if err := r.usable.check(key.Suite()); err != nil {
		return suite.Secret{}, err
	}
	var refused error
	for _, version := range key.unwrapping(r.now()) { // the form does not name one
		parsed, err := version.open()
		if err != nil {
			return suite.Secret{}, err
		}
		private, ok := parsed.Material().(*rsa.PrivateKey)
		if !ok {
			return suite.Secret{}, fmt.Errorf("the wrapping key is not an RSA key")
		}
		unwrapped, err := byok.Unwrap(private, m.Hash, m.Wrapped)
		if err == nil {
			defer clear(unwrapped)
			return suite.NewSecret(unwrapped), nil
		}
		refused = cmp.Or(refused, err)
	}
	return suite.Secret{}, refuse("%v", refused)
}

// unwrapHPKE makes no wrapping key where there is none: then nothing can be wrapped to it.
func (r *Keyring) unwrapHPKE(ctx context.Context, storage logical.Storage, algorithm *suite.Suite, wrapped byok.Wrapped) (suite.Secret, error) {
	name, err := wrappingName(wrapped.Type)
	if err != nil {
		return suite.Secret{}, err
	}
	key, err := r.Get(ctx, storage, name)
	if err != nil {
		return suite.Secret{}, err
	}
	if key == nil {
		return suite.Secret{}, refuse("%v", byok.ErrUnwrap)
	}
	if err := r.usable.check(key.Suite()); err != nil {
		return suite.Secret{}, err
	}
	if err := key.mayWrap(); err != nil {
		return suite.Secret{}, err
	}
	for _, version := range key.unwrapping(r.now()) {
		if byok.KeyID(version.Public()) != wrapped.KeyID {
			continue
		}
		key, err := version.open()
		if err != nil {
			return suite.Secret{}, err
		}
		form, err := wrapped.Unwrap(key, algorithm)
		if err != nil {
			return suite.Secret{}, refuse("%v", err)
		}
		return form, nil
	}
	return suite.Secret{}, refuse("%v", byok.ErrUnwrap)
}
