package backend

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend/journal"
)

const (
	// journalPiece is how many entries lie in one stored piece.
	journalPiece = 64
	// JournalLength is how many entries a mount's journal keeps.
	JournalLength = 10000
	// journalRead bounds what is in memory at once.
	journalRead = 1000
)

// Journal keeps a mount's [journal] in storage: what happened without a request, and so has no
// line in Vault's audit log. It may be used by many goroutines of the one process that writes.
//
// It lies in pieces under its prefix, each named after its first entry and opening with the
// place before that, so that dropping the oldest leaves a chain that verifies.
type Journal struct {
	pieces *Store[journalEntries]
	keep   int

	mu    sync.Mutex      // guards what follows, and keeps appends apart
	names []string        // of the pieces, oldest first; nil: not read yet
	last  *journalEntries // the newest piece
}

type journalEntries struct {
	After   journal.Anchor  `json:"after"`
	Entries []journal.Entry `json:"entries"`
}

// head is the place of the newest entry.
func (e *journalEntries) head() journal.Anchor {
	if count := len(e.Entries); count > 0 {
		return e.Entries[count-1].Anchor
	}
	return e.After
}

// NewJournal is the journal under a storage prefix, which ends in "/". It keeps that many
// entries at least; older ones are dropped by pieces.
func NewJournal(prefix string, keep int) *Journal {
	return &Journal{pieces: NewStore[journalEntries](prefix, 1), keep: keep}
}

// Append adds an event. When it fails, the event may be there or not: who has to know reads.
func (j *Journal) Append(ctx context.Context, storage logical.Storage, event journal.Event) (journal.Entry, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := j.loadLocked(ctx, storage); err != nil {
		return journal.Entry{}, err
	}
	entry := j.last.head().Next(event)
	piece := &journalEntries{After: j.last.After, Entries: append(slices.Clip(j.last.Entries), entry)}
	if len(piece.Entries) > journalPiece {
		piece = &journalEntries{After: j.last.head(), Entries: []journal.Entry{entry}}
	}
	name := pieceName(piece)
	if err := j.pieces.Put(ctx, storage, name, piece); err != nil {
		j.names, j.last = nil, nil
		return journal.Entry{}, err
	}
	if len(piece.Entries) == 1 {
		j.names = append(j.names, name)
	}
	j.last = piece
	j.dropLocked(ctx, storage)
	return entry, nil
}

// pieceName sorts as the numbers do.
func pieceName(piece *journalEntries) string { return fmt.Sprintf("%020d", piece.After.Index+1) }

// dropLocked removes pieces that are not kept; what cannot be removed now goes next time.
func (j *Journal) dropLocked(ctx context.Context, storage logical.Storage) {
	for len(j.names) > j.keep/journalPiece+2 {
		if err := j.pieces.Delete(ctx, storage, j.names[0]); err != nil {
			return
		}
		j.names = j.names[1:]
	}
}

func (j *Journal) loadLocked(ctx context.Context, storage logical.Storage) error {
	if j.last != nil {
		return nil
	}
	names, err := j.pieces.List(ctx, storage)
	if err != nil {
		return err
	}
	last := &journalEntries{}
	if count := len(names); count > 0 {
		if last, err = j.pieces.Get(ctx, storage, names[count-1]); err != nil {
			return err
		}
		if last == nil {
			return fmt.Errorf("piece %s of the journal has gone", names[count-1])
		}
	}
	j.names, j.last = names, last
	return nil
}

// JournalPage is a part of a journal, whose entries follow After and one another.
type JournalPage struct {
	After   journal.Anchor
	Entries []journal.Entry
	// Head is the place of the journal's newest entry.
	Head journal.Anchor
}

// Read gives at most limit entries that follow the entry of that index, 0 for the first: or,
// if entries behind it were dropped, the oldest that are kept.
func (j *Journal) Read(ctx context.Context, storage logical.Storage, after uint64, limit int) (JournalPage, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := j.loadLocked(ctx, storage); err != nil {
		return JournalPage{}, err
	}
	page := JournalPage{After: j.last.head(), Head: j.last.head()}
	for _, name := range j.namesAfter(after) {
		if len(page.Entries) >= limit {
			break
		}
		piece, err := j.pieces.Get(ctx, storage, name)
		if err != nil {
			return JournalPage{}, err
		}
		if piece != nil { // else dropped by a write that was answered with an error
			page.take(piece, after, limit)
		}
	}
	return page, nil
}

// take adds those entries of a piece that are behind an index.
func (p *JournalPage) take(piece *journalEntries, after uint64, limit int) {
	place := piece.After
	for _, entry := range piece.Entries {
		if entry.Index > after && len(p.Entries) < limit {
			if len(p.Entries) == 0 {
				p.After = place
			}
			p.Entries = append(p.Entries, entry)
		}
		place = entry.Anchor
	}
}

// namesAfter are the pieces that may have entries behind that index.
func (j *Journal) namesAfter(after uint64) []string {
	last := 0
	for i, name := range j.names {
		if name <= fmt.Sprintf("%020d", after) {
			last = i
		}
	}
	return j.names[last:]
}

// Verify goes through everything that is kept, and answers the place before the oldest entry and
// that of the newest, or where the chain is broken.
func (j *Journal) Verify(ctx context.Context, storage logical.Storage) (anchor, head journal.Anchor, err error) {
	for {
		page, err := j.Read(ctx, storage, head.Index, journalRead)
		if err != nil {
			return anchor, head, err
		}
		if head == (journal.Anchor{}) {
			anchor, head = page.After, page.After
		}
		if len(page.Entries) == 0 {
			return anchor, head, nil
		}
		if head, err = journal.Verify(head, page.Entries); err != nil {
			return anchor, head, &BrokenJournalError{text: err.Error()}
		}
	}
}

// BrokenJournalError says where a journal's chain is broken. Other errors of
// [Journal.Verify] are faults of storage.
type BrokenJournalError struct{ text string }

// Error is where.
func (e *BrokenJournalError) Error() string { return e.text }

// Forget drops what is known of storage in memory, where it has changed behind the journal's
// back.
func (j *Journal) Forget() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.names, j.last = nil, nil
}
