package pqtransit

import (
	"context"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend"
)

// minCacheSize is the smallest limit of cached keys, in transit's own measure.
const minCacheSize = 10

func (b *pqBackend) pathCacheConfig() *framework.Path {
	answer := map[string]*framework.FieldSchema{
		"size": required(framework.TypeInt, "How many keys are cached at most, 0 for no limit"),
	}
	return &framework.Path{
		Pattern: "cache-config",
		Fields: map[string]*framework.FieldSchema{
			"size": {
				Type:        framework.TypeInt,
				Description: "How many keys to cache at most: 0 for no limit, else at least 10.",
			},
		},
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.UpdateOperation: &framework.PathOperation{
				Callback:  backend.Handle(b, decodeCacheSettings, b.configureCache),
				Summary:   "Bound the cache of keys.",
				Responses: ok(answer),
			},
			logical.ReadOperation: &framework.PathOperation{
				Callback:  backend.Handle(b, decodeNothing, b.readCacheSettings),
				Summary:   "Read how many keys are cached at most.",
				Responses: ok(answer),
			},
		},
		HelpSynopsis: "Bound the cache of keys.",
		HelpDescription: `Keys are kept in memory, ready for use. With a size, the key whose last use is longest
ago gives way; its next use reads storage. A change takes effect at once.`,
	}
}

func decodeCacheSettings(f *backend.Fields) cacheSettings {
	settings := cacheSettings{Size: f.Int("size")}
	if settings.Size != 0 && settings.Size < minCacheSize {
		f.Fail("size must be 0 or a value greater or equal to %d", minCacheSize)
	}
	return settings
}

func (b *pqBackend) configureCache(ctx context.Context, r *logical.Request, req cacheSettings) (*logical.Response, error) {
	if err := writeSettings(ctx, r.Storage, cacheSettingsPath, req); err != nil {
		return nil, err
	}
	b.keys.SetCacheSize(req.Size)
	return cacheAnswer(req), nil
}

func (b *pqBackend) readCacheSettings(ctx context.Context, r *logical.Request, _ nothing) (*logical.Response, error) {
	if !b.keys.Caches() {
		return nil, backend.Invalid("caching is disabled for this transit mount")
	}
	stored, err := readSettings[cacheSettings](ctx, r.Storage, cacheSettingsPath)
	if err != nil {
		return nil, err
	}
	return cacheAnswer(stored), nil
}

func cacheAnswer(settings cacheSettings) *logical.Response {
	return &logical.Response{Data: map[string]any{"size": settings.Size}}
}

// loadCacheSize applies the stored setting. A stored size below the minimum, which no
// release writes, is taken for the minimum.
func (b *pqBackend) loadCacheSize(ctx context.Context, storage logical.Storage) error {
	if storage == nil { // only asked for its type and version
		return nil
	}
	stored, err := readSettings[cacheSettings](ctx, storage, cacheSettingsPath)
	if err != nil {
		return err
	}
	if stored.Size != 0 {
		stored.Size = max(stored.Size, minCacheSize)
	}
	b.keys.SetCacheSize(stored.Size)
	return nil
}

// invalidate forgets what storage says otherwise now.
func (b *pqBackend) invalidate(storage logical.Storage) func(ctx context.Context, path string) {
	return func(ctx context.Context, path string) {
		b.keys.Invalidate(path)
		if path != cacheSettingsPath {
			return
		}
		if err := b.loadCacheSize(ctx, storage); err != nil {
			b.Logger().Error("failed to load the size of the cache", "error", err)
		}
	}
}
