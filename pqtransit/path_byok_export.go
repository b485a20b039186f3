package pqtransit

import (
	"context"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend"
	"github.com/palisade-vault/palisade/pqtransit/byok"
)

func (b *pqBackend) pathBYOKExport() *framework.Path {
	return &framework.Path{
		Pattern: "byok-export/" + framework.GenericNameRegex("destination") + "/" + framework.GenericNameRegex("source") + framework.OptionalParamRegex("version"),
		Fields: map[string]*framework.FieldSchema{
			"destination": {Type: framework.TypeString, Description: "RSA, x25519-mlkem768 or p384-mlkem1024 key of this mount to encrypt to, such as another engine's imported wrapping key."},
			"source":      {Type: framework.TypeString, Description: "Key to export."},
			"version":     exportVersionField(),
			"hash": {
				Type:        framework.TypeString,
				Default:     "SHA256",
				Description: "Hash function of the OAEP part, for an RSA destination alone: SHA1, SHA224, SHA256, SHA384 or SHA512.",
			},
		},
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.ReadOperation: &framework.PathOperation{
				Callback:  backend.Handle(b, decodeBYOKExport, b.byokExport),
				Summary:   "Read a key encrypted to another key.",
				Responses: ok(exportResponse("Each version as an import takes it")),
			},
		},
		HelpSynopsis: "Export a key encrypted to another.",
		HelpDescription: `Gives an exportable key as another engine's import takes it: import that engine's
wrapping_key here as a public key of its type and name it as the destination.`,
	}
}

type byokExportRequest struct {
	destination, source, version string
	hash                         byok.Hash // nil where none was given
}

func decodeBYOKExport(f *backend.Fields) byokExportRequest {
	req := byokExportRequest{destination: f.String("destination"), source: f.String("source"), version: f.String("version")}
	if !f.Has("hash") {
		return req
	}
	var err error
	if req.hash, err = byok.ParseHash(f.String("hash")); err != nil {
		f.Fail("%v", err)
	}
	return req
}

func (b *pqBackend) byokExport(ctx context.Context, r *logical.Request, req byokExportRequest) (*logical.Response, error) {
	destination, err := b.keys.Get(ctx, r.Storage, req.destination)
	if err != nil {
		return nil, asAnswer(err)
	}
	if destination == nil {
		return nil, backend.Invalid("no such destination key to export to")
	}
	source, err := b.keys.Get(ctx, r.Storage, req.source)
	if err != nil {
		return nil, asAnswer(err)
	}
	if source == nil {
		return nil, backend.Invalid("no such source key for export")
	}
	wrapped, err := source.ExportWrapped(destination, req.hash, req.version)
	if err != nil {
		return nil, asAnswer(err)
	}
	return exportAnswer(source, wrapped), nil
}
