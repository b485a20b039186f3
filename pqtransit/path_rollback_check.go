package pqtransit

import (
	"context"
	"strconv"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend"
	"github.com/palisade-vault/palisade/pqtransit/keyring"
)

// maxRollbackPage bounds an answer, and defaultRollbackPage is what a caller gets who asks
// for no size.
const (
	maxRollbackPage     = 10_000
	defaultRollbackPage = 1000
)

func (b *pqBackend) pathRollbackCheck() *framework.Path {
	return &framework.Path{
		Pattern: "rollback-check",
		Fields: map[string]*framework.FieldSchema{
			"after": {Type: framework.TypeString, Description: "Look at names behind this one; that of next for the following page."},
			"limit": {
				Type:        framework.TypeInt,
				Default:     defaultRollbackPage,
				Description: "Most keys to look at in one answer, 1 to 10000.",
			},
		},
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.ReadOperation: &framework.PathOperation{
				Callback: backend.Handle(b, decodeRollbackCheck, b.rollbackCheck),
				Summary:  "List the keys that the built-in transit engine could not serve.",
				Responses: ok(map[string]*framework.FieldSchema{
					"keys":             required(framework.TypeSlice, "Each such key: name, types (of each version) and reasons"),
					"next":             required(framework.TypeString, "Where the next page begins, empty on the last"),
					"settings_ignored": {Type: framework.TypeStringSlice, Description: "On the first page, the other keys with settings that it would not obey"},
					"total":            required(framework.TypeInt, "Number of all keys in the mount"),
				}),
			},
		},
		HelpSynopsis: "What would be lost by going back to the built-in transit engine.",
		HelpDescription: `Lists the keys that the built-in engine would refuse if this mount went back to it, and
why: keys of types it does not have, and keys whose versions differ in type. It would
refuse their names, and make no other keys there; coming here again finds them.`,
	}
}

type rollbackRequest struct {
	after string
	limit int
}

func decodeRollbackCheck(f *backend.Fields) rollbackRequest {
	req := rollbackRequest{after: f.String("after"), limit: f.Int("limit")}
	if req.limit < 1 || req.limit > maxRollbackPage {
		f.Fail("limit must be between 1 and %d", maxRollbackPage)
	}
	return req
}

func (b *pqBackend) rollbackCheck(ctx context.Context, r *logical.Request, req rollbackRequest) (*logical.Response, error) {
	page, err := b.keys.Strandings(ctx, r.Storage, req.after, req.limit)
	if err != nil {
		return nil, asAnswer(err)
	}
	keys := make([]any, len(page.Keys))
	for i, key := range page.Keys {
		keys[i] = strandedAnswer(key)
	}
	data := map[string]any{"keys": keys, "next": page.Next, "total": page.Total}
	if req.after == "" {
		data["settings_ignored"] = append([]string{}, page.Unheeded...)
	}
	return &logical.Response{Data: data}, nil
}

func strandedAnswer(key keyring.Stranded) map[string]any {
	types := make(map[string]any, len(key.Types))
	for number, name := range key.Types {
		types[strconv.Itoa(number)] = name
	}
	return map[string]any{"name": key.Name, "types": types, "reasons": key.Reasons}
}
