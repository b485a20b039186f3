package pqtransit

import (
	"context"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend"
)

func (b *pqBackend) pathRewrap() *framework.Path {
	return &framework.Path{
		Pattern: "rewrap/" + framework.GenericNameRegex("name"),
		Fields: map[string]*framework.FieldSchema{
			"name":                   nameField(),
			"ciphertext":             ciphertextField(),
			"context":                contextField(),
			"nonce":                  nonceField(),
			"associated_data":        associatedDataField(),
			"decrypt_padding_scheme": paddingField("decryption of the old ciphertext"),
			"encrypt_padding_scheme": paddingField("encryption of the new ciphertext"),
			"key_version":            keyVersionField(),
			"batch_input":            batchField("ciphertext"),
		},
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.UpdateOperation: &framework.PathOperation{
				Callback:  backend.Handle(b, decodeRewrap, b.rewrap),
				Summary:   "Encrypt one ciphertext or a batch anew, without showing the plaintext.",
				Responses: ok(encryptResponse()),
			},
		},
		HelpSynopsis: "Move ciphertexts to another version of their key, by default the latest.",
		HelpDescription: `Works across algorithms: after a key was rotated to another type, rewrap moves what it
encrypted there. Associated data given here is checked where the old version's
algorithm authenticates any, and bound to the new ciphertext.`,
	}
}

func decodeRewrap(f *backend.Fields) cipherRequest {
	return cipherRequest{name: f.String("name"), batch: decodeBatch(f, decodeOldCiphertext)}
}

func decodeOldCiphertext(f *backend.Fields, index int) item {
	i := item{ciphertext: f.String("ciphertext")}
	if i.ciphertext == "" && index != notInBatch {
		i.fault = errMissingCiphertext // transit does so here even when the field is absent
	} else {
		i.needCiphertext(f, index)
	}
	i.decodeCommon(f, index)
	i.params.DecryptPaddingScheme = f.String("decrypt_padding_scheme")
	i.params.PaddingScheme = f.String("encrypt_padding_scheme")
	i.params.Version = f.Int("key_version")
	return i
}

// rewrap answers 200 to every batch, whatever became of its items, as transit does.
func (b *pqBackend) rewrap(ctx context.Context, r *logical.Request, req cipherRequest) (*logical.Response, error) {
	key, err := b.keyToWork(ctx, r, req.name, req.work(versionOf, ciphertextSize))
	if err != nil {
		return nil, asAnswer(err)
	}
	answer, _, err := run(ctx, b.workers, &req.batch, func(i *item) (cipherResult, error) {
		ciphertext, version, err := key.Rewrap(i.params, i.ciphertext)
		return cipherResult{Ciphertext: ciphertext, KeyVersion: version}, err
	})
	return answer, err
}
