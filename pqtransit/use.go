package pqtransit

import (
	"context"
	"encoding/base64"
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

// keyToWork is the key that an operation names, with room for what is about to be done with it.
func (b *pqBackend) keyToWork(ctx context.Context, r *logical.Request, name string, work keyring.Work) (*keyring.Key, error) {
	key, err := b.keyOf(ctx, r, name)
	if err != nil {
		return nil, err
	}
	return b.keys.Reserve(ctx, r.Storage, key, work)
}

// work is what a batch asks of its key; size is how many bytes an item is about.
func (b *batch) work(version func(*item) int, size func(*item) int) keyring.Work {
	var work keyring.Work
	for i := range b.items {
		work.Add(version(&b.items[i]), size(&b.items[i]))
	}
	return work
}

func versionOf(i *item) int { return i.params.Version }

func plaintextSize(i *item) int { return len(i.plaintext) }

// ciphertextSize is a little more than the plaintext's, which is not known yet.
func ciphertextSize(i *item) int { return base64.StdEncoding.DecodedLen(len(i.ciphertext)) }

// upsertDisabled is asked only where a request would create a key.
func upsertDisabled(ctx context.Context, storage logical.Storage) (bool, error) {
	settings, err := readSettings[keysSettings](ctx, storage, keysSettingsPath)
	return settings.DisableUpsert, err
}
