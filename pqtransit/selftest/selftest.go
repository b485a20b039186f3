// Package selftest keeps what became of the suites' self-tests in this process: known answers
// of other implementations, run through the registered code. An algorithm that failed once
// must not be used until the process starts anew. It is pure.
package selftest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// Options are what the tests get from outside. Every field must be set.
type Options struct {
	// Suites are those to be tested.
	Suites []*suite.Suite
	// Run is the test of one of them: in all but tests its own SelfTest. A panic in it is a
	// failure.
	Run func(*suite.Suite) error
	// Now is the clock that durations are taken from.
	Now func() time.Time
	// Failed is told of each suite's first failure, for the log.
	Failed func(s *suite.Suite, err error)
}

// Tests are the self-tests of one mount. Goroutines may share it.
type Tests struct {
	options Options
	states  map[*suite.Suite]*state // fixed after New
}

// state of one suite.
type state struct {
	first  sync.Once
	failed atomic.Pointer[error] // the first failure, for good
}

// Result is one suite's test, run just now.
type Result struct {
	Suite    *suite.Suite
	Duration time.Duration
	// Err is nil for a suite that may be used, else why it may not: its first failure.
	Err error
}

// errUnknown is for a suite that is not in the registry that the tests were made for.
var errUnknown = errors.New("has no self-test")

// New prepares the tests and runs none.
func New(options Options) *Tests {
	t := &Tests{options: options, states: map[*suite.Suite]*state{}}
	for _, s := range options.Suites {
		t.states[s] = &state{}
	}
	return t
}

// Check refuses a suite that failed. The first question about a suite runs its test, which
// takes 0.2 s at most, and whoever else asks waits for it; all later ones cost nothing.
func (t *Tests) Check(s *suite.Suite) error {
	known, ok := t.states[s]
	if !ok {
		return errUnknown
	}
	known.first.Do(func() { t.run(s, known) })
	if failure := known.failed.Load(); failure != nil {
		return fmt.Errorf("key type %s has failed its self-test and must not be used; self-test says more", s.Name)
	}
	return nil
}

// All runs every test again, whatever came of it before, in the order of Options.Suites, and
// ends early with the context.
func (t *Tests) All(ctx context.Context) ([]Result, error) {
	var results []Result
	for _, s := range t.options.Suites {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		known := t.states[s]
		begun := t.options.Now()
		t.run(s, known)
		known.first.Do(func() {}) // it has run
		result := Result{Suite: s, Duration: t.options.Now().Sub(begun)}
		if failure := known.failed.Load(); failure != nil {
			result.Err = *failure
		}
		results = append(results, result)
	}
	return results, nil
}

func (t *Tests) run(s *suite.Suite, known *state) {
	err := t.recovered(s)
	if err != nil && known.failed.CompareAndSwap(nil, &err) {
		t.options.Failed(s, err)
	}
}

// recovered never tells the panic's value, which may hold anything.
func (t *Tests) recovered(s *suite.Suite) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("self-test of %s: panic", s.Name)
		}
	}()
	return t.options.Run(s)
}
