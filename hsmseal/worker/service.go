package worker

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"sync"

	"github.com/hashicorp/go-hclog"

	"github.com/palisade-vault/palisade/hsmseal/mechanism"
	"github.com/palisade-vault/palisade/hsmseal/pinguard"
	"github.com/palisade-vault/palisade/hsmseal/token"
)

// service answers the daemon in the worker process. Its exported methods have
// net/rpc's shape; the errors they return are always nil, faults travel in the
// answer, so that an RPC error means a lost worker.
type service struct {
	log hclog.Logger

	login sync.Mutex // held from writing an attempt down to writing its outcome down

	mu     sync.Mutex
	setup  Setup
	device *device
}

// Setup takes the configuration and opens the token. Its fault is for the log
// only: later calls try again.
func (s *service) Setup(request Setup, reply *Answer) error {
	return s.answer(reply, func() error {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.device != nil {
			return errors.New("worker is already set up")
		}
		s.setup = request
		s.device = &device{open: s.openToken, random: rand.Reader}
		return s.device.ensureOpen()
	})
}

// EnsureKey serves Token.EnsureKey.
func (s *service) EnsureKey(request KeySpec, reply *Answer) error {
	return s.serve(reply, func(ctx context.Context, d *device) (err error) {
		reply.KeyInfo, err = d.ensureKey(ctx, request)
		return err
	})
}

// Wrap serves Token.Wrap.
func (s *service) Wrap(request Wrapping, reply *Answer) error {
	return s.serve(reply, func(ctx context.Context, d *device) (err error) {
		reply.Data, err = d.wrap(ctx, request.Key, request.Data, request.AAD)
		return err
	})
}

// Unwrap serves Token.Unwrap.
func (s *service) Unwrap(request Wrapping, reply *Answer) error {
	return s.serve(reply, func(ctx context.Context, d *device) (err error) {
		reply.Data, err = d.unwrap(ctx, request.Key, request.Data, request.AAD)
		return err
	})
}

// Status serves Token.Status.
func (s *service) Status(_ struct{}, reply *Answer) error {
	return s.serve(reply, func(_ context.Context, d *device) (err error) {
		reply.Status, err = d.status()
		return err
	})
}

// Finish logs out and finalises the library, before the process ends.
func (s *service) Finish(_ struct{}, reply *Answer) error {
	return s.serve(reply, func(_ context.Context, d *device) error {
		d.close()
		return nil
	})
}

// serve runs f on the device. The context bounds f's wait for a session, to half
// the deadline: a call that the token has no session for is answered as the
// device's trouble, before the daemon takes a busy worker for a hung one and
// kills it with all its calls.
func (s *service) serve(reply *Answer, f func(context.Context, *device) error) error {
	s.mu.Lock()
	d, deadline := s.device, s.setup.Deadline
	s.mu.Unlock()
	return s.answer(reply, func() error {
		if d == nil {
			return errors.New("worker is not set up")
		}
		ctx, cancel := context.WithTimeout(context.Background(), deadline/2)
		defer cancel()
		return f(ctx, d)
	})
}

// answer runs f and puts its error, or its panic, into the reply.
func (s *service) answer(reply *Answer, f func() error) error {
	defer func() {
		if recovered := recover(); recovered != nil {
			s.log.Error("panic in the token worker", "stack", string(debug.Stack()))
			reply.Fault = encodeFault(fmt.Errorf("%w: internal error in the worker", ErrDevice))
		}
	}()
	reply.Fault = encodeFault(translate(f()))
	return nil
}

func (s *service) openToken() (opened, error) {
	want := token.Selector{Label: s.setup.Label, Serial: s.setup.Serial}
	return token.Open(s.setup.Module, want, func(info token.Info, login func([]byte) error) error {
		guard := pinguard.Login{Dir: s.setup.StateDir, Identity: info.Identity(), Serial: info.Serial, Random: rand.Reader}
		flags := pinguard.Flags{CountLow: info.PINCountLow, FinalTry: info.PINFinalTry, Locked: info.PINLocked}
		s.login.Lock()
		defer s.login.Unlock()
		return guard.Do(s.setup.PIN, flags, func() error { return login(s.setup.PIN) })
	})
}

func (d *device) status() (status Status, err error) {
	err = d.run(func(current opened) error {
		info, err := current.Refresh()
		if err != nil {
			return err
		}
		status = Status{
			Label: info.Label, Manufacturer: info.Manufacturer, Model: info.Model, Serial: info.Serial,
			Hardware: info.Hardware, Firmware: info.Firmware, Library: info.Library, Flags: info.Flags,
			PID: os.Getpid(),
		}
		status.Sessions, status.MaxSessions = current.Sessions()
		for _, m := range mechanism.All() {
			if info.Supports(m.Needs) {
				status.Mechanisms = append(status.Mechanisms, m.Name)
			}
		}
		for _, code := range info.Mechanisms {
			status.TokenMechanisms = append(status.TokenMechanisms, code.String())
		}
		return nil
	})
	return status, err
}
