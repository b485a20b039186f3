package pqtransit

import (
	"context"
	"runtime"

	"github.com/palisade-vault/palisade/backend"
	"github.com/palisade-vault/palisade/pqtransit/keyring"
)

// slots bound how many slow operations run at once, so that they leave a processor to the
// quick ones.
type slots chan struct{}

func newSlots() slots { return make(slots, max(1, runtime.GOMAXPROCS(0)-1)) }

// take waits for a slot unless the caller goes first.
func (s slots) take(ctx context.Context) (release func(), err error) {
	if ctx.Err() != nil {
		return nil, backend.ErrGone
	}
	select {
	case s <- struct{}{}:
		return func() { <-s }, nil
	case <-ctx.Done():
		return nil, backend.ErrGone
	}
}

// takeToSign waits for a slot where one signature of that version needs one.
func (s slots) takeToSign(ctx context.Context, key *keyring.Key, version int) (release func(), err error) {
	if !key.SlowToSign(version) {
		return func() {}, nil
	}
	return s.take(ctx)
}
