package pqtransit

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/hashicorp/vault/sdk/helper/consts"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/pqtransit/keyring"
)

// autoRotation is the clock of what happens without a request. Vault calls once a minute.
type autoRotation struct {
	now func() time.Time
	mu  sync.Mutex // keeps a second call from starting meanwhile
}

func (b *pqBackend) autoRotateKeys(ctx context.Context, storage logical.Storage) error {
	b.rotation.mu.Lock()
	defer b.rotation.mu.Unlock()
	now := b.rotation.now()
	if !b.mayWrite() {
		return nil
	}
	// First, so that a key that is due goes to the type it is sent to.
	followed, policyErr := b.keys.FollowCryptoPolicy(ctx, storage, now)
	all, err := b.keys.Maintain(ctx, storage, now)
	for _, done := range append(followed, all...) {
		b.logDone(done)
	}
	return errors.Join(policyErr, err)
}

func (b *pqBackend) logDone(done keyring.Done) {
	if done.Reason != "" {
		b.Logger().Info("rotated key automatically", "key", done.Key.Name, "version", done.Key.Latest,
			"type", done.Key.Suite().Name, "reason", string(done.Reason))
	}
	if done.Destroyed > 0 {
		b.Logger().Info("destroyed old versions automatically", "key", done.Key.Name,
			"destroyed", done.Destroyed, "oldest", done.Key.MinAvailable)
	}
}

// mayWrite is false where another node or cluster of Vault Enterprise owns the storage.
func (b *pqBackend) mayWrite() bool {
	state := b.System().ReplicationState()
	if state.HasState(consts.ReplicationDRSecondary | consts.ReplicationPerformanceStandby) {
		return false
	}
	return b.System().LocalMount() || !state.HasState(consts.ReplicationPerformanceSecondary)
}
