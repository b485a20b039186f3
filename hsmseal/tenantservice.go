package hsmseal

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/palisade-vault/palisade/hsmseal/worker"
)

// errNotOpen is a tenant whose keys are not open: its token is away, or needs
// the operator.
var errNotOpen = errors.New("the tenant's keys are not open")

const (
	// openTimeout bounds one try to open a tenant: making a key may be slow.
	openTimeout = 30 * time.Second
	// firstRetry and lastRetry bound the wait between tries.
	firstRetry = 250 * time.Millisecond
	lastRetry  = 5 * time.Second
)

// tenantService is a tenant while it is served.
type tenantService struct {
	config TenantConfig
	tokens *tokenFile

	// settled is closed when sealer or err is set; they do not change after.
	settled chan struct{}
	sealer  *Sealer
	err     error
}

func newTenantService(config Config, tenant TenantConfig) *tenantService {
	return &tenantService{
		config: tenant, tokens: &tokenFile{path: config.hashesPath(tenant.Name)}, settled: make(chan struct{}),
	}
}

// use returns the tenant's Sealer. While the daemon starts it waits for it: at
// Vault's own start a held call is better than a refused one, which Vault gives
// up on after three seconds.
func (t *tenantService) use(ctx context.Context) (*Sealer, error) {
	select {
	case <-t.settled:
	case <-ctx.Done():
		return nil, fmt.Errorf("tenant %q: %w yet", t.config.Name, errNotOpen)
	}
	if t.err != nil {
		return nil, fmt.Errorf("tenant %q: %w: %v", t.config.Name, errNotOpen, t.err)
	}
	return t.sealer, nil
}

// passing tells an error that may heal without the operator.
func passing(err error) bool {
	return errors.Is(err, worker.ErrDevice) || errors.Is(err, context.DeadlineExceeded)
}

// open tries until the tenant is open, needs the operator, or the context ends.
func (t *tenantService) open(ctx context.Context, opener Opener, after func(time.Duration) <-chan time.Time) {
	defer close(t.settled)
	for wait := firstRetry; ; wait = min(2*wait, lastRetry) {
		t.sealer, t.err = t.try(ctx, opener)
		if t.err == nil {
			opener.Log.Info("tenant is served", "tenant", t.config.Name, "key", t.sealer.KeyID().String())
			return
		}
		if !passing(t.err) || ctx.Err() != nil {
			return
		}
		opener.Log.Warn("tenant is not served yet", "tenant", t.config.Name, "error", t.err)
		select {
		case <-ctx.Done():
			return
		case <-after(wait):
		}
	}
}

// try opens once. A panic is an error like any that needs the operator: it must
// not take the other tenants along.
func (t *tenantService) try(ctx context.Context, opener Opener) (sealer *Sealer, err error) {
	attempt, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	defer func() {
		if cause := recover(); cause != nil {
			opener.Log.Error("panic while opening a tenant", "type", fmt.Sprintf("%T", cause), "stack", string(debug.Stack()))
			sealer, err = nil, fmt.Errorf("tenant %q: internal error, see the log", t.config.Name)
		}
	}()
	return opener.OpenTenant(attempt, t.config)
}

// openAll opens every tenant, each at its own pace. It returns when all are
// settled: nil when one at least is open, else every reason.
func openAll(ctx context.Context, tenants []*tenantService, opener Opener, after func(time.Duration) <-chan time.Time) error {
	var group sync.WaitGroup
	for _, tenant := range tenants {
		group.Go(func() { tenant.open(ctx, opener, after) })
	}
	group.Wait()
	var failed []error
	for _, tenant := range tenants {
		if tenant.err != nil && ctx.Err() == nil {
			opener.Log.Error("tenant is not served until the daemon is started again", "tenant", tenant.config.Name, "error", tenant.err)
		}
		if tenant.err != nil {
			failed = append(failed, tenant.err)
		}
	}
	if len(failed) < len(tenants) {
		return nil
	}
	return errors.Join(failed...)
}
