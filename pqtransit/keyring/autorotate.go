package keyring

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/vault/sdk/logical"
)

// AutoRotate rotates every key whose latest version is older at now than the key's
// AutoRotatePeriod, and answers those that it rotated. A key that fails does not keep the
// others from their rotation: it is in the error, joined with the other faults. Keys that
// are not cached are looked at without being cached.
func (r *Keyring) AutoRotate(ctx context.Context, storage logical.Storage, now time.Time) (rotated []*Key, err error) {
	names, err := r.List(ctx, storage)
	if err != nil {
		return nil, err
	}
	var faults []error
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return rotated, errors.Join(append(faults, err)...)
		}
		key, err := r.autoRotate(ctx, storage, name, now)
		if err != nil {
			faults = append(faults, fmt.Errorf("key %s: %w", name, err))
		}
		if key != nil {
			rotated = append(rotated, key)
		}
	}
	return rotated, errors.Join(faults...)
}

// autoRotate answers nil for a key that is not due.
func (r *Keyring) autoRotate(ctx context.Context, storage logical.Storage, name string, now time.Time) (*Key, error) {
	key, err := r.peek(ctx, storage, name)
	if err != nil || key == nil || !key.due(now) {
		return nil, err
	}
	done := false
	key, err = r.change(ctx, storage, name, func(found *loaded) (bool, error) {
		if found == nil || !found.key.due(now) { // changed in the meantime
			return false, nil
		}
		done = true
		return true, r.rotate(found.key, found.key.Suite())
	})
	if err != nil || !done {
		return nil, err
	}
	return key, nil
}

// peek is the key of that name, or nil, without a change of what is cached.
func (r *Keyring) peek(ctx context.Context, storage logical.Storage, name string) (*Key, error) {
	if place, ok := r.slots.Load(name); ok {
		if key := place.(*slot).key.Load(); key != nil {
			return key, nil
		}
	}
	place := r.acquire(name)
	defer r.release(name, place)
	found, err := r.load(ctx, storage, name, nil)
	if err != nil || found == nil {
		return nil, err
	}
	return found.key, nil
}

// due reports whether the key rotates by itself at that time.
func (k *Key) due(now time.Time) bool {
	if k.AutoRotatePeriod <= 0 || (k.Imported && !k.ImportedRotation) {
		return false
	}
	return now.After(k.versions[k.Latest].Created.Add(k.AutoRotatePeriod))
}
