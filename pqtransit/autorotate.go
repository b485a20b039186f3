package pqtransit

import (
	"context"
	"sync"
	"time"

	"github.com/hashicorp/vault/sdk/helper/consts"
	"github.com/hashicorp/vault/sdk/logical"
)

// autoRotateInterval is how often keys are looked through, as in transit. Vault calls once a
// minute.
const autoRotateInterval = time.Hour

// autoRotation is when keys were last looked through.
type autoRotation struct {
	now  func() time.Time
	mu   sync.Mutex // guards next, and keeps a second look from starting meanwhile
	next time.Time
}

func (b *pqBackend) autoRotateKeys(ctx context.Context, storage logical.Storage) error {
	b.rotation.mu.Lock()
	defer b.rotation.mu.Unlock()
	now := b.rotation.now()
	if now.Before(b.rotation.next) {
		return nil
	}
	b.rotation.next = now.Add(autoRotateInterval)
	if !b.mayWrite() {
		return nil
	}
	rotated, err := b.keys.AutoRotate(ctx, storage, now)
	for _, key := range rotated {
		b.Logger().Info("rotated key automatically", "key", key.Name, "version", key.Latest, "type", key.Suite().Name)
	}
	return err
}

// mayWrite is false where another node or cluster of Vault Enterprise owns the storage.
func (b *pqBackend) mayWrite() bool {
	state := b.System().ReplicationState()
	if state.HasState(consts.ReplicationDRSecondary | consts.ReplicationPerformanceStandby) {
		return false
	}
	return b.System().LocalMount() || !state.HasState(consts.ReplicationPerformanceSecondary)
}
