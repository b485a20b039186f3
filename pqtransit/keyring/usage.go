package keyring

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend"
	"github.com/palisade-vault/palisade/pqtransit/usage"
)

const usagePrefix = "palisade/usage/"

// storedUsage is palisade/usage/<name>. docs/formats.md draws it.
type storedUsage struct {
	Versions []versionUsage `json:"versions"` // ascending
}

type versionUsage struct {
	Version   int         `json:"version"`
	Created   time.Time   `json:"created"` // with the number, which version of which key it is
	Protected storedTotal `json:"protected"`
	Processed storedTotal `json:"processed"`
}

type storedTotal struct {
	Operations int64     `json:"operations"`
	Bytes      int64     `json:"bytes"`
	Last       time.Time `json:"last"`
}

func newUsageStore() *backend.Store[storedUsage] {
	return backend.NewStore[storedUsage](usagePrefix, 1)
}

// attach has the uses of a key's versions counted.
func (r *Keyring) attach(key *Key) {
	counts := r.meter.Key(key.Name)
	for _, version := range key.versions {
		version.uses = counts.Version(version.identity())
	}
}

func (v *Version) identity() usage.Version { return usage.NewVersion(v.Number, v.Created) }

// Uses is what each version of a key was used for until now, by its number; versions that
// never were are absent. A crash loses what was counted since the last [Keyring.FlushUsage].
// It costs one storage read.
func (r *Keyring) Uses(ctx context.Context, storage logical.Storage, key *Key) (map[int]usage.Use, error) {
	stored, err := r.usage.Get(ctx, storage, key.Name)
	if err != nil {
		return nil, err
	}
	known := stored.uses()
	addUses(known, r.meter.Peek(key.Name).Pending())
	uses := map[int]usage.Use{}
	for version, use := range known {
		if key.may(version) {
			uses[version.Number] = use
		}
	}
	return uses, nil
}

// FlushUsage stores what was counted of at most limit keys that were not flushed since
// before. A key whose counts cannot be stored keeps them, and does not keep the others from
// theirs.
func (r *Keyring) FlushUsage(ctx context.Context, storage logical.Storage, before time.Time, limit int) error {
	var faults []error
	for _, counts := range r.meter.Due(before, limit) {
		if err := ctx.Err(); err != nil {
			return errors.Join(append(faults, err)...)
		}
		if err := r.flushUsage(ctx, storage, counts); err != nil {
			faults = append(faults, fmt.Errorf("key %s: %w", counts.Name(), err))
		}
	}
	return errors.Join(faults...)
}

func (r *Keyring) flushUsage(ctx context.Context, storage logical.Storage, counts *usage.Key) error {
	place := r.acquire(counts.Name())
	defer r.release(counts.Name(), place)
	if r.meter.Peek(counts.Name()) != counts {
		return nil // deleted in the meantime
	}
	drained := counts.Drain()
	err := r.addUsage(ctx, storage, place, counts.Name(), drained)
	if err != nil {
		counts.Return(drained)
	}
	return err
}

func (r *Keyring) addUsage(ctx context.Context, storage logical.Storage, place *slot, name string, more map[usage.Version]usage.Use) error {
	stored, err := r.usage.Get(ctx, storage, name)
	if err != nil {
		return err
	}
	total := stored.uses()
	addUses(total, more)
	if key := place.key.Load(); key != nil {
		for version := range total {
			if !key.may(version) {
				delete(total, version)
			}
		}
		r.meter.Key(name).Keep(key.may)
	}
	return r.usage.Put(ctx, storage, name, newStoredUsage(total))
}

// may reports whether a version is one of this key, as far as the key knows: versions that are
// too old to be used may lie in an archive.
func (k *Key) may(version usage.Version) bool {
	if mine := k.versions[version.Number]; mine != nil {
		return mine.identity() == version
	}
	return version.Number >= k.MinAvailable && version.Number < k.MinDecryption
}

func addUses(to, more map[usage.Version]usage.Use) {
	for version, use := range more {
		to[version] = to[version].Plus(use)
	}
}

func (s *storedUsage) uses() map[usage.Version]usage.Use {
	uses := map[usage.Version]usage.Use{}
	if s == nil {
		return uses
	}
	for _, version := range s.Versions {
		uses[usage.NewVersion(version.Version, version.Created)] = usage.Use{
			Protected: usage.Total(version.Protected),
			Processed: usage.Total(version.Processed),
		}
	}
	return uses
}

func newStoredUsage(uses map[usage.Version]usage.Use) *storedUsage {
	stored := &storedUsage{Versions: []versionUsage{}}
	for version, use := range uses {
		stored.Versions = append(stored.Versions, versionUsage{
			Version:   version.Number,
			Created:   version.Created(),
			Protected: storedTotal(use.Protected),
			Processed: storedTotal(use.Processed),
		})
	}
	slices.SortFunc(stored.Versions, func(a, b versionUsage) int { return a.Version - b.Version })
	return stored
}
