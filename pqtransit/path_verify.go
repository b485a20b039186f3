package pqtransit

import (
	"context"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend"
	"github.com/palisade-vault/palisade/pqtransit/digest"
)

// proofs are what verify can check, in the order in which transit looks for them.
var proofs = []string{"signature", "hmac", "cmac"}

func (b *pqBackend) pathVerify() *framework.Path {
	return &framework.Path{
		Pattern: "verify/" + framework.GenericNameRegex("name") + framework.OptionalParamRegex("urlalgorithm"),
		Fields: withFields(signingFields(), map[string]*framework.FieldSchema{
			"signature":   {Type: framework.TypeString, Description: "A signature as sign gave it."},
			"hmac":        {Type: framework.TypeString, Description: "An HMAC as hmac gave it."},
			"cmac":        {Type: framework.TypeString, Description: "A CMAC as cmac gave it."},
			"mac_length":  macLengthField(),
			"batch_input": authBatchField("input, one of signature, hmac and cmac, the same in all,"),
		}),
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.UpdateOperation: &framework.PathOperation{
				Callback: backend.Handle(b, decodeVerify, b.verify),
				Summary:  "Verify a signature, an HMAC or a CMAC, or a batch of one of them.",
				Responses: ok(map[string]*framework.FieldSchema{
					"valid":         {Type: framework.TypeBool, Description: "Whether the signature, HMAC or CMAC is the input's"},
					"batch_results": batchResultsField(),
				}),
			},
		},
		HelpSynopsis: "Verify what a named key has signed or authenticated.",
		HelpDescription: `A signature, HMAC or CMAC names the version that made it, which must not be older than the
key's min_decryption_version. The other parameters must be those it was made with.`,
	}
}

// verifyRequest is one of the three, by what the request wants verified.
type verifyRequest struct {
	signature *signRequest
	hmac      *verifyHMACRequest
	cmac      *cmacRequest
}

type verifyHMACRequest struct {
	name      string
	algorithm digest.Algorithm
	authBatch
}

func decodeVerify(f *backend.Fields) verifyRequest {
	switch decodeProof(f) {
	case "signature":
		req := decodeVerifySignature(f)
		return verifyRequest{signature: &req}
	case "cmac":
		req := decodeVerifyCMAC(f)
		return verifyRequest{cmac: &req}
	}
	req := verifyHMACRequest{name: f.String("name"), algorithm: decodeDigest(f, hashName(f))}
	req.authBatch = decodeAuthBatch(f, decodeProven)
	return verifyRequest{hmac: &req}
}

// hashName reads algorithm, the old name, only where hash_algorithm is not there. Either may be
// empty, and is then no algorithm.
func hashName(f *backend.Fields) string {
	if name := f.String("urlalgorithm"); name != "" {
		return name
	}
	for _, field := range []string{"hash_algorithm", "algorithm"} {
		if f.Has(field) {
			return f.String(field)
		}
	}
	return digest.Default
}

// decodeProof finds what is to be verified, which must be the same in every item.
func decodeProof(f *backend.Fields) string {
	items, isBatch := f.Items("batch_input")
	switch {
	case !isBatch:
		items = []*backend.Fields{f}
	case len(items) == 0:
		return "" // a fault that decodeAuthBatch reports
	}
	found, missing := map[string]bool{}, false
	for _, item := range items {
		proof := proofOf(item)
		missing = missing || proof == ""
		found[proof] = true
		for _, other := range proofs {
			if !isBatch && item.Has(other) {
				found[other] = true
			}
		}
	}
	delete(found, "")
	return theProof(f, found, isBatch, missing)
}

// proofOf is the first that an item has.
func proofOf(item *backend.Fields) string {
	for _, proof := range proofs {
		if item.Has(proof) {
			return proof
		}
	}
	return ""
}

// theProof is the only one found; anything else is a fault, in transit's words.
func theProof(f *backend.Fields, found map[string]bool, isBatch, missing bool) string {
	switch {
	case isBatch && len(found) == 0:
		f.Fail("no batch_input elements have 'signature', 'hmac' or 'cmac'")
	case len(found) == 0:
		f.Fail("missing one of 'signature', 'hmac' or 'cmac' arguments to verify")
	case isBatch && len(found) > 1:
		f.Fail("elements of batch_input must all provide either 'signature', 'hmac' or 'cmac'")
	case len(found) > 1:
		f.Fail("provide one of 'signature', 'hmac' or 'cmac'")
	default:
		for proof := range found {
			if missing {
				f.Fail("some elements of batch_input are missing '%s'", proof)
			}
			return proof
		}
	}
	return ""
}

func decodeProven(f *backend.Fields, index int) authItem {
	item := authItem{code: f.String("hmac")}
	item.decodeProvenInput(f, index)
	return item
}

func (i *authItem) decodeProvenInput(f *backend.Fields, index int) {
	missing := "missing input"
	if index == notInBatch {
		missing = "" // transit takes it for empty there
	}
	i.decodeInput(f, missing)
}

func (b *pqBackend) verify(ctx context.Context, r *logical.Request, req verifyRequest) (*logical.Response, error) {
	switch {
	case req.signature != nil:
		return b.verifySignature(ctx, r, *req.signature)
	case req.cmac != nil:
		return b.verifyCMAC(ctx, r, *req.cmac)
	}
	return b.verifyHMAC(ctx, r, *req.hmac)
}

func (b *pqBackend) verifyHMAC(ctx context.Context, r *logical.Request, req verifyHMACRequest) (*logical.Response, error) {
	key, err := b.keyOf(ctx, r, req.name)
	if err != nil {
		return nil, asAnswer(err)
	}
	mac := key.HMACVerifier(req.algorithm)
	return req.run(ctx, b.workers,
		func(item *authItem) (authResult, error) {
			valid, err := mac.Verify(item.input, item.code)
			return authResult{Valid: valid}, err
		},
		func(result authResult) map[string]any { return map[string]any{"valid": result.Valid} },
	)
}
