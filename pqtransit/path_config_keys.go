package pqtransit

import (
	"context"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend"
)

func (b *pqBackend) pathConfigKeys() *framework.Path {
	answer := map[string]*framework.FieldSchema{
		"disable_upsert": required(framework.TypeBool, "Whether encrypt refuses to create keys"),
	}
	return &framework.Path{
		Pattern: "config/keys",
		Fields: map[string]*framework.FieldSchema{
			"disable_upsert": {
				Type:        framework.TypeBool,
				Description: "Refuse to create a key when encrypt names one that does not exist.",
			},
		},
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.UpdateOperation: &framework.PathOperation{
				Callback:  backend.Handle(b, decodeKeysSettings, b.configureKeys),
				Summary:   "Set what applies to all keys.",
				Responses: ok(answer),
			},
			logical.ReadOperation: &framework.PathOperation{
				Callback:  backend.Handle(b, decodeNothing, b.readKeysSettings),
				Summary:   "Read what applies to all keys.",
				Responses: ok(answer),
			},
		},
		HelpSynopsis:    "Settings for all keys of the mount.",
		HelpDescription: "Says whether encrypt may create keys. A setting that is left out of a write becomes false.",
	}
}

// nothing is a request without parameters.
type nothing struct{}

func decodeNothing(*backend.Fields) nothing { return nothing{} }

func decodeKeysSettings(f *backend.Fields) keysSettings {
	return keysSettings{DisableUpsert: f.Bool("disable_upsert")}
}

func (b *pqBackend) configureKeys(ctx context.Context, r *logical.Request, req keysSettings) (*logical.Response, error) {
	stored, err := readSettings[keysSettings](ctx, r.Storage, keysSettingsPath)
	if err != nil {
		return nil, err
	}
	if stored != req {
		if err := writeSettings(ctx, r.Storage, keysSettingsPath, req); err != nil {
			return nil, err
		}
	}
	return keysSettingsAnswer(req), nil
}

func (b *pqBackend) readKeysSettings(ctx context.Context, r *logical.Request, _ nothing) (*logical.Response, error) {
	stored, err := readSettings[keysSettings](ctx, r.Storage, keysSettingsPath)
	if err != nil {
		return nil, err
	}
	return keysSettingsAnswer(stored), nil
}

func keysSettingsAnswer(settings keysSettings) *logical.Response {
	return &logical.Response{Data: map[string]any{"disable_upsert": settings.DisableUpsert}}
}
