package pqtransit

import (
	"context"
	"encoding/base64"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend"
)

func (b *pqBackend) pathAgeUnwrap() *framework.Path {
	return &framework.Path{
		Pattern: "age-unwrap/" + framework.GenericNameRegex("name"),
		Fields: map[string]*framework.FieldSchema{
			"name": nameField(),
			"enc":  {Type: framework.TypeString, Description: "Argument of the stanza mlkem768x25519 in the file's header, base64."},
			"body": {Type: framework.TypeString, Description: "Body of that stanza, base64."},
			"key_version": {
				Type:        framework.TypeInt,
				Description: "Version that the file is for; by default all from min_decryption_version on are tried.",
			},
			"batch_input": {
				Type: framework.TypeSlice,
				Description: `Up to 10000 objects with enc, body and key_version, which are then ignored outside, and
optionally reference, which comes back with the result.`,
			},
		},
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.UpdateOperation: &framework.PathOperation{
				Callback: backend.Handle(b, decodeAgeUnwrap, b.ageUnwrap),
				Summary:  "Recover the file key of one age file or of a batch of them.",
				Responses: ok(map[string]*framework.FieldSchema{
					"file_key":      {Type: framework.TypeString, Description: "The 16 bytes with which age opens the file, base64"},
					"key_version":   {Type: framework.TypeInt, Description: "Version that the file was for"},
					"batch_results": batchResultsField(),
				}),
			},
		},
		HelpSynopsis: "Open age files that were encrypted to a key of type x25519-mlkem768.",
		HelpDescription: `Whoever has the key's age recipient (age1pq1..., a read of the key with format=age) encrypts
files offline. palisade age-decrypt opens them through this path, and so can age itself with
the plugin age-plugin-palisade. The file stays where it is: only its header's stanza is sent.`,
	}
}

func decodeAgeUnwrap(f *backend.Fields) kemRequest {
	return kemRequest{name: f.String("name"), batch: decodeItems(f, func(f *backend.Fields, index int) item {
		var i item
		i.params.Version = f.Int("key_version")
		i.stanza.enc, i.stanza.body = i.base64(f, "enc"), i.base64(f, "body")
		i.decodeReference(f, index)
		return i
	})}
}

// ageStanza is what the header of an age file has for one recipient.
type ageStanza struct{ enc, body []byte }

func (b *pqBackend) ageUnwrap(ctx context.Context, r *logical.Request, req kemRequest) (*logical.Response, error) {
	key, err := b.keyOf(ctx, r, req.name)
	if err != nil {
		return nil, asAnswer(err)
	}
	answer, _, err := run(ctx, b.workers, &req.batch, func(i *item) (ageResult, error) {
		fileKey, version, err := key.AgeUnwrap(i.params.Version, i.stanza.enc, i.stanza.body)
		if err != nil {
			return ageResult{}, err
		}
		return ageResult{FileKey: base64.StdEncoding.EncodeToString(fileKey.Bytes()), KeyVersion: version}, nil
	})
	return answer, err
}

// ageResult is what age-unwrap makes of one item.
type ageResult struct {
	FileKey    string `json:"file_key,omitempty"`
	KeyVersion int    `json:"key_version,omitempty"`
	common
}

func (a *ageResult) single() map[string]any {
	return map[string]any{"file_key": a.FileKey, "key_version": a.KeyVersion}
}
