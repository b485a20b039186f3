package keyring

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend"
	"github.com/palisade-vault/palisade/pqtransit/suite"
	"github.com/palisade-vault/palisade/pqtransit/usage"
)

// Options are what a keyring gets from outside. Every field but Usable must be set.
type Options struct {
	// Rand makes the HMAC keys; versions themselves come from crypto/rand.
	Rand io.Reader
	// Now is the clock.
	Now func() time.Time
	// Cache keeps loaded keys in memory. Without it each use reads storage.
	Cache bool
	// Usable refuses an algorithm that must not be used, in words for the client. Nil: every
	// algorithm may be.
	Usable func(*suite.Suite) error
	// Slow are the turns in which keys are made that take long to make. Nil: all at once.
	Slow Turns
}

// Keyring is the keys of one mount. It may be used by many goroutines: changes of one key
// follow one another, and nobody who uses a key waits for a change of it.
type Keyring struct {
	rand    io.Reader
	now     func() time.Time
	cache   bool
	usable  usability
	slow    Turns
	slots   sync.Map // name -> *slot
	bound   cacheBound
	rules   mountRules
	meter   *usage.Meter
	classes map[*suite.Suite]*usage.Class
	usage   *backend.Store[storedUsage]
	agenda  agenda

	settings *backend.Store[storedRotation]
	settled  settledNames
	history  *backend.Store[storedHistory]
	unasked  *unasked
}

// slot is the place of one name. A slot that was retired is no longer in the map; whoever
// waited for it looks the name up again.
type slot struct {
	mu      sync.Mutex // held to load or change the key
	retired bool       // guarded by mu
	key     atomic.Pointer[Key]
}

// New makes an empty keyring over storage that is given with each call, always the same.
func New(options Options) *Keyring {
	return &Keyring{
		rand:    options.Rand,
		now:     options.Now,
		cache:   options.Cache,
		usable:  options.Usable,
		slow:    options.Slow,
		meter:   usage.NewMeter(options.Now),
		classes: newClasses(),
		usage:   newUsageStore(),

		settings: newRotationStore(),
		history:  newHistoryStore(),
		unasked:  newUnasked(),
	}
}

// Get is the key of that name, or nil when there is none.
func (r *Keyring) Get(ctx context.Context, storage logical.Storage, name string) (*Key, error) {
	if err := r.ready(ctx, storage); err != nil {
		return nil, err
	}
	if place, ok := r.slots.Load(name); ok {
		if key := place.(*slot).key.Load(); key != nil {
			r.used(name)
			return key, nil
		}
	}
	place := r.acquire(name)
	defer r.release(name, place)
	if key := place.key.Load(); key != nil {
		return key, nil
	}
	found, err := r.load(ctx, storage, name, nil)
	if err != nil || found == nil {
		return nil, err
	}
	r.publish(place, found.key)
	return found.key, nil
}

// List is every key's name, in order, in one storage operation.
func (*Keyring) List(ctx context.Context, storage logical.Storage) ([]string, error) {
	names, err := storage.List(ctx, policyPrefix)
	if err != nil {
		return nil, fmt.Errorf("failed to list keys: %w", err)
	}
	// The built-in engine keeps its wrapping key one level below.
	return slices.DeleteFunc(names, func(name string) bool { return strings.HasSuffix(name, "/") }), nil
}

// Invalidate forgets what is cached of the key whose entry in storage has changed behind
// the keyring's back. It waits for a change of that key that is under way.
func (r *Keyring) Invalidate(path string) {
	if strings.HasPrefix(path, journalPrefix) {
		r.unasked.journal.Forget()
	}
	if path == policyEntry {
		r.rules.changed()
	}
	for _, prefix := range append(StoragePrefixes(), rotationPrefix) {
		name, ok := strings.CutPrefix(path, prefix)
		if !ok {
			continue
		}
		if prefix == chunkPrefix {
			name, _, _ = strings.Cut(name, "/")
		}
		r.settled.add(name)
		place := r.acquire(name)
		place.key.Store(nil)
		r.release(name, place)
	}
}

// acquire locks the name against other loads and changes of it.
func (r *Keyring) acquire(name string) *slot {
	for {
		place, _ := r.slots.LoadOrStore(name, &slot{})
		found := place.(*slot)
		found.mu.Lock()
		if !found.retired {
			return found
		}
		found.mu.Unlock()
	}
}

// release gives the name free, and its slot as well if nothing is cached there, so that
// asking for names that do not exist costs no memory.
func (r *Keyring) release(name string, place *slot) {
	if place.key.Load() == nil && !place.retired {
		place.retired = true
		// Before the name has another slot, whose key would then be cached and not counted.
		r.unused(name)
		r.slots.CompareAndDelete(name, place)
	}
	place.mu.Unlock()
}

// known are the versions that are in memory.
func (s *slot) known() parsed {
	if key := s.key.Load(); key != nil {
		return key.versions
	}
	return nil
}

// publish makes a key that its owner has loaded or changed ready to be given out, has its uses
// counted, and caches it.
func (r *Keyring) publish(place *slot, key *Key) {
	key.ring = r
	key.algorithms = r.usable
	r.attach(key)
	r.agenda.note(key.Name, key.nextChore(r.now()))
	if r.cache {
		place.key.Store(key)
		r.used(key.Name)
	}
}

// change loads a key afresh from storage, lets edit change it and saves it. When edit says
// that nothing changed, or fails, nothing is saved. edit gets nil when there is no such
// key, and change then answers nil. After a fault of storage the key is forgotten, since
// only the next load can tell which side of the change storage is on.
func (r *Keyring) change(ctx context.Context, storage logical.Storage, name string, edit func(*loaded) (bool, error)) (*Key, error) {
	place := r.acquire(name)
	defer r.release(name, place)
	found, err := r.load(ctx, storage, name, place.known())
	if err != nil {
		return nil, err
	}
	if err := found.mend(ctx, storage); err != nil {
		return nil, err
	}
	changed, err := edit(found)
	if err != nil {
		return nil, err
	}
	if changed || (found != nil && found.mended) {
		if err := r.save(ctx, storage, found); err != nil {
			place.key.Store(nil)
			return nil, err
		}
	}
	if found == nil {
		return nil, nil
	}
	r.publish(place, found.key)
	return found.key, nil
}
