package pqtransit

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend/backendtest"
)

// What signs slowly waits for a slot and ends with its caller; what is quick never waits.
func TestSlowOperationsTakeSlots(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := backendtest.New(t, Factory)
		b, ok := m.Backend().(*pqBackend)
		if !ok {
			t.Fatalf("%T", m.Backend())
		}
		m.MustWrite("keys/slow", map[string]any{"type": "slh-dsa", "parameter_set": "slh-dsa-sha2-128f"})
		m.MustWrite("keys/quick", map[string]any{"type": "ed25519"})
		input := map[string]any{"input": "AAAA"}
		for range cap(b.slow) {
			b.slow <- struct{}{}
		}
		m.MustWrite("sign/quick", input)
		signature := map[string]any{"input": "AAAA", "signature": "vault:v1:AAAA"}
		m.MustWrite("verify/slow", signature)
		for path, data := range map[string]map[string]any{"sign/slow": input, "keys/slow/csr": nil} {
			ctx, cancel := context.WithCancel(t.Context())
			status := waiting(ctx, m, path, data)
			synctest.Wait()
			if len(status) != 0 {
				t.Errorf("%s ran without a slot: %d", path, <-status)
			}
			cancel()
			if got := <-status; got != http.StatusServiceUnavailable {
				t.Errorf("%s without a caller: %d", path, got)
			}
			status = waiting(t.Context(), m, path, data)
			synctest.Wait()
			<-b.slow
			if got := <-status; got != http.StatusOK {
				t.Errorf("%s with a slot: %d", path, got)
			}
			b.slow <- struct{}{}
		}
	})
}

// waiting sends a request and hands on its status once it is answered.
func waiting(ctx context.Context, m *backendtest.Mount, path string, data map[string]any) <-chan int {
	status := make(chan int, 1)
	go func() { status <- m.Do(ctx, logical.UpdateOperation, path, data).Status }()
	return status
}
