package decision

import (
	"fmt"
	"testing"
	"time"
)

// What one login costs a full shelf does not grow with the shelf: names are not moved.
func TestFullShelfMovesNothing(t *testing.T) {
	const size, more = 100_000, 3 * 100_000
	s := newShelf("risk/decision/right/")
	s.byID = map[string]string{}
	moves := 0
	for n := range more {
		r := &Record{ID: fmt.Sprintf("id-%d", n), Time: time.Unix(int64(n), 0)}
		s.add(nameOf(r), r.ID)
		if len(s.names) <= size {
			continue
		}
		second := &s.names[1]
		if old := s.excess(size, pruneBatch); len(old) != 1 || old[0] != nameOf(&Record{ID: fmt.Sprintf("id-%d", n-size), Time: time.Unix(int64(n-size), 0)}) {
			t.Fatalf("after %d records %v go", n, old)
		}
		if &s.names[0] != second {
			moves++
		}
	}
	if moves != 0 {
		t.Errorf("the shelf was moved %d times", moves)
	}
	if len(s.names) != size || len(s.byID) != size || cap(s.names) > 4*size {
		t.Errorf("%d names, %d ids, room for %d", len(s.names), len(s.byID), cap(s.names))
	}
}
