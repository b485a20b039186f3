package threatauth

import (
	"context"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend"
)

func pathStatus(b *Backend) []*framework.Path {
	return []*framework.Path{{
		Pattern: "risk/status$",
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.ReadOperation: &framework.PathOperation{
				Callback: backend.Handle(b, decodeNothing, b.readStatus), Summary: "Read the state of the risk engine.",
				Responses: map[int][]framework.Response{200: {{Description: "The state.", Fields: statusAnswer()}}},
			},
		},
		HelpSynopsis:    "The state of the risk engine.",
		HelpDescription: "Counters are of this process: they begin anew when the plugin starts.",
	}}
}

func statusAnswer() map[string]*framework.FieldSchema {
	return map[string]*framework.FieldSchema{
		"credential":        {Type: framework.TypeString, Description: "Credential method of the mount."},
		"mode":              {Type: framework.TypeString, Description: "enforce or shadow."},
		"signals":           {Type: framework.TypeMap, Description: "Signals with what each looks at."},
		"feeds":             {Type: framework.TypeStringSlice, Description: "Feeds in storage."},
		"decisions_queued":  {Type: framework.TypeInt, Description: "Records of refused logins that wait to be written."},
		"decisions_dropped": {Type: framework.TypeInt, Description: "Records of refused logins that found the queue full."},
		"decisions_failed":  {Type: framework.TypeInt, Description: "Records of refused logins whose write failed."},
		"password_hashes":   {Type: framework.TypeInt, Description: "Password hashes computed."},
	}
}

func (b *Backend) readStatus(ctx context.Context, r *logical.Request, _ struct{}) (*logical.Response, error) {
	c, err := b.config(ctx, r.Storage)
	if err != nil {
		return nil, err
	}
	names, err := b.feeds.store.Names(ctx, r.Storage)
	if err != nil {
		return nil, err
	}
	signals := map[string]any{}
	for _, s := range b.options.Signals {
		signals[s.Name] = s.Doc
	}
	records := b.records.Status()
	return &logical.Response{Data: map[string]any{
		"credential":        b.method.Name(),
		"mode":              string(c.Mode),
		"signals":           signals,
		"feeds":             append([]string{}, names...),
		"decisions_queued":  records.Queued,
		"decisions_dropped": records.Dropped,
		"decisions_failed":  records.Failed,
		"password_hashes":   b.hasher.Work(),
	}}, nil
}
