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

	seen bool // the chain has the known entry
}

// VerifyJournal reads every entry that the mount keeps and verifies the chain here, so that the
// mount's own word is not needed. Where known is not zero, the chain must have it. got is told
// how many entries came.
func (m *Mount) VerifyJournal(ctx context.Context, known journal.Anchor, got func(int)) (*Journal, error) {
	found := &Journal{Mount: m.path, seen: known == journal.Anchor{}}
	for found.Fault == "" {
		page, err := m.journal(ctx, found.Head.Index)
		if err != nil {
			return nil, err
		}
		if len(page.Entries) == 0 {
			found.end(page, known)
			break
		}
		found.add(page, known)
		got(len(page.Entries))
	}
	return found, nil
}

// begin takes the first page's anchor for the chain's.
func (j *Journal) begin(page *journalAnswer, known journal.Anchor) {
	if j.Entries == 0 {
		j.After, j.Head = page.After, page.After
		j.seen = j.seen || page.After == known
	}
}

func (j *Journal) add(page *journalAnswer, known journal.Anchor) {
	j.begin(page, known)
	head, err := journal.Verify(j.Head, page.Entries)
	for _, entry := range page.Entries {
		j.seen = j.seen || entry.Anchor == known
	}
	j.Entries += int(head.Index - j.Head.Index)
	j.Head = head
	if err != nil {
		j.Fault = err.Error()
	}
}

func (j *Journal) end(page *journalAnswer, known journal.Anchor) {
	j.begin(page, known)
	if !j.seen {
		j.Fault = fmt.Sprintf("the chain has no entry %d with the hash %s: it was rewritten, or the entry is older than what is kept",
			known.Index, known.Hash)
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
