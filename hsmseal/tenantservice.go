package hsmseal

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/palisade-vault/palisade/hsmseal/worker"
)

// errNotReady is a tenant whose keys are not open: its token is away, or needs
// the operator.
var errNotReady = errors.New("the tenant's keys are not open")

// Waits between tries to open a tenant whose token is away.
const (
	firstRetry = 250 * time.Millisecond
	lastRetry  = 5 * time.Second
)

// tenantService is a tenant while it is served.
type tenantService struct {
	config TenantConfig
	tokens *tokenFile

	mu     sync.Mutex // guards sealer
	sealer *Sealer
}

// use returns the tenant's Sealer, or errNotReady.
func (t *tenantService) use() (*Sealer, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.sealer == nil {
		return nil, errNotReady
	}
	return t.sealer, nil
}

// open tries once.
func (t *tenantService) open(ctx context.Context, opener Opener) error {
	sealer, err := opener.OpenTenant(ctx, t.config)
	if err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sealer = sealer
	return nil
}

// passing tells an error that may heal without the operator.
func passing(err error) bool {
	return errors.Is(err, worker.ErrDevice) || errors.Is(err, context.DeadlineExceeded)
}

// keepTrying opens the tenant when its token is back. It ends when the tenant is
// open, needs the operator, or the context ends.
func (t *tenantService) keepTrying(ctx context.Context, opener Opener, after func(time.Duration) <-chan time.Time) {
	for wait := firstRetry; ; wait = min(2*wait, lastRetry) {
		select {
		case <-ctx.Done():
			return
		case <-after(wait):
		}
		attempt, cancel := context.WithTimeout(ctx, openTimeout)
		err := t.open(attempt, opener)
		cancel()
		switch {
		case err == nil:
			opener.Log.Info("tenant is served", "tenant", t.config.Name)
			return
		case !passing(err):
			opener.Log.Error("tenant is not served until the daemon is started again", "tenant", t.config.Name, "error", err)
			return
		}
		opener.Log.Warn("tenant is not served yet", "tenant", t.config.Name, "error", err)
	}
}
