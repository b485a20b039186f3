package backend_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend"
	"github.com/palisade-vault/palisade/backend/backendtest"
	"github.com/palisade-vault/palisade/backend/journal"
)

var journalStart = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func event(number int) journal.Event {
	return journal.Event{Time: journalStart.Add(time.Duration(number) * time.Second), Kind: "k", Subject: fmt.Sprint(number)}
}

// fill appends events up to a number, each its own.
func fill(t testing.TB, kept *backend.Journal, storage logical.Storage, from, to int) {
	t.Helper()
	for number := from; number <= to; number++ {
		entry, err := kept.Append(t.Context(), storage, event(number))
		if err != nil || entry.Index != uint64(number) {
			t.Fatalf("entry %d: %d, %v", number, entry.Index, err)
		}
	}
}

func TestJournalPages(t *testing.T) {
	storage := backendtest.NewStorage()
	fill(t, backend.NewJournal("j/", 1000), storage, 1, 100)
	kept := backend.NewJournal("j/", 1000)
	fill(t, kept, storage, 101, 200)
	for _, kept := range []*backend.Journal{kept, backend.NewJournal("j/", 1000)} {
		for _, test := range []struct{ after, limit, first, count int }{
			{0, 1000, 1, 200}, {0, 10, 1, 10}, {63, 3, 64, 3}, {64, 1, 65, 1}, {100, 70, 101, 70}, {199, 5, 200, 1}, {200, 5, 201, 0}, {999, 5, 201, 0},
		} {
			page, err := kept.Read(t.Context(), storage, uint64(test.after), test.limit)
			if err != nil || len(page.Entries) != test.count || page.After.Index != uint64(test.first-1) || page.Head.Index != 200 {
				t.Errorf("%+v: %d entries after %d of %d, %v", test, len(page.Entries), page.After.Index, page.Head.Index, err)
			}
			if _, err := journal.Verify(page.After, page.Entries); err != nil {
				t.Errorf("%+v: %v", test, err)
			}
		}
		anchor, head, err := kept.Verify(t.Context(), storage)
		if err != nil || anchor != (journal.Anchor{}) || head.Index != 200 {
			t.Errorf("%v %v %v", anchor, head, err)
		}
	}
}

func TestEmptyJournal(t *testing.T) {
	storage := backendtest.NewStorage()
	kept := backend.NewJournal("j/", 1000)
	page, err := kept.Read(t.Context(), storage, 0, 10)
	if diff := cmp.Diff(backend.JournalPage{}, page); diff != "" || err != nil {
		t.Error(diff, err)
	}
	if _, head, err := kept.Verify(t.Context(), storage); err != nil || head.Index != 0 {
		t.Error(head, err)
	}
}

// The oldest entries go, the rest verifies and says where it begins.
func TestJournalIsBounded(t *testing.T) {
	storage := backendtest.NewStorage()
	const keep, entries = 300, 1000
	kept := backend.NewJournal("j/", keep)
	fill(t, kept, storage, 1, entries)
	anchor, head, err := backend.NewJournal("j/", 1000).Verify(t.Context(), storage)
	if err != nil || head.Index != entries {
		t.Fatal(anchor, head, err)
	}
	if remaining := head.Index - anchor.Index; remaining < keep || remaining > keep+200 {
		t.Errorf("%d entries are kept", remaining)
	}
	page, err := kept.Read(t.Context(), storage, 0, 1)
	if err != nil || page.After != anchor || page.Entries[0].Index != anchor.Index+1 {
		t.Errorf("%+v, %v", page, err)
	}
}

func TestForgedJournalIsFound(t *testing.T) {
	storage := backendtest.NewStorage()
	fill(t, backend.NewJournal("j/", 1000), storage, 1, 150)
	for path, body := range storage.Snapshot() {
		forged := backendtest.NewStorage()
		for other, body := range storage.Snapshot() {
			if err := forged.Put(t.Context(), &logical.StorageEntry{Key: other, Value: body}); err != nil {
				t.Fatal(err)
			}
		}
		changed := strings.Replace(string(body), `"kind":"k"`, `"kind":"K"`, 1)
		if err := forged.Put(t.Context(), &logical.StorageEntry{Key: path, Value: []byte(changed)}); err != nil {
			t.Fatal(err)
		}
		_, _, err := backend.NewJournal("j/", 1000).Verify(t.Context(), forged)
		if _, ok := errors.AsType[*backend.BrokenJournalError](err); !ok {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// Whichever storage operation fails, the chain is whole, and what was answered is in it.
func TestJournalSurvivesEveryFault(t *testing.T) {
	for _, late := range []bool{false, true} {
		for nth := 1; nth <= 3; nth++ {
			storage := backendtest.NewStorage()
			kept := backend.NewJournal("j/", 1000)
			fill(t, kept, storage, 1, 64)
			inject := storage.FailWhen
			if late {
				inject = storage.FailAfter
			}
			seen := 0
			inject(func(string, string) bool { seen++; return seen == nth })
			answered := map[string]bool{}
			for number := 65; number <= 70; number++ {
				if _, err := kept.Append(t.Context(), storage, event(number)); err == nil {
					answered[fmt.Sprint(number)] = true
				}
			}
			storage.FailWhen(nil)
			if len(answered) != 5 {
				t.Errorf("late %v, operation %d: %v", late, nth, answered)
			}
			for _, kept := range []*backend.Journal{kept, backend.NewJournal("j/", 1000)} {
				if _, _, err := kept.Verify(t.Context(), storage); err != nil {
					t.Errorf("late %v, operation %d: %v", late, nth, err)
				}
				page, err := kept.Read(t.Context(), storage, 64, 100)
				if err != nil {
					t.Fatal(err)
				}
				for _, entry := range page.Entries {
					delete(answered, entry.Subject)
				}
				if len(answered) != 0 {
					t.Errorf("late %v, operation %d: lost %v", late, nth, answered)
				}
			}
		}
	}
}

func TestJournalPieceIsFrozen(t *testing.T) {
	storage := backendtest.NewStorage()
	fill(t, backend.NewJournal("j/", 1000), storage, 1, 2)
	want, err := os.ReadFile("testdata/journal-piece.golden.json")
	if err != nil {
		t.Fatal(err)
	}
	got := storage.Snapshot()["j/00000000000000000001"]
	if diff := cmp.Diff(strings.TrimSpace(string(want)), string(got)); diff != "" {
		t.Error(diff)
	}
}
