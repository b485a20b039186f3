package pqtransit

import (
	"context"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend"
	"github.com/palisade-vault/palisade/pqtransit/keyring"
)

func (b *pqBackend) pathConfig() *framework.Path {
	return &framework.Path{
		Pattern: "keys/" + framework.GenericNameRegex("name") + "/config",
		Fields: withFields(rotationFields(), map[string]*framework.FieldSchema{
			"name": nameField(),
			"min_decryption_version": {
				Type:        framework.TypeInt,
				Description: "Oldest version that may decrypt.",
			},
			"min_encryption_version": {
				Type:        framework.TypeInt,
				Description: "Oldest version that a request may ask to encrypt with; 0 for any.",
			},
			"deletion_allowed": {
				Type:        framework.TypeBool,
				Description: "Whether the key may be deleted.",
			},
			"exportable": {
				Type:        framework.TypeBool,
				Description: "Let the key's material be exported. This cannot be undone.",
			},
			"allow_plaintext_backup": {
				Type:        framework.TypeBool,
				Description: "Let backups be taken that hold the key in plaintext. This cannot be undone.",
			},
			"auto_rotate_period": {
				Type:        framework.TypeDurationSecond,
				Description: "Age of the latest version at which the key rotates by itself: 0 for never, else at least an hour.",
			},
		}),
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.UpdateOperation: &framework.PathOperation{
				Callback:  backend.Handle(b, decodeConfig, b.configureKey),
				Summary:   "Change a key's settings.",
				Responses: ok(keyResponse()),
			},
		},
		HelpSynopsis:    "Configure a named key.",
		HelpDescription: "Changes the settings that are given and leaves the others alone. All of them are changed or none.",
	}
}

type configRequest struct {
	name    string
	changes keyring.Configuration
}

func decodeConfig(f *backend.Fields) configRequest {
	changes := keyring.Configuration{
		MinDecryption:        given(f, "min_decryption_version", f.Int),
		MinEncryption:        given(f, "min_encryption_version", f.Int),
		DeletionAllowed:      given(f, "deletion_allowed", f.Bool),
		Exportable:           given(f, "exportable", f.Bool),
		AllowPlaintextBackup: given(f, "allow_plaintext_backup", f.Bool),
		AutoRotatePeriod:     given(f, "auto_rotate_period", f.Seconds),
		Rotation:             decodeRotation(f),
	}
	return configRequest{name: f.String("name"), changes: changes}
}

// given is nil for a field that the caller left out.
func given[T any](f *backend.Fields, name string, get func(string) T) *T {
	if !f.Has(name) {
		return nil
	}
	return new(get(name))
}

func (b *pqBackend) configureKey(ctx context.Context, r *logical.Request, req configRequest) (*logical.Response, error) {
	key, err := b.keys.Configure(ctx, r.Storage, req.name, req.changes)
	if err != nil {
		return nil, asAnswer(err)
	}
	if req.changes.Rotation.Schedule != nil {
		b.scheduleWithHost(ctx, r, key)
	}
	answer, err := keyAnswer(key, publicView{})
	if err != nil {
		return nil, err
	}
	if minimum := req.changes.MinDecryption; minimum != nil && *minimum == 0 {
		answer.AddWarning("since Vault 0.3, transit key numbering starts at 1; forcing minimum to 1")
	}
	return answer, nil
}
