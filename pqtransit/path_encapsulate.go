package pqtransit

import (
	"context"
	"encoding/base64"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend"
)

func (b *pqBackend) pathEncapsulate() *framework.Path {
	return &framework.Path{
		Pattern: "encapsulate/" + framework.GenericNameRegex("name"),
		Fields: map[string]*framework.FieldSchema{
			"name": nameField(),
			"key_version": {
				Type:        framework.TypeInt,
				Description: "Version to encapsulate to, not older than the key's min_encryption_version; 0 for the latest.",
			},
			"batch_input": {
				Type: framework.TypeSlice,
				Description: `Up to 10000 objects, each for a secret of its own, with the parameter key_version, which is
then ignored outside, and optionally reference, which comes back with the result.`,
			},
		},
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.UpdateOperation: &framework.PathOperation{
				Callback: backend.Handle(b, decodeEncapsulate, b.encapsulate),
				Summary:  "Make a shared secret for the holder of a key, or a batch of them.",
				Responses: ok(map[string]*framework.FieldSchema{
					"ciphertext":    {Type: framework.TypeString, Description: "vault:v<version>:<base64>"},
					"shared_secret": {Type: framework.TypeString, Description: "The 32 bytes to keep, base64"},
					"confirmation":  {Type: framework.TypeString, Description: "Goes with the ciphertext to the receiver, base64"},
					"key_version":   {Type: framework.TypeInt, Description: "Version whose public key it is for"},
					"batch_results": batchResultsField(),
				}),
			},
		},
		HelpSynopsis: "Encapsulate a fresh shared secret to a key of purpose key-encapsulation.",
		HelpDescription: `Needs the public key alone, so any implementation of the mechanism can do it too. The
ciphertext and the confirmation go to whoever may decapsulate.`,
	}
}

type kemRequest struct {
	name        string
	unconfirmed bool
	batch
}

func decodeEncapsulate(f *backend.Fields) kemRequest {
	return kemRequest{name: f.String("name"), batch: decodeItems(f, func(f *backend.Fields, index int) item {
		var i item
		i.params.Version = f.Int("key_version")
		i.decodeReference(f, index)
		return i
	})}
}

// decodeReference also takes a number, as transit's sign and verify do.
func (i *item) decodeReference(f *backend.Fields, index int) {
	if index != notInBatch {
		i.reference = f.Text("reference")
	}
}

func (b *pqBackend) encapsulate(ctx context.Context, r *logical.Request, req kemRequest) (*logical.Response, error) {
	key, err := b.keyToWork(ctx, r, req.name, req.work(versionOf, func(*item) int { return 0 }))
	if err != nil {
		return nil, asAnswer(err)
	}
	answer, _, err := run(ctx, b.workers, &req.batch, func(i *item) (encapsulateResult, error) {
		made, err := key.Encapsulate(i.params.Version)
		if err != nil {
			return encapsulateResult{}, err
		}
		return encapsulateResult{
			Ciphertext:   made.Ciphertext,
			KeyVersion:   made.Version,
			SharedSecret: base64.StdEncoding.EncodeToString(made.SharedSecret.Bytes()),
			Confirmation: base64.StdEncoding.EncodeToString(made.Confirmation),
		}, nil
	})
	return answer, err
}

// encapsulateResult is what encapsulate makes of one item.
type encapsulateResult struct {
	Ciphertext   string `json:"ciphertext,omitempty"`
	SharedSecret string `json:"shared_secret,omitempty"`
	Confirmation string `json:"confirmation,omitempty"`
	KeyVersion   int    `json:"key_version,omitempty"`
	common
}

func (e *encapsulateResult) single() map[string]any {
	return map[string]any{
		"ciphertext": e.Ciphertext, "shared_secret": e.SharedSecret,
		"confirmation": e.Confirmation, "key_version": e.KeyVersion,
	}
}
