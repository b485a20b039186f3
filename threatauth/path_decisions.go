package threatauth

import (
	"context"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend"
	"github.com/palisade-vault/palisade/threatauth/decision"
)

// described is how many of the newest decisions a list describes; the others are ids alone.
const described = 50

func pathDecisions(b *Backend) []*framework.Path {
	return []*framework.Path{pathDecisionList(b), pathDecision(b)}
}

const (
	decisionHelp            = "What was decided about logins, and why."
	decisionHelpDescription = `
One record for each login, under Vault's request id, by which it is joined to the
audit log. Records of logins that got a token are written before the token goes
out; those of refused logins follow within moments, through a queue whose
overflow "risk/status" counts. Right and wrong credentials are kept apart, each
up to decisions_to_keep in "risk/config".`
)

func pathDecisionList(b *Backend) *framework.Path {
	return &framework.Path{
		Pattern: "risk/decisions/?",
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.ListOperation: &framework.PathOperation{
				Callback: backend.Handle(b, decodeNothing, b.listDecisions), Summary: "List the decisions, newest first.",
				Responses: map[int][]framework.Response{200: {{
					Description: "Request ids, newest first; the newest with their outcome.",
					Fields: map[string]*framework.FieldSchema{
						"keys":     {Type: framework.TypeStringSlice, Description: "Request ids."},
						"key_info": {Type: framework.TypeMap, Description: "For the newest: time, principal, source, decision, outcome."},
					},
				}}},
			},
		},
		HelpSynopsis: decisionHelp, HelpDescription: decisionHelpDescription,
	}
}

func pathDecision(b *Backend) *framework.Path {
	return &framework.Path{
		Pattern: "risk/decisions/" + framework.GenericNameRegex("id"),
		Fields:  map[string]*framework.FieldSchema{"id": {Type: framework.TypeString, Description: "Vault's request id of the login."}},
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.ReadOperation: &framework.PathOperation{
				Callback: backend.Handle(b, decodeID, b.readDecision), Summary: "Read a decision.",
				Responses: map[int][]framework.Response{200: {{Description: "The decision.", Fields: decisionAnswer()}}},
			},
		},
		HelpSynopsis: decisionHelp, HelpDescription: decisionHelpDescription,
	}
}

func decisionAnswer() map[string]*framework.FieldSchema {
	return map[string]*framework.FieldSchema{
		"id":        {Type: framework.TypeString, Description: "Vault's request id."},
		"time":      {Type: framework.TypeString, Description: "When the login arrived (RFC 3339)."},
		"principal": {Type: framework.TypeString, Description: "Who logged in, or tried to."},
		"source":    {Type: framework.TypeString, Description: "Client's address as Vault's listener says it."},
		"device":    {Type: framework.TypeString, Description: "Digest of the User-Agent."},
		"decision":  {Type: framework.TypeString, Description: "What the risk policy asks for: allow, restrict or deny."},
		"outcome":   {Type: framework.TypeString, Description: "What the client got: token, restricted_token, refused_credential, refused_blocked or refused_risk."},
		"mode":      {Type: framework.TypeString, Description: "enforce or shadow."},
		"refusal":   {Type: framework.TypeString, Description: "What was wrong with a refused credential."},
		"score":     {Type: framework.TypeFloat, Description: "Sum of the known weights."},
		"reasons":   {Type: framework.TypeSlice, Description: "Findings: signal, known, weight, rules, text, version. What matters most comes first."},
		"faults":    {Type: framework.TypeStringSlice, Description: "Parts of the risk engine that failed."},
	}
}

func decodeID(f *backend.Fields) string { return f.String("id") }

func (b *Backend) listDecisions(ctx context.Context, r *logical.Request, _ struct{}) (*logical.Response, error) {
	ids, err := b.records.List(ctx, r.Storage)
	if err != nil {
		return nil, err
	}
	info := map[string]any{}
	for _, id := range ids[:min(len(ids), described)] {
		record, err := b.records.Get(ctx, r.Storage, id)
		if err != nil {
			return nil, err
		}
		if record != nil {
			info[id] = map[string]any{
				"time": timeText(record.Time), "principal": record.Principal, "source": record.Source,
				"decision": string(record.Decision), "outcome": string(record.Outcome),
			}
		}
	}
	return logical.ListResponseWithInfo(ids, info), nil
}

func (b *Backend) readDecision(ctx context.Context, r *logical.Request, id string) (*logical.Response, error) {
	record, err := b.records.Get(ctx, r.Storage, id)
	if err != nil || record == nil {
		return nil, err
	}
	return &logical.Response{Data: decisionData(record)}, nil
}

func decisionData(d *decision.Record) map[string]any {
	reasons := make([]any, 0, len(d.Reasons))
	for _, r := range d.Reasons {
		reasons = append(reasons, map[string]any{
			"signal": r.Signal, "known": r.Known, "weight": r.Weight, "rules": append([]string{}, r.Rules...), "text": r.Text, "version": r.Version,
		})
	}
	return map[string]any{
		"id":        d.ID,
		"time":      timeText(d.Time),
		"principal": d.Principal,
		"source":    d.Source,
		"device":    d.Device,
		"decision":  string(d.Decision),
		"outcome":   string(d.Outcome),
		"mode":      string(d.Mode),
		"refusal":   d.Refusal,
		"score":     d.Score,
		"reasons":   reasons,
		"faults":    append([]string{}, d.Faults...),
	}
}
