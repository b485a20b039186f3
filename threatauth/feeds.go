package threatauth

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/threatauth/intel"
)

// feeds is the loaded set of feeds over their storage. Logins read the set without a lock.
type feeds struct {
	store *intel.Store
	set   atomic.Pointer[intel.Set]
	// mu lets one caller at a time write feeds or load them.
	mu sync.Mutex
}

func newFeeds() *feeds { return &feeds{store: intel.NewStore()} }

func (f *feeds) forget() { f.set.Store(nil) }

// current is the set, loaded from storage at its first use. Beside an error there may be a
// set of what could be read: it is not kept, so that the next login tries again.
func (f *feeds) current(ctx context.Context, storage logical.Storage) (*intel.Set, error) {
	if set := f.set.Load(); set != nil {
		return set, nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if set := f.set.Load(); set != nil {
		return set, nil
	}
	return f.loadLocked(ctx, storage)
}

func (f *feeds) loadLocked(ctx context.Context, storage logical.Storage) (*intel.Set, error) {
	set, err := f.store.Load(ctx, storage)
	if err == nil {
		f.set.Store(set)
	}
	return set, err
}

// change runs a write of feeds and loads what is stored then. Logins use the old set until
// the new one is there; after a failure the next login loads whichever feed is whole.
func (f *feeds) change(ctx context.Context, storage logical.Storage, write func(*intel.Store) error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	err := write(f.store)
	if err == nil {
		_, err = f.loadLocked(ctx, storage)
	}
	if err != nil {
		f.set.Store(nil)
	}
	return err
}
