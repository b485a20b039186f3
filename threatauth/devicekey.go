package threatauth

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"sync"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend"
)

const (
	deviceKeyPrefix = "risk/device-key/"
	deviceKeyName   = "1"
	deviceKeySize   = 32
	// deviceIDSize is the length of a device's digest: 128 bits in hexadecimal.
	deviceIDSize = 32
)

// storedDeviceKey is the mount's key for device digests.
type storedDeviceKey struct {
	Key []byte `json:"key"`
}

// deviceKey turns User-Agents into keyed digests, so that what is stored of a device tells
// nothing to who has not the key.
type deviceKey struct {
	random io.Reader
	store  *backend.Store[storedDeviceKey]

	mu  sync.Mutex // guards key
	key []byte
}

func newDeviceKey(random io.Reader) *deviceKey {
	return &deviceKey{random: random, store: backend.NewStore[storedDeviceKey](deviceKeyPrefix, 1)}
}

func (d *deviceKey) forget() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.key = nil
}

// digest is the id of a device; "" for no User-Agent.
func (d *deviceKey) digest(ctx context.Context, storage logical.Storage, userAgent string) (string, error) {
	if userAgent == "" {
		return "", nil
	}
	key, err := d.get(ctx, storage)
	if err != nil {
		return "", err
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("palisade threatauth device v1\x00"))
	mac.Write([]byte(userAgent))
	return hex.EncodeToString(mac.Sum(nil))[:deviceIDSize], nil
}

// get is the key, made and stored at its first use.
func (d *deviceKey) get(ctx context.Context, storage logical.Storage) ([]byte, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.key != nil {
		return d.key, nil
	}
	stored, err := d.store.Get(ctx, storage, deviceKeyName)
	if err != nil {
		return nil, err
	}
	if stored == nil {
		stored = &storedDeviceKey{Key: make([]byte, deviceKeySize)}
		if _, err := io.ReadFull(d.random, stored.Key); err != nil {
			return nil, fmt.Errorf("failed to read random bytes: %w", err)
		}
		if err := d.store.Put(ctx, storage, deviceKeyName, stored); err != nil {
			return nil, err
		}
	}
	if len(stored.Key) != deviceKeySize {
		return nil, fmt.Errorf("stored device key has %d bytes, not %d", len(stored.Key), deviceKeySize)
	}
	d.key = stored.Key
	return d.key, nil
}
