package pqtransit

import (
	"context"
	"encoding/base64"
	"errors"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend"
	"github.com/palisade-vault/palisade/pqtransit/keyring"
	"github.com/palisade-vault/palisade/pqtransit/suite"
)

var errMissingConfirmation = errors.New("missing confirmation: give the one that came with the ciphertext, " +
	"or set require_confirmation=false and find out yourself whether the secret is right")

func (b *pqBackend) pathDecapsulate() *framework.Path {
	return &framework.Path{
		Pattern: "decapsulate/" + framework.GenericNameRegex("name"),
		Fields: map[string]*framework.FieldSchema{
			"name":         nameField(),
			"ciphertext":   {Type: framework.TypeString, Description: "A ciphertext as encapsulate gave it."},
			"confirmation": {Type: framework.TypeString, Description: "What encapsulate gave with it, base64."},
			"require_confirmation": {
				Type:    framework.TypeBool,
				Default: true,
				Description: `Refuse a ciphertext without its confirmation. Without one, a ciphertext that is not for
this key gives a random secret, and no error.`,
			},
			"batch_input": {
				Type: framework.TypeSlice,
				Description: `Up to 10000 objects with ciphertext and confirmation, which are then ignored outside, and
optionally reference, which comes back with the result.`,
			},
		},
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.UpdateOperation: &framework.PathOperation{
				Callback: backend.Handle(b, decodeDecapsulate, b.decapsulate),
				Summary:  "Recover one shared secret or a batch of them.",
				Responses: ok(map[string]*framework.FieldSchema{
					"shared_secret": {Type: framework.TypeString, Description: "The 32 bytes, base64"},
					"key_version":   {Type: framework.TypeInt, Description: "Version that the ciphertext was for"},
					"batch_results": batchResultsField(),
				}),
			},
		},
		HelpSynopsis: "Recover a shared secret with a key of purpose key-encapsulation.",
		HelpDescription: `The ciphertext names the version that it is for, which must not be older than the key's
min_decryption_version.`,
	}
}

func decodeDecapsulate(f *backend.Fields) kemRequest {
	return kemRequest{
		name:        f.String("name"),
		unconfirmed: !f.Bool("require_confirmation"),
		batch: decodeItems(f, func(f *backend.Fields, index int) item {
			i := item{ciphertext: f.String("ciphertext")}
			i.needCiphertext(f, index)
			i.confirmation = i.base64(f, "confirmation")
			i.decodeReference(f, index)
			return i
		}),
	}
}

func (b *pqBackend) decapsulate(ctx context.Context, r *logical.Request, req kemRequest) (*logical.Response, error) {
	key, err := b.keyOf(ctx, r, req.name)
	if err != nil {
		return nil, asAnswer(err)
	}
	answer, _, err := run(ctx, b.workers, &req.batch, func(i *item) (decapsulateResult, error) {
		secret, version, err := recoverSecret(key, i, req.unconfirmed)
		if err != nil {
			return decapsulateResult{}, err
		}
		return decapsulateResult{
			SharedSecret: base64.StdEncoding.EncodeToString(secret.Bytes()),
			KeyVersion:   version,
		}, nil
	})
	return answer, err
}

// recoverSecret checks a confirmation that is there even where none is required.
func recoverSecret(key *keyring.Key, i *item, unconfirmed bool) (suite.Secret, int, error) {
	switch {
	case len(i.confirmation) > 0:
		return key.Decapsulate(i.ciphertext, i.confirmation)
	case unconfirmed:
		return key.DecapsulateUnconfirmed(i.ciphertext)
	}
	return suite.Secret{}, 0, errMissingConfirmation
}

// decapsulateResult is what decapsulate makes of one item.
type decapsulateResult struct {
	SharedSecret string `json:"shared_secret,omitempty"`
	KeyVersion   int    `json:"key_version,omitempty"`
	common
}

func (d *decapsulateResult) single() map[string]any {
	return map[string]any{"shared_secret": d.SharedSecret, "key_version": d.KeyVersion}
}
