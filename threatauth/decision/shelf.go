package decision

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend"
)

// shelf is one class of records, oldest first. Its order lives in the entries' names, so
// that after a restart one listing brings it back. The owner's lock guards it.
type shelf struct {
	store *backend.Store[Record]
	// names is oldest first and byID finds a name by request id; nil until loaded.
	names []string
	byID  map[string]string
}

func newShelf(prefix string) *shelf {
	return &shelf{store: backend.NewStore[Record](prefix, 1)}
}

// nameOf sorts by time: the nanoseconds since 1970 in hexadecimal, then the request id.
func nameOf(r *Record) string {
	return fmt.Sprintf("%016x-%s", max(r.Time.UnixNano(), 0), r.ID)
}

func (s *shelf) load(ctx context.Context, storage logical.Storage) error {
	if s.byID != nil {
		return nil
	}
	names, err := s.store.List(ctx, storage)
	if err != nil {
		return err
	}
	slices.Sort(names)
	s.names, s.byID = names, make(map[string]string, len(names))
	for _, name := range names {
		_, id, _ := strings.Cut(name, "-")
		s.byID[id] = name
	}
	return nil
}

func (s *shelf) add(name, id string) {
	if _, known := s.byID[id]; known {
		return
	}
	i, _ := slices.BinarySearch(s.names, name)
	s.names = slices.Insert(s.names, i, name)
	s.byID[id] = name
}

// excess takes the oldest names beyond keep off the shelf, at most limit of them. It moves
// no other name: the slice is cut, and the next growth of it leaves the cut part behind.
func (s *shelf) excess(keep, limit int) []string {
	n := min(max(len(s.names)-keep, 0), limit)
	old := slices.Clone(s.names[:n])
	for _, name := range old {
		_, id, _ := strings.Cut(name, "-")
		delete(s.byID, id)
	}
	clear(s.names[:n])
	s.names = s.names[n:]
	return old
}
