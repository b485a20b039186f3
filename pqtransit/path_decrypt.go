package pqtransit

import (
	"context"
	"encoding/base64"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend"
)

func (b *pqBackend) pathDecrypt() *framework.Path {
	return &framework.Path{
		Pattern: "decrypt/" + framework.GenericNameRegex("name"),
		Fields: map[string]*framework.FieldSchema{
			"name":                          nameField(),
			"ciphertext":                    ciphertextField(),
			"context":                       contextField(),
			"nonce":                         nonceField(),
			"associated_data":               associatedDataField(),
			"padding_scheme":                paddingField("decryption"),
			"partial_failure_response_code": partialField(),
			"batch_input":                   batchField("ciphertext"),
		},
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.UpdateOperation: &framework.PathOperation{
				Callback:  backend.Handle(b, decodeDecrypt, b.decrypt),
				Summary:   "Decrypt one ciphertext or a batch.",
				Responses: batchResponses(decryptResponse()),
			},
		},
		HelpSynopsis: "Decrypt a ciphertext, or a batch of ciphertexts, with a named key.",
		HelpDescription: `The ciphertext names the version that made it, which must not be older than the key's
min_decryption_version. The plaintext comes back base64.`,
	}
}

type cipherRequest struct {
	name string
	batch
}

func decodeDecrypt(f *backend.Fields) cipherRequest {
	req := cipherRequest{name: f.String("name"), batch: decodeBatch(f, decodeCiphertext)}
	req.partial = given(f, "partial_failure_response_code", f.Int)
	return req
}

func decodeCiphertext(f *backend.Fields, index int) item {
	i := item{ciphertext: f.String("ciphertext")}
	i.needCiphertext(f, index)
	i.decodeCommon(f, index)
	i.params.PaddingScheme = f.String("padding_scheme")
	return i
}

// needCiphertext reports an absent one for the whole request, and an empty one in a batch
// for the item alone, as transit does.
func (i *item) needCiphertext(f *backend.Fields, index int) {
	switch {
	case i.ciphertext != "":
	case index == notInBatch || !f.Given("ciphertext"):
		missing(f, index, "ciphertext", "missing ciphertext to decrypt")
	default:
		i.fault = errMissingCiphertext
	}
}

func (b *pqBackend) decrypt(ctx context.Context, r *logical.Request, req cipherRequest) (*logical.Response, error) {
	key, err := b.keyOf(ctx, r, req.name)
	if err != nil {
		return nil, asAnswer(err)
	}
	answer, total, err := run(ctx, b.workers, &req.batch, func(i *item) (plainResult, error) {
		plaintext, err := key.Decrypt(i.params.Parameters, i.ciphertext)
		return plainResult{Plaintext: base64.StdEncoding.EncodeToString(plaintext)}, err
	})
	if err != nil {
		return nil, err
	}
	return req.withStatus(r, answer, total)
}

// plainResult is what decrypt makes of one item; the plaintext is there even when empty.
type plainResult struct {
	Plaintext string `json:"plaintext"`
	common
}

func (p *plainResult) single() map[string]any { return map[string]any{"plaintext": p.Plaintext} }
