package pqtransit

import (
	"context"
	"encoding/base64"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend"
	"github.com/palisade-vault/palisade/pqtransit/byok"
)

func (b *pqBackend) pathWrappingKey() *framework.Path {
	return &framework.Path{
		Pattern: "wrapping_key",
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.ReadOperation: &framework.PathOperation{
				Callback: backend.Handle(b, decodeNothing, b.wrappingKey),
				Summary:  "Read the public key to which imports are encrypted.",
				Responses: ok(map[string]*framework.FieldSchema{
					"public_key": required(framework.TypeString, "RSA public key of 4096 bits, PEM"),
				}),
			},
		},
		HelpSynopsis:    "The key to wrap imports with.",
		HelpDescription: "Gives the mount's RSA-4096 public key for imports. The first read makes it, which takes seconds.",
	}
}

func (b *pqBackend) wrappingKey(ctx context.Context, r *logical.Request, _ nothing) (*logical.Response, error) {
	key, err := b.keys.WrappingKey(ctx, r.Storage)
	if err != nil {
		return nil, asAnswer(err)
	}
	versions := key.Versions()
	return &logical.Response{Data: map[string]any{"public_key": versions[len(versions)-1].Public().String()}}, nil
}

func (b *pqBackend) pathBYOKExport() *framework.Path {
	return &framework.Path{
		Pattern: "byok-export/" + framework.GenericNameRegex("destination") + "/" + framework.GenericNameRegex("source") + framework.OptionalParamRegex("version"),
		Fields: map[string]*framework.FieldSchema{
			"destination": {Type: framework.TypeString, Description: "RSA key of this mount to encrypt to, such as another engine's imported wrapping key."},
			"source":      {Type: framework.TypeString, Description: "Key to export."},
			"version":     exportVersionField(),
			"hash": {
				Type:        framework.TypeString,
				Default:     "SHA256",
				Description: "Hash function of the OAEP part: SHA1, SHA224, SHA256, SHA384 or SHA512.",
			},
		},
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.ReadOperation: &framework.PathOperation{
				Callback:  backend.Handle(b, decodeBYOKExport, b.byokExport),
				Summary:   "Read a key encrypted to another key.",
				Responses: ok(exportResponse("Each version as an import takes it, base64")),
			},
		},
		HelpSynopsis: "Export a key encrypted to another.",
		HelpDescription: `Gives an exportable key as another engine's import takes it: import that engine's
wrapping_key here as an rsa-4096 public key and name it as the destination.`,
	}
}

type byokExportRequest struct {
	destination, source, version string
	hash                         byok.Hash
}

func decodeBYOKExport(f *backend.Fields) byokExportRequest {
	hash, err := byok.ParseHash(f.String("hash"))
	if err != nil {
		f.Fail("%v", err)
	}
	return byokExportRequest{f.String("destination"), f.String("source"), f.String("version"), hash}
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
	texts := make(map[int]string, len(wrapped))
	for number, ciphertext := range wrapped {
		texts[number] = base64.StdEncoding.EncodeToString(ciphertext)
	}
	return exportAnswer(source, texts), nil
}
