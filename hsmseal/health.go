package hsmseal

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// canaryEvery bounds how often callers without a token can make the tokens work.
const canaryEvery = time.Second

// canary answers whether the seal works, by a real round trip at most once per
// canaryEvery; callers in between get the last answer.
type canary struct {
	now   func() time.Time
	check func(context.Context) error

	mu   sync.Mutex // guards what follows; held during a check, so one runs at a time
	last time.Time
	err  error
}

// result is the same for all callers, so it does not depend on one that leaves.
func (c *canary) result(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), requestTimeout)
	defer cancel()
	if now := c.now(); c.last.IsZero() || now.Sub(c.last) >= canaryEvery || now.Before(c.last) {
		c.err = c.check(ctx)
		c.last = c.now()
	}
	return c.err
}

type healthResponse struct {
	Status string `json:"status"`
}

// health says only ok or not; the reason is in the log.
func (s *Server) health(req *request) (any, error) {
	if err := s.canary.result(req.ctx); err != nil {
		return nil, fmt.Errorf("%w: %v", errUnhealthy, err)
	}
	return healthResponse{"ok"}, nil
}

var errUnhealthy = errors.New("canary failed")

// roundTrips tries every tenant and reports every one that fails.
func (s *Server) roundTrips(ctx context.Context) error {
	var failed []error
	for _, tenant := range s.tenants {
		sealer, err := tenant.use(ctx)
		if err == nil {
			err = sealer.RoundTrip(ctx)
		}
		if err != nil {
			failed = append(failed, fmt.Errorf("tenant %q: %w", tenant.config.Name, err))
		}
	}
	return errors.Join(failed...)
}
