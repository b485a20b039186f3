package client

import (
	"context"
	"fmt"
	"strconv"

	"github.com/palisade-vault/palisade/backend/journal"
)

// journalPage is how many entries one request asks for.
const journalPage = 500

// Journal is what was found of a mount's journal.
type Journal struct {
	Mount string `json:"mount"`
	// After is the place before the oldest entry that is kept, Head that of the newest.
	After   journal.Anchor `json:"after"`
	Head    journal.Anchor `json:"head"`
	Entries int            `json:"entries"`
	// Fault is where the chain is broken, empty where it is whole.
	Fault string `json:"fault,omitempty"`
}

// VerifyJournal reads every entry that the mount keeps and verifies the chain here, so that the
// mount's own word is not needed. Where known is not zero, the chain must have it. read is told
// how many entries came.
func (m *Mount) VerifyJournal(ctx context.Context, known journal.Anchor, got func(int)) (*Journal, error) {
	found := &Journal{Mount: m.path}
	seen := known == (journal.Anchor{})
	for {
		page, err := m.journal(ctx, found.Head.Index)
		if err != nil {
			return nil, err
		}
		if found.Entries == 0 {
			found.After, found.Head = page.After, page.After
			seen = seen || page.After == known
		}
		for _, entry := range page.Entries {
			if found.Head, err = journal.Verify(found.Head, []journal.Entry{entry}); err != nil {
				found.Fault = err.Error()
				return found, nil
			}
			found.Entries++
			seen = seen || entry.Anchor == known
		}
		got(len(page.Entries))
		if len(page.Entries) == 0 {
			if !seen {
				found.Fault = fmt.Sprintf("the chain has no entry %d with the hash %s: it was rewritten, or the entry is older than what is kept", known.Index, known.Hash)
			}
			return found, nil
		}
	}
}

type journalAnswer struct {
	After   journal.Anchor  `json:"after"`
	Entries []journal.Entry `json:"entries"`
}

func (m *Mount) journal(ctx context.Context, after uint64) (*journalAnswer, error) {
	page, err := read[journalAnswer](ctx, m, "journal", map[string][]string{
		"after": {strconv.FormatUint(after, 10)}, "limit": {strconv.Itoa(journalPage)},
	})
	if err == nil && page == nil {
		err = fmt.Errorf("%s keeps no journal", m.path)
	}
	return page, err
}
