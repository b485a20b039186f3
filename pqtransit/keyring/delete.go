package keyring

import (
	"context"
	"time"

	"github.com/hashicorp/vault/sdk/logical"
)

// Delete removes a key with all its versions, for good. The entry that decides goes first:
// should the rest fail, the key is gone, and a repeated Delete removes the rest.
func (r *Keyring) Delete(ctx context.Context, storage logical.Storage, name string) error {
	place := r.acquire(name)
	defer r.release(name, place)
	found, err := r.load(ctx, storage, name, nil)
	if err != nil {
		return err
	}
	if found == nil {
		return removeRest(ctx, storage, name)
	}
	if !found.key.DeletionAllowed {
		return refuse("error deleting policy %s: deletion is not allowed for this key", name)
	}
	place.key.Store(nil)
	r.meter.Forget(name)
	r.agenda.note(name, time.Time{})
	if err := remove(ctx, storage, policyPrefix+name); err != nil {
		return err
	}
	return removeBeside(ctx, storage, name)
}

// beside are the entries that a key of that name may have beside policy/ and its chunks.
func beside(name string) []string {
	return []string{ownPrefix + name, archivePrefix + name, rotationPrefix + name, historyPrefix + name, usagePrefix + name}
}

// removeBeside removes all of them, and the chunks.
func removeBeside(ctx context.Context, storage logical.Storage, name string) error {
	if err := removeOwn(ctx, storage, name); err != nil {
		return err
	}
	return remove(ctx, storage, beside(name)...)
}

// removeRest finishes an interrupted deletion, and refuses when there is none.
func removeRest(ctx context.Context, storage logical.Storage, name string) error {
	chunks, err := chunksOf(ctx, storage, name)
	if err != nil {
		return err
	}
	left := len(chunks) > 0
	for _, path := range beside(name) {
		entry, err := storage.Get(ctx, path)
		if err != nil {
			return err
		}
		left = left || entry != nil
	}
	if !left {
		return refuse("error deleting policy %s: could not delete key; not found", name)
	}
	return removeBeside(ctx, storage, name)
}
