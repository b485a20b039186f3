package pqtransit

import (
	"context"
	"fmt"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend"
	"github.com/palisade-vault/palisade/pqtransit/keyring"
)

var errSigningKeyNotFound = backend.Invalid("signing key not found")

func (b *pqBackend) pathSign() *framework.Path {
	return &framework.Path{
		Pattern: "sign/" + framework.GenericNameRegex("name") + framework.OptionalParamRegex("urlalgorithm"),
		Fields: withFields(signingFields(), map[string]*framework.FieldSchema{
			"key_version": {
				Type:        framework.TypeInt,
				Description: "Version to sign with, not older than the key's min_encryption_version; 0 for the latest.",
			},
			"deterministic": {
				Type: framework.TypeBool,
				Description: `ML-DSA, SLH-DSA and hybrid: leave out the fresh randomness that protects a signature against
faults. Verifying needs no such parameter.`,
			},
			"batch_input": signBatchField("input"),
		}),
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.UpdateOperation: &framework.PathOperation{
				Callback:  backend.Handle(b, decodeSign, b.sign),
				Summary:   "Sign one message or a batch.",
				Responses: ok(signResponse()),
			},
		},
		HelpSynopsis: "Sign a message, or a batch of messages, with a named key.",
		HelpDescription: `The message is base64. What else may be said depends on the key's type; what a type has no
use for is refused.`,
	}
}

func signBatchField(input string) *framework.FieldSchema {
	return &framework.FieldSchema{
		Type: framework.TypeSlice,
		Description: "Up to 10000 objects with " + input + `, and optionally context, signature_context and
reference, which comes back with the result; outside these are then ignored. The
other parameters apply to all. Results are in the order of the input.`,
	}
}

func decodeSign(f *backend.Fields) signRequest {
	req := decodeSigning(f)
	req.common.Version = f.Int("key_version")
	req.common.Params.Deterministic = f.Bool("deterministic")
	req.batch = decodeItems(f, decodeMessage)
	return req
}

func decodeMessage(f *backend.Fields, index int) item {
	var i item
	if index != notInBatch && !f.Has("input") {
		i.fault = errMissingInput
	}
	i.decodeSigned(f, index, func(field string, err error) error {
		if field == "input" {
			return fmt.Errorf("unable to decode input: %v", err)
		}
		return fmt.Errorf("failed to base64-decode %s", field)
	})
	return i
}

func (b *pqBackend) sign(ctx context.Context, r *logical.Request, req signRequest) (*logical.Response, error) {
	key, err := b.keys.Get(ctx, r.Storage, req.name)
	if err == nil && key == nil {
		err = errSigningKeyNotFound
	}
	if err == nil {
		err = key.Signs()
	}
	if err == nil {
		err = req.checkHash()
	}
	if err == nil {
		version := func(*item) int { return req.common.Version }
		key, err = b.keys.Reserve(ctx, r.Storage, key, req.work(version, plaintextSize))
	}
	if err != nil {
		return nil, asAnswer(err)
	}
	answer, _, err := run(ctx, b.workers, &req.batch, func(i *item) (signResult, error) { return b.signItem(ctx, key, req.of(i), i.plaintext) })
	return answer, err
}

func (b *pqBackend) signItem(ctx context.Context, key *keyring.Key, signing keyring.Signing, message []byte) (signResult, error) {
	release, err := b.slow.TakeToSign(ctx, key, signing.Version)
	if err != nil {
		return signResult{}, err
	}
	defer release()
	signature, err := key.Sign(signing, message)
	if err != nil {
		return signResult{}, err
	}
	return signResult{Signature: signature.Text, KeyVersion: signature.Version, PublicKey: signature.Public.String()}, nil
}

// signResult is what sign makes of one item. Transit names the public key differently in a
// batch.
type signResult struct {
	Signature  string `json:"signature,omitempty"`
	KeyVersion int    `json:"key_version"`
	PublicKey  string `json:"publickey,omitempty"`
	common
}

func (s *signResult) single() map[string]any {
	data := map[string]any{"signature": s.Signature, "key_version": s.KeyVersion}
	if s.PublicKey != "" {
		data["public_key"] = s.PublicKey
	}
	return data
}
