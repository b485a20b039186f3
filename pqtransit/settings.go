package pqtransit

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/hashicorp/vault/sdk/logical"
)

// The mount's settings lie where and how the built-in engine keeps them, so that a mount
// that was switched in place has them too.
const (
	keysSettingsPath  = "config/keys"
	cacheSettingsPath = "config/cache"
)

// keysSettings apply to all keys of a mount.
type keysSettings struct {
	DisableUpsert bool `json:"disable_upsert"`
}

// cacheSettings bound what is kept in memory.
type cacheSettings struct {
	Size int `json:"size"` // keys, 0 for no limit
}

// readSettings answers the zero value where nothing is stored.
func readSettings[T any](ctx context.Context, storage logical.Storage, path string) (T, error) {
	var settings T
	entry, err := storage.Get(ctx, path)
	if err != nil {
		return settings, fmt.Errorf("failed to read %s: %w", path, err)
	}
	if entry == nil {
		return settings, nil
	}
	if err := entry.DecodeJSON(&settings); err != nil {
		return settings, fmt.Errorf("%s does not decode: %v", path, err)
	}
	return settings, nil
}

func writeSettings[T any](ctx context.Context, storage logical.Storage, path string, settings T) error {
	body, err := json.Marshal(settings)
	if err != nil {
		return fmt.Errorf("failed to encode %s: %v", path, err)
	}
	if err := storage.Put(ctx, &logical.StorageEntry{Key: path, Value: body}); err != nil {
		return fmt.Errorf("failed to write %s: %w", path, err)
	}
	return nil
}
