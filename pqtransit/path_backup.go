package pqtransit

import (
	"context"
	"net/http"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend"
)

func (b *pqBackend) pathBackup() *framework.Path {
	return &framework.Path{
		Pattern: "backup/" + framework.GenericNameRegex("name"),
		Fields:  map[string]*framework.FieldSchema{"name": nameField()},
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.ReadOperation: &framework.PathOperation{
				Callback: backend.Handle(b, decodeName, b.backup),
				Summary:  "Back a key up, in plaintext.",
				Responses: ok(map[string]*framework.FieldSchema{
					"backup": required(framework.TypeString, "The whole key, for restore"),
				}),
			},
		},
		HelpSynopsis: "Back a named key up.",
		HelpDescription: `Gives the whole key in plaintext, for restore. The key must be exportable and allow
plaintext backups. That of a key which Vault Community knows can be restored in its
transit engine too, and the other way round.`,
	}
}

func (b *pqBackend) backup(ctx context.Context, r *logical.Request, req named) (*logical.Response, error) {
	text, err := b.keys.Backup(ctx, r.Storage, req.name)
	if err != nil {
		return nil, asAnswer(err)
	}
	return &logical.Response{Data: map[string]any{"backup": text}}, nil
}

func (b *pqBackend) pathRestore() *framework.Path {
	return &framework.Path{
		Pattern: "restore" + framework.OptionalParamRegex("name"),
		Fields: map[string]*framework.FieldSchema{
			"name":   {Type: framework.TypeString, Description: "Name for the restored key, by default its own."},
			"backup": {Type: framework.TypeString, Description: "What backup gave, here or in another engine."},
			"force":  {Type: framework.TypeBool, Description: "Replace a key that has the name."},
		},
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.UpdateOperation: &framework.PathOperation{
				Callback:  backend.Handle(b, decodeRestore, b.restore),
				Summary:   "Restore a key from its backup.",
				Responses: map[int][]framework.Response{http.StatusNoContent: {{Description: "The key is there."}}},
			},
		},
		HelpSynopsis: "Restore a key.",
		HelpDescription: `Stores the key of a backup with all its versions, so that what it encrypted, signed or
authenticated before stays valid.`,
	}
}

type restoreRequest struct {
	name, backup string
	force        bool
}

func decodeRestore(f *backend.Fields) restoreRequest {
	req := restoreRequest{name: f.String("name"), backup: f.String("backup"), force: f.Bool("force")}
	if req.backup == "" {
		f.Fail("'backup' must be supplied")
	}
	return req
}

func (b *pqBackend) restore(ctx context.Context, r *logical.Request, req restoreRequest) (*logical.Response, error) {
	key, err := b.keys.Restore(ctx, r.Storage, req.name, req.backup, req.force)
	if err != nil {
		return nil, asAnswer(err)
	}
	b.Logger().Info("restored key on request", "key", key.Name, "versions", key.Latest, "force", req.force)
	return nil, nil
}
