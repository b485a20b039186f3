package pqtransit

import (
	"context"
	"errors"

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

// upsertDisabled is asked only where a request would create a key.
func upsertDisabled(ctx context.Context, storage logical.Storage) (bool, error) {
	settings, err := readSettings[keysSettings](ctx, storage, keysSettingsPath)
	return settings.DisableUpsert, err
}
