package pqtransit

import (
	"context"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend"
	"github.com/palisade-vault/palisade/pqtransit/keyring"
)

func (b *pqBackend) pathDataKey() *framework.Path {
	return &framework.Path{
		Pattern: "datakey/" + framework.GenericNameRegex("plaintext") + "/" + framework.GenericNameRegex("name"),
		Fields: dataKeyFields(map[string]*framework.FieldSchema{
			"nonce":          nonceField(),
			"padding_scheme": paddingField("encryption"),
		}),
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.UpdateOperation: &framework.PathOperation{
				Callback: backend.Handle(b, decodeOneDataKey, b.dataKey),
				Summary:  "Make a random key and encrypt it.",
				Responses: ok(map[string]*framework.FieldSchema{
					"ciphertext":  required(framework.TypeString, "The key, encrypted: vault:v<version>:<base64>"),
					"key_version": required(framework.TypeInt, "Version that encrypted"),
					"plaintext":   {Type: framework.TypeString, Description: "The key, base64"},
				}),
			},
		},
		HelpSynopsis: "Make a data key.",
		HelpDescription: `Makes a random key for use outside Vault and encrypts it with the named key. Keep the
ciphertext with the data; decrypt gives the key back.`,
	}
}

func decodeOneDataKey(f *backend.Fields) dataKeyRequest {
	req := decodeDataKey(f)
	req.params.Nonce = f.Base64("nonce")
	req.params.PaddingScheme = f.String("padding_scheme")
	return req
}

func (b *pqBackend) dataKey(ctx context.Context, r *logical.Request, req dataKeyRequest) (*logical.Response, error) {
	return b.withDataKey(ctx, r, req, 1, func(key *keyring.Key) (map[string]any, error) {
		made, err := key.DataKey(req.params, req.size)
		if err != nil {
			return nil, err
		}
		answer := req.pair(made)
		answer["key_version"] = made.Version
		return answer, nil
	})
}

// pathDataKeys is Vault Enterprise's.
func (b *pqBackend) pathDataKeys() *framework.Path {
	return &framework.Path{
		Pattern: "datakeys/" + framework.GenericNameRegex("plaintext") + "/" + framework.GenericNameRegex("name"),
		Fields: dataKeyFields(map[string]*framework.FieldSchema{
			"count": {Type: framework.TypeInt, Description: "How many keys, 1 to 10000."},
		}),
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.UpdateOperation: &framework.PathOperation{
				Callback: backend.Handle(b, decodeManyDataKeys, b.dataKeys),
				Summary:  "Make several random keys and encrypt each.",
				Responses: ok(map[string]*framework.FieldSchema{
					"key_pairs":   required(framework.TypeSlice, "An object with ciphertext and perhaps plaintext for each key"),
					"key_version": required(framework.TypeInt, "Version that encrypted"),
				}),
			},
		},
		HelpSynopsis:    "Make data keys.",
		HelpDescription: "Makes as many random keys as count says, all encrypted with the same version and context.",
	}
}

type dataKeysRequest struct {
	dataKeyRequest
	count int
}

func decodeManyDataKeys(f *backend.Fields) dataKeysRequest {
	req := dataKeysRequest{dataKeyRequest: decodeDataKey(f), count: f.Int("count")}
	if req.count < 1 || req.count > maxDataKeys {
		f.Fail("count must be between 1 and %d", maxDataKeys)
	}
	return req
}

func (b *pqBackend) dataKeys(ctx context.Context, r *logical.Request, req dataKeysRequest) (*logical.Response, error) {
	return b.withDataKey(ctx, r, req.dataKeyRequest, req.count, func(key *keyring.Key) (map[string]any, error) {
		made, err := b.makeDataKeys(ctx, req.count, func(int) (keyring.DataKey, error) { return key.DataKey(req.params, req.size) })
		if err != nil {
			return nil, err
		}
		pairs := make([]map[string]any, len(made))
		for i := range made {
			pairs[i] = req.pair(made[i])
		}
		return map[string]any{"key_pairs": pairs, "key_version": made[0].Version}, nil
	})
}
