package pqtransit

import (
	"net/http"
	"testing"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend/backendtest"
	"github.com/palisade-vault/palisade/pqtransit/usage"
)

// newTimed is a mount whose periodic work runs by a clock that the test moves.
func newTimed(t *testing.T) (m *backendtest.Mount, b *pqBackend, tick func(later time.Duration)) {
	t.Helper()
	m = backendtest.New(t, Factory)
	b, ok := m.Backend().(*pqBackend)
	if !ok {
		t.Fatalf("%T", m.Backend())
	}
	now := time.Now()
	b.rotation.now = func() time.Time { return now }
	return m, b, func(later time.Duration) {
		t.Helper()
		now = now.Add(later)
		if got := m.Do(t.Context(), logical.RollbackOperation, "", nil); got.Status >= http.StatusBadRequest {
			t.Fatalf("%d %s", got.Status, got.Message)
		}
	}
}

func usesOf(t *testing.T, m *backendtest.Mount, name string) map[int]usage.Use {
	t.Helper()
	b := m.Backend().(*pqBackend)
	key, err := b.keys.Get(t.Context(), m.Storage, name)
	if err != nil || key == nil {
		t.Fatal(err)
	}
	uses, err := b.keys.Uses(t.Context(), m.Storage, key)
	if err != nil {
		t.Fatal(err)
	}
	return uses
}

// What keys were used for is stored at the first call and then once an hour, not with each use,
// and when the mount stops.
func TestUsageIsStored(t *testing.T) {
	m, _, tick := newTimed(t)
	encrypt := func(times int) {
		for range times {
			m.MustWrite("encrypt/k", map[string]any{"batch_input": []any{
				map[string]any{"plaintext": "AAAA"}, map[string]any{"plaintext": "AAAA"},
			}})
		}
	}
	puts := func(want int, do func()) {
		t.Helper()
		before := m.Storage.Counts().Put
		do()
		if got := m.Storage.Counts().Put - before; got != want {
			t.Errorf("%d puts, want %d", got, want)
		}
	}
	m.MustWrite("keys/k", map[string]any{"auto_rotate_max_operations": 0, "auto_rotate_max_bytes": 0})
	puts(0, func() { encrypt(3) })
	puts(1, func() { tick(0) })
	puts(0, func() { encrypt(1); tick(59 * time.Minute) })
	puts(1, func() { tick(2 * time.Minute) })
	puts(0, func() { tick(2 * time.Hour) })
	puts(1, func() { encrypt(1); m.Restart() })
	// A key with a limit has its first block written down before its first use.
	m.MustWrite("keys/limited", nil)
	for _, want := range []int{1, 0, 0} {
		puts(want, func() { m.MustWrite("encrypt/limited", map[string]any{"plaintext": "AAAA"}) })
	}
	if got := usesOf(t, m, "k")[1].Protected; got.Operations != 10 || got.Bytes != 30 {
		t.Errorf("%+v", got)
	}
}
