package pqtransit

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend"
	"github.com/palisade-vault/palisade/pqtransit/keyring"
)

var (
	errKeyNotFound       = backend.Invalid("encryption key not found")
	errMissingCiphertext = errors.New("missing ciphertext to decrypt")
)

// keyOf is the key that an operation names.
func (b *pqBackend) keyOf(ctx context.Context, r *logical.Request, name string) (*keyring.Key, error) {
	key, err := b.keys.Get(ctx, r.Storage, name)
	if err == nil && key == nil {
		err = errKeyNotFound
	}
	return key, err
}

// upsertDisabled reads the built-in engine's own setting, so that a mount that was switched
// in place keeps it. It is asked only where a request would create a key.
func upsertDisabled(ctx context.Context, storage logical.Storage) (bool, error) {
	entry, err := storage.Get(ctx, "config/keys")
	if err != nil {
		return false, fmt.Errorf("failed to read config/keys: %w", err)
	}
	if entry == nil {
		return false, nil
	}
	var settings struct {
		DisableUpsert bool `json:"disable_upsert"`
	}
	if err := entry.DecodeJSON(&settings); err != nil {
		return false, fmt.Errorf("config/keys does not decode: %v", err)
	}
	return settings.DisableUpsert, nil
}
