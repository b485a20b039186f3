package keyring

import "sync/atomic"

// cacheBound is how many keys may be cached at once. Its zero value is no limit.
type cacheBound struct{ recent atomic.Pointer[recency] }

// CacheSize is the limit of cached keys, 0 for none.
func (r *Keyring) CacheSize() int {
	if recent := r.bound.recent.Load(); recent != nil {
		return recent.limit
	}
	return 0
}

// Cached is the key of that name if it is in memory, else nil. It counts for no use of it.
func (r *Keyring) Cached(name string) *Key {
	if place, ok := r.slots.Load(name); ok {
		return place.(*slot).key.Load()
	}
	return nil
}

// CachedKeys is how many keys are in memory.
func (r *Keyring) CachedKeys() int {
	cached := 0
	r.slots.Range(func(_, place any) bool {
		if place.(*slot).key.Load() != nil {
			cached++
		}
		return true
	})
	return cached
}

// Caches reports whether loaded keys are kept in memory at all.
func (r *Keyring) Caches() bool { return r.cache }

// SetCacheSize bounds the number of cached keys; 0 is no limit. Everything cached so far is
// forgotten. A key that is loaded at that very moment may stay cached uncounted until it is
// used again.
func (r *Keyring) SetCacheSize(limit int) {
	var recent *recency
	if limit > 0 {
		recent = newRecency(limit)
	}
	r.bound.recent.Store(recent)
	r.slots.Range(func(name, _ any) bool {
		r.drop(name.(string))
		return true
	})
}

// used is called with each use of a cached key.
func (r *Keyring) used(name string) {
	recent := r.bound.recent.Load()
	if recent == nil {
		return
	}
	if drop := recent.used(name); drop != "" {
		r.drop(drop)
	}
}

// unused is called when a key is no longer cached.
func (r *Keyring) unused(name string) {
	if recent := r.bound.recent.Load(); recent != nil {
		recent.forget(name)
	}
}

// drop forgets a cached key. Its slot goes as well, unless somebody is loading or changing
// the key, who then takes care of that.
func (r *Keyring) drop(name string) {
	place, ok := r.slots.Load(name)
	if !ok {
		return
	}
	found := place.(*slot)
	found.key.Store(nil)
	if found.mu.TryLock() {
		r.release(name, found)
	}
}
