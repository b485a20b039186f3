package pqtransit

import (
	"context"
	"fmt"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend"
)

var errVerificationKeyNotFound = backend.Invalid("signature verification key not found")

func decodeVerifySignature(f *backend.Fields) signRequest {
	req := decodeSigning(f)
	req.batch = decodeItems(f, decodeSignature)
	return req
}

func decodeSignature(f *backend.Fields, index int) item {
	i := item{ciphertext: f.String("signature")}
	i.decodeSigned(f, index, func(field string, err error) error {
		return fmt.Errorf("failed to parse item: failed to parse %s: %v", field, err)
	})
	return i
}

func (b *pqBackend) verifySignature(ctx context.Context, r *logical.Request, req signRequest) (*logical.Response, error) {
	key, err := b.keys.Get(ctx, r.Storage, req.name)
	if err == nil && key == nil {
		err = errVerificationKeyNotFound
	}
	if err == nil {
		err = key.Verifies()
	}
	if err == nil {
		err = req.checkHash()
	}
	if err != nil {
		return nil, asAnswer(err)
	}
	answer, _, err := run(ctx, b.workers, &req.batch, func(i *item) (verifyResult, error) {
		valid, err := key.Verify(req.of(i), i.plaintext, i.ciphertext)
		return verifyResult{Valid: valid}, err
	})
	return answer, err
}

// verifyResult is what verify makes of one item.
type verifyResult struct {
	Valid bool `json:"valid"`
	common
}

func (v *verifyResult) single() map[string]any { return map[string]any{"valid": v.Valid} }
