package pqtransit

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend/backendtest"
)

func TestPeriodicRotation(t *testing.T) {
	m := backendtest.New(t, Factory)
	b, ok := m.Backend().(*pqBackend)
	if !ok {
		t.Fatalf("%T", m.Backend())
	}
	now := time.Now()
	b.rotation.now = func() time.Time { return now }
	m.MustWrite("keys/hourly", map[string]any{"auto_rotate_period": "1h"})
	m.MustWrite("keys/never", nil)
	tick := func(later time.Duration, want float64) {
		t.Helper()
		now = now.Add(later)
		if got := m.Do(t.Context(), logical.RollbackOperation, "", nil); got.Status >= http.StatusBadRequest {
			t.Fatalf("%d %s", got.Status, got.Message)
		}
		if got := m.MustRead("keys/hourly").Data["latest_version"]; got != want {
			t.Errorf("after %v: version %v, want %v", later, got, want)
		}
	}
	tick(0, 1)
	tick(59*time.Minute, 1)
	tick(2*time.Minute, 2)
	// The new version is as old as the real clock says, so it is due again.
	tick(time.Minute, 3)
	if got := m.MustRead("keys/never").Data["latest_version"]; got != 1.0 {
		t.Errorf("a key without a period has version %v", got)
	}
	if strings.Count(m.Logs.String(), "rotated key automatically") != 2 {
		t.Error(m.Logs)
	}
}

func TestPeriodicRotationSurvivesFaults(t *testing.T) {
	m := backendtest.New(t, Factory)
	b, ok := m.Backend().(*pqBackend)
	if !ok {
		t.Fatalf("%T", m.Backend())
	}
	b.rotation.now = func() time.Time { panic("a broken clock") }
	if got := m.Do(t.Context(), logical.RollbackOperation, "", nil); got.Status >= http.StatusBadRequest {
		t.Errorf("%d %s", got.Status, got.Message)
	}
	if logs := m.Logs.String(); !strings.Contains(logs, "panic in background work") || strings.Contains(logs, "a broken clock") {
		t.Error(logs)
	}
}
