package pqtransit

import (
	"context"
	"errors"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend"
)

// What was counted of a key's use is stored once in an interval, of so many keys at one call
// of Vault's; at the end all of it, as far as the time goes.
const (
	usageInterval = time.Hour
	usagePerCall  = 500
	usageAtEnd    = 5 * time.Second
)

// periodic is called by Vault once a minute, on the active node alone.
func (b *pqBackend) periodic(ctx context.Context, r *logical.Request) error {
	var faults []error
	for name, work := range b.unasked() {
		backend.Guard(b.Logger(), name, func() { faults = append(faults, work(ctx, r.Storage)) })
	}
	return errors.Join(faults...)
}

// unasked is everything that is done without a request. What changes a key has an entry in the
// journal, which a test holds.
func (b *pqBackend) unasked() map[string]func(context.Context, logical.Storage) error {
	return map[string]func(context.Context, logical.Storage) error{
		"automatic rotation": b.autoRotateKeys,
		"usage counts":       b.flushUsage,
		"inventory":          b.takeInventory,
	}
}

func (b *pqBackend) flushUsage(ctx context.Context, storage logical.Storage) error {
	if !b.mayWrite() {
		return nil
	}
	return b.keys.FlushUsage(ctx, storage, b.rotation.now().Add(-usageInterval), usagePerCall)
}

// flushAtEnd is called when the mount stops. A node that has lost its storage by then loses
// the counts since the last interval, as in a crash.
func (b *pqBackend) flushAtEnd(storage logical.Storage) func(context.Context) {
	return func(ctx context.Context) {
		backend.Guard(b.Logger(), "usage counts", func() {
			if storage == nil || !b.mayWrite() {
				return
			}
			ctx, cancel := context.WithTimeout(ctx, usageAtEnd)
			defer cancel()
			if err := b.keys.EndUsage(ctx, storage); err != nil {
				b.Logger().Warn("failed to store what keys were used for", "error", err)
			}
		})
	}
}
