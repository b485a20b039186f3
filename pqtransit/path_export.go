package pqtransit

import (
	"context"
	"strconv"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend"
	"github.com/palisade-vault/palisade/pqtransit/keyring"
)

func (b *pqBackend) pathExport() *framework.Path {
	return &framework.Path{
		Pattern: "export/" + framework.GenericNameRegex("type") + "/" + framework.GenericNameRegex("name") + framework.OptionalParamRegex("version"),
		Fields: map[string]*framework.FieldSchema{
			"type": {
				Type:        framework.TypeString,
				Description: "What to export: encryption-key, signing-key, hmac-key, cmac-key, public-key or certificate-chain.",
			},
			"name":    nameField(),
			"version": exportVersionField(),
			"format":  formatField(),
		},
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.ReadOperation: &framework.PathOperation{
				Callback:  backend.Handle(b, decodeExport, b.export),
				Summary:   "Read a key's own bytes.",
				Responses: ok(exportResponse("The exported part of each version")),
			},
		},
		HelpSynopsis: "Export a named key.",
		HelpDescription: `Gives out the key itself, which must be exportable; a public key or a certificate chain
is given of every key. RSA keys come as PKCS #1 PEM, ECDSA keys as SEC 1 PEM, others as
base64 of their bytes: for a post-quantum key of its seed. With format every type comes in
one of its standard encodings: private keys as pem, der (PKCS#8) or raw, public keys as
pem, der (SubjectPublicKeyInfo), raw, jwk or age.`,
	}
}

func exportVersionField() *framework.FieldSchema {
	return &framework.FieldSchema{
		Type:        framework.TypeString,
		Description: "Version to export: a number, latest, or empty for all in use.",
	}
}

func formatField() *framework.FieldSchema {
	return &framework.FieldSchema{
		Type: framework.TypeString,
		Description: `Encoding of the keys: pem, der, raw, jwk or age, where the type has it. By default as the
transit engine gives them.`,
	}
}

func exportResponse(keys string) map[string]*framework.FieldSchema {
	return map[string]*framework.FieldSchema{
		"name":  required(framework.TypeString, "Name of the key"),
		"type":  required(framework.TypeString, "Algorithm of the latest version"),
		"types": {Type: framework.TypeMap, Description: "Algorithm of each version, where they differ"},
		"keys":  required(framework.TypeMap, keys),
	}
}

type exportRequest struct{ part, name, version, format string }

func decodeExport(f *backend.Fields) exportRequest {
	req := exportRequest{part: f.String("type"), name: f.String("name"), version: f.String("version"), format: f.String("format")}
	if err := keyring.CheckExport(req.part); err != nil {
		f.Fail("%v", err)
	}
	return req
}

func (b *pqBackend) export(ctx context.Context, r *logical.Request, req exportRequest) (*logical.Response, error) {
	key, err := b.keys.Get(ctx, r.Storage, req.name)
	if err != nil || key == nil {
		return nil, asAnswer(err)
	}
	texts, err := key.Export(req.part, req.version, req.format)
	if err != nil {
		return nil, asAnswer(err)
	}
	return exportAnswer(key, texts), nil
}

// exportAnswer shows something of each version, by number.
func exportAnswer(key *keyring.Key, texts map[int]string) *logical.Response {
	keys, types := map[string]any{}, map[string]any{}
	for _, version := range key.Versions() {
		if text, ok := texts[version.Number]; ok {
			number := strconv.Itoa(version.Number)
			keys[number], types[number] = text, version.Suite.Name
		}
	}
	data := map[string]any{"name": key.Name, "type": key.Suite().Name, "keys": keys}
	if key.Mixed() {
		data["types"] = types
	}
	return &logical.Response{Data: data}
}
