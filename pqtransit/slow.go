package pqtransit

import (
	"context"
	"runtime"

	"github.com/palisade-vault/palisade/backend"
)

// slots bound how many slow operations run at once, so that they leave a processor to the
// quick ones.
type slots chan struct{}

func newSlots() slots { return make(slots, max(1, runtime.GOMAXPROCS(0)-1)) }

// errGone is nobody's answer: the caller is no longer there.
var errGone = backend.Unavailable("the request ended before its turn")

// take waits for a slot unless the caller goes first.
func (s slots) take(ctx context.Context) (release func(), err error) {
	if ctx.Err() != nil {
		return nil, errGone
	}
	select {
	case s <- struct{}{}:
		return func() { <-s }, nil
	case <-ctx.Done():
		return nil, errGone
	}
}
