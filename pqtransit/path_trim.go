package pqtransit

import (
	"context"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend"
)

func (b *pqBackend) pathTrim() *framework.Path {
	return &framework.Path{
		Pattern: "keys/" + framework.GenericNameRegex("name") + "/trim",
		Fields: map[string]*framework.FieldSchema{
			"name": nameField(),
			"min_available_version": {
				Type: framework.TypeInt,
				Description: `Oldest version to keep; all before it are destroyed. At most the lesser of
min_decryption_version and min_encryption_version, both of which must be set.`,
			},
		},
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.UpdateOperation: &framework.PathOperation{
				Callback:  backend.Handle(b, decodeTrim, b.trimKey),
				Summary:   "Destroy a key's oldest versions.",
				Responses: ok(keyResponse()),
			},
		},
		HelpSynopsis:    "Trim a named key.",
		HelpDescription: "Destroys the versions older than min_available_version. What they encrypted can then never be read again.",
	}
}

type trimRequest struct {
	name         string
	minAvailable *int
}

func decodeTrim(f *backend.Fields) trimRequest {
	return trimRequest{name: f.String("name"), minAvailable: given(f, "min_available_version", f.Int)}
}

func (b *pqBackend) trimKey(ctx context.Context, r *logical.Request, req trimRequest) (*logical.Response, error) {
	key, err := b.keys.Trim(ctx, r.Storage, req.name, req.minAvailable)
	if err != nil {
		return nil, asAnswer(err)
	}
	b.Logger().Info("trimmed key on request", "key", key.Name, "min_available_version", key.MinAvailable)
	return keyAnswer(key, publicView{})
}
