package pqtransit

import (
	"context"
	"errors"
	"net/http"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend"
	"github.com/palisade-vault/palisade/backend/journal"
)

// How many entries one read gives.
const (
	journalPage    = 100
	maxJournalPage = 1000
)

func (b *pqBackend) pathJournal() *framework.Path {
	return &framework.Path{
		Pattern: "journal$",
		Fields: map[string]*framework.FieldSchema{
			"after": {Type: framework.TypeInt, Description: "Index of the entry behind which to begin, 0 for the oldest kept."},
			"limit": {Type: framework.TypeInt, Default: journalPage, Description: "Entries to give at most, 1 to 1000."},
		},
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.ReadOperation: &framework.PathOperation{
				Callback: backend.Handle(b, decodeJournal, b.readJournal),
				Summary:  "Read what was done without a request.",
				Responses: ok(map[string]*framework.FieldSchema{
					"after":   required(framework.TypeMap, "Index and hash of the entry before the first one here"),
					"entries": required(framework.TypeSlice, "index, time, kind, subject, details and hash of each"),
					"head":    required(framework.TypeMap, "Index and hash of the newest entry"),
				}),
			},
		},
		HelpSynopsis: "Show what was done without a request.",
		HelpDescription: `Vault's audit log has a line for each request; what the engine does by itself, rotating keys
and destroying old versions, is here. Each entry's hash covers the one before it. The
newest 10000 entries are kept.`,
	}
}

func (b *pqBackend) pathJournalVerify() *framework.Path {
	return &framework.Path{
		Pattern: "journal/verify$",
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.ReadOperation: &framework.PathOperation{
				Callback: backend.Handle(b, func(*backend.Fields) struct{} { return struct{}{} }, b.verifyJournal),
				Summary:  "Verify the journal's chain of hashes.",
				Responses: map[int][]framework.Response{http.StatusOK: {{Description: "What was found.", Fields: map[string]*framework.FieldSchema{
					"valid": required(framework.TypeBool, "Whether each entry follows the one before it"),
					"after": required(framework.TypeMap, "Index and hash of the entry before the oldest kept"),
					"head":  required(framework.TypeMap, "Index and hash of the newest entry, or of the last one that is valid"),
					"fault": {Type: framework.TypeString, Description: "Where the chain is broken"},
				}}}},
			},
		},
		HelpSynopsis: "Verify the journal.",
		HelpDescription: `Goes through every entry that is kept. Keep the head's index and hash outside of Vault from
time to time: palisade journal verify -head then finds a journal that was rewritten as a
whole.`,
	}
}

type journalRequest struct {
	after uint64
	limit int
}

func decodeJournal(f *backend.Fields) journalRequest {
	after, limit := f.Int("after"), f.Int("limit")
	if after < 0 {
		f.Fail("after must not be negative")
	}
	if limit < 1 || limit > maxJournalPage {
		f.Fail("limit must be between 1 and %d", maxJournalPage)
	}
	return journalRequest{after: uint64(max(after, 0)), limit: limit}
}

func (b *pqBackend) readJournal(ctx context.Context, r *logical.Request, req journalRequest) (*logical.Response, error) {
	page, err := b.keys.Journal().Read(ctx, r.Storage, req.after, req.limit)
	if err != nil {
		return nil, err
	}
	entries := make([]map[string]any, len(page.Entries))
	for i, entry := range page.Entries {
		entries[i] = map[string]any{
			"index":   entry.Index,
			"time":    entry.Time,
			"kind":    entry.Kind,
			"subject": entry.Subject,
			"details": entry.Details,
			"hash":    entry.Hash.String(),
		}
	}
	return &logical.Response{Data: map[string]any{
		"after": anchorAnswer(page.After), "entries": entries, "head": anchorAnswer(page.Head),
	}}, nil
}

func (b *pqBackend) verifyJournal(ctx context.Context, r *logical.Request, _ struct{}) (*logical.Response, error) {
	after, head, err := b.keys.Journal().Verify(ctx, r.Storage)
	broken, isBroken := errors.AsType[*backend.BrokenJournalError](err)
	if err != nil && !isBroken {
		return nil, err
	}
	data := map[string]any{"valid": !isBroken, "after": anchorAnswer(after), "head": anchorAnswer(head)}
	if isBroken {
		data["fault"] = broken.Error()
	}
	return &logical.Response{Data: data}, nil
}

func anchorAnswer(anchor journal.Anchor) map[string]any {
	return map[string]any{"index": anchor.Index, "hash": anchor.Hash.String()}
}
