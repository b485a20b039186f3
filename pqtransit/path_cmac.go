package pqtransit

import (
	"context"
	"strconv"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend"
)

func (b *pqBackend) pathCMAC() *framework.Path {
	return &framework.Path{
		Pattern: "cmac/" + framework.GenericNameRegex("name") + framework.OptionalParamRegex("url_mac_length"),
		Fields: map[string]*framework.FieldSchema{
			"name":           nameField(),
			"input":          {Type: framework.TypeString, Description: "What to authenticate, base64; may be empty."},
			"mac_length":     macLengthField(),
			"url_mac_length": {Type: framework.TypeString, Description: "Length of the CMAC, in the path; goes before mac_length."},
			"key_version":    keyVersionField(),
			"batch_input":    authBatchField("input"),
		},
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.UpdateOperation: &framework.PathOperation{
				Callback: backend.Handle(b, decodeCMAC, b.cmac),
				Summary:  "Authenticate data with AES-CMAC.",
				Responses: ok(map[string]*framework.FieldSchema{
					"cmac":          {Type: framework.TypeString, Description: "vault:v<version>:<base64>"},
					"batch_results": batchResultsField(),
				}),
			},
		},
		HelpSynopsis: "Authenticate data with a named key of a cmac type.",
		HelpDescription: `Makes an AES-CMAC (NIST SP 800-38B) of the input, whole or cut to mac_length. verify checks
the result, given the same mac_length.`,
	}
}

func macLengthField() *framework.FieldSchema {
	return &framework.FieldSchema{
		Type:        framework.TypeInt,
		Description: "Length of a CMAC, 8 to 16 bytes; 0 for all 16. An item of a batch may have its own.",
	}
}

// cmacRequest is inputs to authenticate, or CMACs to verify.
type cmacRequest struct {
	name    string
	version int
	authBatch
}

func decodeCMAC(f *backend.Fields) cmacRequest {
	length := decodeMACLength(f)
	return cmacRequest{
		name:    f.String("name"),
		version: f.Int("key_version"),
		authBatch: decodeAuthBatch(f, func(f *backend.Fields, _ int) authItem {
			item := authItem{length: itemMACLength(f, length)}
			item.decodeInput(f, "missing input for CMAC")
			return item
		}),
	}
}

func decodeVerifyCMAC(f *backend.Fields) cmacRequest {
	length := f.Int("mac_length")
	return cmacRequest{
		name: f.String("name"),
		authBatch: decodeAuthBatch(f, func(f *backend.Fields, index int) authItem {
			item := authItem{code: f.String("cmac"), length: itemMACLength(f, length)}
			item.decodeProvenInput(f, index)
			return item
		}),
	}
}

// decodeMACLength is what applies to items that have no length of their own.
func decodeMACLength(f *backend.Fields) int {
	text := f.String("url_mac_length")
	if text == "" {
		return f.Int("mac_length")
	}
	length, err := strconv.Atoi(text)
	if err != nil {
		f.Fail("mac_length is not a number: %q", text)
	}
	return length
}

// itemMACLength is an item's own length, or the common one.
func itemMACLength(f *backend.Fields, common int) int {
	if f.IsItem() && f.Has("mac_length") {
		return f.Int("mac_length")
	}
	return common
}

func (b *pqBackend) cmac(ctx context.Context, r *logical.Request, req cmacRequest) (*logical.Response, error) {
	key, err := b.keyToWork(ctx, r, req.name, req.work(req.version))
	if err != nil {
		return nil, asAnswer(err)
	}
	mac, err := key.NewCMAC(req.version)
	if err != nil {
		return nil, asAnswer(err)
	}
	return req.run(ctx, b.workers,
		func(item *authItem) (authResult, error) {
			text, err := mac.Sum(item.length, item.input)
			return authResult{CMAC: text}, err
		},
		func(result authResult) map[string]any { return map[string]any{"cmac": result.CMAC} },
	)
}

func (b *pqBackend) verifyCMAC(ctx context.Context, r *logical.Request, req cmacRequest) (*logical.Response, error) {
	key, err := b.keyOf(ctx, r, req.name)
	if err != nil {
		return nil, asAnswer(err)
	}
	mac, err := key.CMACVerifier()
	if err != nil {
		return nil, asAnswer(err)
	}
	return req.run(ctx, b.workers,
		func(item *authItem) (authResult, error) {
			valid, err := mac.Verify(item.length, item.input, item.code)
			return authResult{Valid: valid}, err
		},
		func(result authResult) map[string]any { return map[string]any{"valid": result.Valid} },
	)
}
