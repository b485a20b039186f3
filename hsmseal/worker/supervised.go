package worker

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
)

// Supervised is a Token served by a worker process that is started again when
// it dies or overruns its deadline.
type Supervised struct {
	config Config
	log    hclog.Logger
	pin    secret // of a descriptor, which can be read once only

	starts sync.WaitGroup

	mu       sync.Mutex
	current  *process // nil when none runs and none is starting
	previous *process // to be ended before the next starts
	failures int      // in a row
	earliest time.Time
	cause    error
	started  int
	closed   bool
}

var _ Token = (*Supervised)(nil)

// Start checks the configuration, reads the PIN, launches the worker process
// and returns at once: a token that is away makes calls fail with ErrDevice
// until it is back, never the start. The context bounds the start only. Close
// must be called.
func Start(ctx context.Context, config Config, log hclog.Logger) (*Supervised, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	if config.Deadline == 0 {
		config.Deadline = DefaultDeadline
	}
	s := &Supervised{config: config, log: log}
	if config.PIN.FD != 0 {
		pin, err := readPINDescriptor(config.PIN.FD)
		if err != nil {
			return nil, fmt.Errorf("token %q: %v", config.Name, err)
		}
		s.pin = pin
	}
	if _, err := s.readPIN(); err != nil {
		return nil, fmt.Errorf("token %q: %v", config.Name, err)
	}
	if _, err := s.running(); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func (s *Supervised) readPIN() (secret, error) {
	if s.pin != nil {
		return s.pin, nil
	}
	return readPINFile(s.config.PIN.File)
}

// running returns the worker, starting one where there is none. It fails at
// once while the next start is not yet due: another token should serve.
func (s *Supervised) running() (*process, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return nil, fmt.Errorf("%w: token %q is closed", ErrDevice, s.config.Name)
	case s.current != nil:
		return s.current, nil
	}
	if wait := time.Until(s.earliest); wait > 0 {
		return nil, fmt.Errorf("%w: token %q starts again in %v: %v",
			category(s.cause), s.config.Name, wait.Round(time.Millisecond), s.cause)
	}
	next, previous := newProcess(s.config.Deadline), s.previous
	s.current, s.previous = next, nil
	s.started++
	s.starts.Go(func() { s.launch(next, previous) })
	return next, nil
}

// category keeps a refused PIN told from a device that is away while both wait.
func category(cause error) error {
	if errors.Is(cause, ErrPIN) {
		return ErrPIN
	}
	return ErrDevice
}

// launch ends the previous worker, so that never two use the token, then
// starts the next.
func (s *Supervised) launch(next, previous *process) {
	if previous != nil {
		s.end(previous, false)
	}
	pin, err := s.readPIN()
	if err != nil {
		next.err = fmt.Errorf("%w: %w: %v", errLost, ErrPIN, err)
		close(next.ready)
		return
	}
	next.begin(s.config, pin, s.log)
	if s.pin == nil {
		clear(pin) // read again from its file at the next start
	}
}

func (s *Supervised) end(p *process, clean bool) {
	if err := p.end(clean); err != nil {
		s.log.Warn("token worker left something behind", "token", s.config.Name, "error", err)
	}
}

// retire takes a worker out of use after a failure.
func (s *Supervised) retire(p *process, cause error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current != p {
		return
	}
	s.current, s.previous, s.cause = nil, p, cause
	s.failures++
	s.earliest = time.Now().Add(waitAfter(s.failures))
	s.log.Error("token worker ends", "token", s.config.Name, "failures", s.failures, "error", cause)
}

func (s *Supervised) succeeded() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failures = 0
}

// Close ends the worker process and waits for its end. Calls that run fail
// with ErrDevice. It may be called more than once.
func (s *Supervised) Close() {
	s.mu.Lock()
	s.closed = true
	current, previous := s.current, s.previous
	s.current, s.previous = nil, nil
	s.mu.Unlock()
	for _, p := range []*process{previous, current} {
		if p != nil {
			s.end(p, p == current)
		}
	}
	s.starts.Wait()
}
