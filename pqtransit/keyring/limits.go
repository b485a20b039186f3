package keyring

import (
	"context"
	"math"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/pqtransit/rotation"
	"github.com/palisade-vault/palisade/pqtransit/usage"
)

const (
	// blocks is into how many parts a limit is divided: so much of it at most is lost with a
	// crash, and so often at most is something stored for it, besides once per start.
	blocks = 16
	// largestBlock and largestBytes bound what a crash loses of a large limit.
	largestBlock = 1 << 20
	largestBytes = 1 << 36
	// unbounded stands for no limit, and leaves room to add to it.
	unbounded = math.MaxInt64 / 4
)

// Work is what a request is about to do with a key: encrypt, sign, authenticate, encapsulate.
// The zero value is nothing.
type Work struct {
	latest usage.Demand
	others map[int]usage.Demand // by version, where the caller named one
}

// Add counts one operation of a version, 0 for the latest, on so many bytes.
func (w *Work) Add(version, bytes int) {
	one := usage.Demand{Operations: 1, Bytes: int64(bytes)}
	if version == 0 {
		w.latest = w.latest.Plus(one)
		return
	}
	if w.others == nil {
		w.others = map[int]usage.Demand{}
	}
	w.others[version] = w.others[version].Plus(one)
}

// limits are what one version may do before the key rotates by itself; limited is false where
// there is no such bound. By default it is half of what the algorithm is safe for. Convergent
// keys have no default: their nonces are not random, and after a rotation equal plaintexts
// would no longer make equal ciphertexts.
func (k *Key) limits(version *Version) (limits usage.Demand, limited bool) {
	limit := func(set, safe int64) int64 {
		switch {
		case set > 0:
			return set
		case set == rotation.AlgorithmsOwn && safe > 0 && !k.Convergent:
			return safe / 2
		}
		return unbounded
	}
	limits = usage.Demand{
		Operations: limit(k.Rotation.MaxOperations, version.Suite.SafeMessages),
		Bytes:      limit(k.Rotation.MaxBytes, version.Suite.SafeBytes),
	}
	return limits, limits != usage.Demand{Operations: unbounded, Bytes: unbounded}
}

// Reserve makes room for work before it is done, and answers the key to do it with: the given
// one, or what it has become by rotating because its latest version has done what it may. Work
// counts whole: a batch is not divided between two versions, and one that is larger than a
// limit gets a version of its own. It makes no storage call but at the end of a block and at
// the first work after a start.
func (r *Keyring) Reserve(ctx context.Context, storage logical.Storage, key *Key, work Work) (*Key, error) {
	for number, demand := range work.others {
		// What the caller chose is counted, and cannot be changed by a rotation.
		if version := key.usable(number); version != nil {
			if _, err := r.reserve(ctx, storage, key, version, demand, false); err != nil {
				return nil, err
			}
		}
	}
	if work.latest == (usage.Demand{}) {
		return key, nil
	}
	for rotates := !key.Imported || key.ImportedRotation; ; {
		reason, err := r.reserve(ctx, storage, key, key.versions[key.Latest], work.latest, rotates)
		if err != nil || reason == "" {
			return key, err
		}
		if key, err = r.rotateWorn(ctx, storage, key, reason); err != nil {
			return nil, err
		}
	}
}

// reserve answers why the key has to rotate first, empty where there is room.
func (r *Keyring) reserve(ctx context.Context, storage logical.Storage, key *Key, version *Version, demand usage.Demand, rotates bool) (rotation.Reason, error) {
	if version.uses.Take(demand) {
		return "", nil
	}
	limits, limited := key.limits(version)
	if !limited {
		return "", nil
	}
	place := r.acquire(key.Name)
	defer r.release(key.Name, place)
	if r.meter.Peek(key.Name) == nil { // deleted in the meantime
		return "", nil
	}
	if version.uses.Covered() { // somebody else had it granted
		return "", nil
	}
	return r.grant(ctx, storage, place, key, claim{version: version, demand: demand, limits: limits, rotates: rotates})
}

// claim is what is wanted of a version.
type claim struct {
	version        *Version
	demand, limits usage.Demand
	rotates        bool
}

// grant stores that another block is used up, and then lets it be used.
func (r *Keyring) grant(ctx context.Context, storage logical.Storage, place *slot, key *Key, c claim) (rotation.Reason, error) {
	stored, err := r.usage.Get(ctx, storage, key.Name)
	if err != nil {
		return "", err
	}
	counter, identity := c.version.uses, c.version.identity()
	counter.Begin(stored.reserved()[identity], stored.uses()[identity].Protected)
	total := counter.Used()
	fresh := total == c.demand
	if reason := c.exceeded(total); reason != "" && c.rotates && !fresh {
		return reason, nil
	}
	return "", r.storeUsage(ctx, storage, place, stored, grants{
		counts: r.meter.Key(key.Name), version: c.version, upTo: c.next(total),
	})
}

func (c claim) exceeded(total usage.Demand) rotation.Reason {
	switch {
	case total.Operations > c.limits.Operations:
		return rotation.Operations
	case total.Bytes > c.limits.Bytes:
		return rotation.Bytes
	}
	return ""
}

// next is how much may be used before the next grant: a block more than now, and where the key
// rotates at the limit, not past it.
func (c claim) next(total usage.Demand) usage.Demand {
	next := total.Plus(usage.Demand{
		Operations: min(max(c.limits.Operations/blocks, 1), largestBlock),
		Bytes:      min(max(c.limits.Bytes/blocks, 1), largestBytes),
	})
	if !c.rotates {
		return next
	}
	return usage.Demand{
		Operations: max(total.Operations, min(next.Operations, c.limits.Operations)),
		Bytes:      max(total.Bytes, min(next.Bytes, c.limits.Bytes)),
	}
}

// rotateWorn rotates a key whose latest version has done what it may, unless somebody else has
// done so, and answers what the key is now.
func (r *Keyring) rotateWorn(ctx context.Context, storage logical.Storage, worn *Key, reason rotation.Reason) (*Key, error) {
	return r.change(ctx, storage, worn.Name, func(found *loaded) (bool, error) {
		switch {
		case found == nil:
			return false, refuse("key not found")
		case found.key.versions[found.key.Latest].identity() != worn.versions[worn.Latest].identity():
			return false, nil
		}
		return true, r.rotateUnasked(ctx, found, found.key.Suite(), reason)
	})
}
