package pqtransit

import (
	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend"
)

func (b *pqBackend) pathVerify() *framework.Path {
	return &framework.Path{
		Pattern: "verify/" + framework.GenericNameRegex("name") + framework.OptionalParamRegex("urlalgorithm"),
		Fields: withFields(signingFields(), map[string]*framework.FieldSchema{
			"signature":   {Type: framework.TypeString, Description: "A signature as sign gave it."},
			"batch_input": signBatchField("input and signature"),
		}),
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.UpdateOperation: &framework.PathOperation{
				Callback: backend.Handle(b, decodeVerify, b.verifySignature),
				Summary:  "Verify one signature or a batch.",
				Responses: ok(map[string]*framework.FieldSchema{
					"valid":         {Type: framework.TypeBool, Description: "Whether the signature is one of the message"},
					"batch_results": batchResultsField(),
				}),
			},
		},
		HelpSynopsis: "Verify a signature, or a batch of signatures, with a named key.",
		HelpDescription: `The signature names the version that made it, which must not be older than the key's
min_decryption_version. The other parameters must be those it was made with.`,
	}
}

func decodeVerify(f *backend.Fields) signRequest {
	items, isBatch := f.Items("batch_input")
	given := 0
	for _, item := range items {
		if item.Has("signature") {
			given++
		}
	}
	switch {
	case !isBatch && !f.Has("signature"):
		f.Fail("missing one of 'signature', 'hmac' or 'cmac' arguments to verify")
	case len(items) > 0 && given == 0:
		f.Fail("no batch_input elements have 'signature', 'hmac' or 'cmac'")
	case given < len(items):
		f.Fail("some elements of batch_input are missing 'signature'")
	}
	return decodeVerifySignature(f)
}
