package pqtransit

import (
	"context"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend"
)

func (b *pqBackend) pathHistory() *framework.Path {
	return &framework.Path{
		Pattern: "keys/" + framework.GenericNameRegex("name") + "/history",
		Fields:  map[string]*framework.FieldSchema{"name": nameField()},
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.ReadOperation: &framework.PathOperation{
				Callback: backend.Handle(b, decodeName, b.readHistory),
				Summary:  "Read how a key came to its versions.",
				Responses: ok(map[string]*framework.FieldSchema{
					"name": required(framework.TypeString, "Name of the key"),
					"history": required(framework.TypeSlice, `The versions, oldest first: version, time, reason, from and to (algorithms), and of a
request entity_id and display_name`),
				}),
			},
		},
		HelpSynopsis: "Show when, why and by whom a key was rotated.",
		HelpDescription: `Has an entry for each of the last 100 versions, those that were destroyed included. The
reason is creation, import, request, period, schedule, operations, bytes, policy, or
unknown where another engine made the version.`,
	}
}

func (b *pqBackend) readHistory(ctx context.Context, r *logical.Request, req named) (*logical.Response, error) {
	key, err := b.keys.Get(ctx, r.Storage, req.name)
	if err != nil || key == nil {
		return nil, asAnswer(err)
	}
	records, err := b.keys.History(ctx, r.Storage, key)
	if err != nil {
		return nil, asAnswer(err)
	}
	history := make([]map[string]any, len(records))
	for i, record := range records {
		history[i] = map[string]any{
			"version":      record.Version,
			"time":         record.Time,
			"reason":       string(record.Reason),
			"entity_id":    record.Actor.EntityID,
			"display_name": record.Actor.DisplayName,
			"from":         record.From,
			"to":           record.To,
		}
	}
	return &logical.Response{Data: map[string]any{"name": key.Name, "history": history}}, nil
}
