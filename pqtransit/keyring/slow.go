package keyring

import (
	"context"
	"errors"
	"runtime"

	"github.com/palisade-vault/palisade/backend"
	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// Turns bound how many slow operations run at once, so that they leave a processor to the
// quick ones. Nil is no bound.
type Turns chan struct{}

// NewTurns gives turns to all processors but one.
func NewTurns() Turns { return make(Turns, max(1, runtime.GOMAXPROCS(0)-1)) }

// Take waits for a turn unless the caller goes first, which is [backend.ErrGone].
func (t Turns) Take(ctx context.Context) (release func(), err error) {
	switch {
	case ctx.Err() != nil:
		return nil, backend.ErrGone
	case t == nil:
		return func() {}, nil
	}
	select {
	case t <- struct{}{}:
		return func() { <-t }, nil
	case <-ctx.Done():
		return nil, backend.ErrGone
	}
}

// TakeToSign waits for a turn where one signature of that version needs one; 0 is the latest.
func (t Turns) TakeToSign(ctx context.Context, key *Key, version int) (release func(), err error) {
	if !key.SlowToSign(version) {
		return func() {}, nil
	}
	return t.Take(ctx)
}

// toMake runs what makes a key of the algorithm, or takes one in, which can be as slow: in its
// turn where that is slow, and only until the caller goes. Nothing stops such work once it runs;
// it then ends for nobody, and holds its turn until it does, so that callers who come and go
// cannot occupy more than the turns there are.
func (t Turns) toMake(ctx context.Context, algorithm *suite.Suite, work func() (suite.Key, error)) (suite.Key, error) {
	if !algorithm.SlowToMake {
		return work()
	}
	release, err := t.Take(ctx)
	if err != nil {
		return nil, err
	}
	type result struct {
		key suite.Key
		err error
	}
	done := make(chan result, 1)
	go func() {
		made := result{err: errors.New("panic while making a key")}
		defer func() {
			_ = recover() // else it would end every mount of the plugin
			release()
			done <- made
		}()
		key, err := work()
		made = result{key, err}
	}()
	select {
	case made := <-done:
		if ctx.Err() != nil {
			return nil, backend.ErrGone
		}
		return made.key, made.err
	case <-ctx.Done():
		return nil, backend.ErrGone
	}
}
