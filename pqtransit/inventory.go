package pqtransit

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/pqtransit/metrics"
	"github.com/palisade-vault/palisade/pqtransit/posture"
)

// inventoryEvery is how often the keys are looked through for metrics, keysPerLook how many at
// one call of Vault's.
const (
	inventoryEvery = time.Hour
	keysPerLook    = 2000
)

// inventory is what the keys looked like when they were last looked through, and how far the
// next look has come.
type inventory struct {
	last atomic.Pointer[metrics.Inventory]

	mu    sync.Mutex // guards the rest
	next  *metrics.Inventory
	after string
	start time.Time
}

// takeInventory looks at some more keys. It reads storage and writes nothing.
func (b *pqBackend) takeInventory(ctx context.Context, storage logical.Storage) error {
	b.looking.mu.Lock()
	defer b.looking.mu.Unlock()
	now := b.rotation.now()
	if b.looking.next == nil {
		if now.Before(b.looking.start.Add(inventoryEvery)) {
			return nil
		}
		b.looking.next, b.looking.after, b.looking.start = metrics.NewInventory(now), "", now
	}
	rules, err := b.keys.CryptoPolicy(ctx, storage)
	if err != nil {
		return err
	}
	page, err := b.keys.Postures(ctx, storage, b.looking.after, keysPerLook)
	if err != nil {
		return err
	}
	for _, key := range page.Keys {
		b.looking.next.Add(posture.Assess(key, rules, now))
	}
	b.looking.after = page.Next
	if page.Next == "" {
		b.looking.last.Store(b.looking.next)
		b.looking.next = nil
	}
	return nil
}
