package worker

import (
	"context"
	"errors"
	"fmt"
)

// tries is how many workers one call may use: the second is a fresh one.
const tries = 2

// call makes one call, once more on a fresh worker when the first is lost.
func (s *Supervised) call(ctx context.Context, method string, request any) (*Answer, error) {
	var lost error
	for range tries {
		p, err := s.running()
		if err != nil {
			return nil, err
		}
		reply, err := s.callOn(ctx, p, method, request)
		if err == nil {
			return reply, nil
		}
		if !errors.Is(err, errLost) {
			return nil, err
		}
		s.retire(p, err)
		lost = err
	}
	return nil, fmt.Errorf("%w: token %q: %v", category(lost), s.config.Name, lost)
}

func (s *Supervised) callOn(ctx context.Context, p *process, method string, request any) (*Answer, error) {
	select {
	case <-p.ready:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if p.err != nil {
		return nil, p.err
	}
	reply, err := p.call(ctx, method, request)
	if err != nil {
		return nil, err
	}
	err = reply.Fault.decode()
	if errors.Is(err, ErrPIN) {
		s.retire(p, err) // the next worker reads the PIN again
		return nil, err
	}
	s.succeeded()
	return reply, err
}

// EnsureKey makes and verifies a wrapping key, see Token.
func (s *Supervised) EnsureKey(ctx context.Context, spec KeySpec) (KeyInfo, error) {
	if err := checkKey(spec.ID, spec.Mechanism); err != nil {
		return KeyInfo{}, err
	}
	reply, err := s.call(ctx, "EnsureKey", spec)
	if err != nil {
		return KeyInfo{}, err
	}
	return reply.KeyInfo, nil
}

// Wrap seals a data key, see Token.
func (s *Supervised) Wrap(ctx context.Context, key KeyRef, dataKey, aad []byte) ([]byte, error) {
	if len(dataKey) != DataKeySize {
		return nil, fmt.Errorf("data key has %d bytes, not %d", len(dataKey), DataKeySize)
	}
	return s.data(ctx, "Wrap", key, dataKey, aad)
}

// Unwrap opens a wrap, see Token.
func (s *Supervised) Unwrap(ctx context.Context, key KeyRef, wrapped, aad []byte) ([]byte, error) {
	return s.data(ctx, "Unwrap", key, wrapped, aad)
}

func (s *Supervised) data(ctx context.Context, method string, key KeyRef, data, aad []byte) ([]byte, error) {
	if err := checkKey(key.ID, key.Mechanism); err != nil {
		return nil, err
	}
	reply, err := s.call(ctx, method, Wrapping{Key: key, Data: data, AAD: aad})
	if err != nil {
		return nil, err
	}
	return reply.Data, nil
}

// Status describes the token, see Token.
func (s *Supervised) Status(ctx context.Context) (Status, error) {
	reply, err := s.call(ctx, "Status", struct{}{})
	if err != nil {
		return Status{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	reply.Status.Restarts = s.started - 1
	return reply.Status, nil
}
