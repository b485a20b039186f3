package pqtransit

import (
	"context"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend"
	"github.com/palisade-vault/palisade/pqtransit/digest"
)

func (b *pqBackend) pathHMAC() *framework.Path {
	return &framework.Path{
		Pattern: "hmac/" + framework.GenericNameRegex("name") + framework.OptionalParamRegex("urlalgorithm"),
		Fields: map[string]*framework.FieldSchema{
			"name":         nameField(),
			"input":        {Type: framework.TypeString, Description: "What to authenticate, base64; may be empty."},
			"algorithm":    digestField("Hash function"),
			"urlalgorithm": {Type: framework.TypeString, Description: "Hash function, in the path; goes before algorithm."},
			"key_version":  keyVersionField(),
			"batch_input":  authBatchField("input"),
		},
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.UpdateOperation: &framework.PathOperation{
				Callback: backend.Handle(b, decodeHMAC, b.hmac),
				Summary:  "Authenticate data.",
				Responses: ok(map[string]*framework.FieldSchema{
					"hmac":          {Type: framework.TypeString, Description: "vault:v<version>:<base64>"},
					"batch_results": batchResultsField(),
				}),
			},
		},
		HelpSynopsis: "Authenticate data with a named key.",
		HelpDescription: `Makes an HMAC of the input. Every key can, whatever its type: each version has an HMAC key
of its own beside the other. verify checks the result.`,
	}
}

func authBatchField(input string) *framework.FieldSchema {
	return &framework.FieldSchema{
		Type: framework.TypeSlice,
		Description: "Up to 10000 objects with " + input + ` and optionally reference, which comes back with the
result. Those parameters are then ignored outside; the others apply to all.`,
	}
}

type hmacRequest struct {
	name      string
	algorithm digest.Algorithm
	version   int
	authBatch
}

func decodeHMAC(f *backend.Fields) hmacRequest {
	name := f.String("urlalgorithm")
	if name == "" {
		name = f.String("algorithm")
	}
	return hmacRequest{
		name:      f.String("name"),
		algorithm: decodeDigest(f, name),
		version:   f.Int("key_version"),
		authBatch: decodeAuthBatch(f, decodeHMACInput),
	}
}

func decodeHMACInput(f *backend.Fields, _ int) authItem {
	var item authItem
	item.decodeInput(f, "missing input for HMAC")
	return item
}

func (b *pqBackend) hmac(ctx context.Context, r *logical.Request, req hmacRequest) (*logical.Response, error) {
	key, err := b.keyToWork(ctx, r, req.name, req.work(req.version))
	if err != nil {
		return nil, asAnswer(err)
	}
	mac, err := key.NewHMAC(req.algorithm, req.version)
	if err != nil {
		return nil, asAnswer(err)
	}
	return req.run(ctx, b.workers,
		func(item *authItem) (authResult, error) { return authResult{HMAC: mac.Sum(item.input)}, nil },
		func(result authResult) map[string]any { return map[string]any{"hmac": result.HMAC} },
	)
}
