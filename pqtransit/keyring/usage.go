package keyring

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend"
	"github.com/palisade-vault/palisade/pqtransit/suite"
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
	// Reserved is what counts as used against a limit: at least what was protected, and more
	// after a crash. 0 where no limit ever was.
	ReservedOperations int64 `json:"reserved_operations"`
	ReservedBytes      int64 `json:"reserved_bytes"`
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
		version.uses.In(r.classes[version.Suite])
	}
}

// SuiteUses is how often versions of an algorithm were used since the process started.
func (r *Keyring) SuiteUses(algorithm *suite.Suite) (protected, processed int64) {
	class := r.classes[algorithm]
	return class.Operations(usage.Protect), class.Operations(usage.Process)
}

func newClasses() map[*suite.Suite]*usage.Class {
	classes := map[*suite.Suite]*usage.Class{}
	for _, algorithm := range suite.All() {
		classes[algorithm] = &usage.Class{}
	}
	return classes
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
	return r.flush(ctx, storage, r.meter.Due(before, limit), func(*usage.Counter) {})
}

// EndUsage stores everything that was counted, and gives back what was reserved and not used.
// It is called when the mount stops.
func (r *Keyring) EndUsage(ctx context.Context, storage logical.Storage) error {
	return r.flush(ctx, storage, r.meter.All(), (*usage.Counter).Revoke)
}

func (r *Keyring) flush(ctx context.Context, storage logical.Storage, keys []*usage.Key, prepare func(*usage.Counter)) error {
	var faults []error
	for _, counts := range keys {
		if err := ctx.Err(); err != nil {
			return errors.Join(append(faults, err)...)
		}
		if err := r.flushKey(ctx, storage, counts, prepare); err != nil {
			faults = append(faults, fmt.Errorf("key %s: %w", counts.Name(), err))
		}
	}
	return errors.Join(faults...)
}

func (r *Keyring) flushKey(ctx context.Context, storage logical.Storage, counts *usage.Key, prepare func(*usage.Counter)) error {
	place := r.acquire(counts.Name())
	defer r.release(counts.Name(), place)
	if r.meter.Peek(counts.Name()) != counts {
		return nil // deleted in the meantime
	}
	for _, counter := range counts.Counters() {
		prepare(counter)
	}
	stored, err := r.usage.Get(ctx, storage, counts.Name())
	if err != nil {
		return err
	}
	return r.storeUsage(ctx, storage, place, stored, grants{counts: counts})
}

// grants are the counters of a key, and up to what total one of them is to be granted.
type grants struct {
	counts  *usage.Key
	version *Version // nil for none
	upTo    usage.Demand
}

// storeUsage adds to what is stored what was counted since, and what is granted from then on.
func (r *Keyring) storeUsage(ctx context.Context, storage logical.Storage, place *slot, stored *storedUsage, g grants) error {
	drained := g.counts.Drain()
	total, reserved := stored.uses(), stored.reserved()
	addUses(total, drained)
	for version, counter := range g.counts.Counters() {
		if now, begun := counter.Reserved(); begun {
			reserved[version] = now
		}
	}
	if g.version != nil {
		reserved[g.version.identity()] = g.upTo
	}
	if key := place.key.Load(); key != nil {
		maps.DeleteFunc(total, func(version usage.Version, _ usage.Use) bool { return !key.may(version) })
		maps.DeleteFunc(reserved, func(version usage.Version, _ usage.Demand) bool { return !key.may(version) })
		g.counts.Keep(key.may)
	}
	if err := r.usage.Put(ctx, storage, g.counts.Name(), newStoredUsage(total, reserved)); err != nil {
		g.counts.Return(drained)
		return err
	}
	if g.version != nil {
		g.version.uses.Grant(g.upTo)
	}
	return nil
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

// reserved is what counts as used, of versions that a limit was ever held against.
func (s *storedUsage) reserved() map[usage.Version]usage.Demand {
	reserved := map[usage.Version]usage.Demand{}
	if s == nil {
		return reserved
	}
	for _, version := range s.Versions {
		demand := usage.Demand{Operations: version.ReservedOperations, Bytes: version.ReservedBytes}
		if demand != (usage.Demand{}) {
			reserved[usage.NewVersion(version.Version, version.Created)] = demand
		}
	}
	return reserved
}

func newStoredUsage(uses map[usage.Version]usage.Use, reserved map[usage.Version]usage.Demand) *storedUsage {
	versions := map[usage.Version]bool{}
	for version := range uses {
		versions[version] = true
	}
	for version := range reserved {
		versions[version] = true
	}
	stored := &storedUsage{Versions: []versionUsage{}}
	for version := range versions {
		stored.Versions = append(stored.Versions, versionUsage{
			Version:            version.Number,
			Created:            version.Created(),
			Protected:          storedTotal(uses[version].Protected),
			Processed:          storedTotal(uses[version].Processed),
			ReservedOperations: reserved[version].Operations,
			ReservedBytes:      reserved[version].Bytes,
		})
	}
	slices.SortFunc(stored.Versions, func(a, b versionUsage) int {
		return cmp.Or(a.Version-b.Version, a.Created.Compare(b.Created))
	})
	return stored
}
