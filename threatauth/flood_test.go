package threatauth_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend/backendtest"
	"github.com/palisade-vault/palisade/threatauth"
	"github.com/palisade-vault/palisade/threatauth/credential"
)

// Of a flood of logins so many wait at most, the others are turned away at once with 503,
// whoever they claim to be; those that wait leave when their client does, and none of it
// fills the log.
func TestFloodIsTurnedAway(t *testing.T) {
	// One hash takes a good part of a second, so that the queue fills up behind it.
	slow := credential.Params{MemoryKiB: 64 << 10, Time: 4, Threads: 1}
	m := backendtest.New(t, threatauth.New(threatauth.Options{Params: slow, Parallel: 1}))
	m.MustWrite("users/alice", map[string]any{"password": "correct horse"})
	before := hashesOf(m)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var mu sync.Mutex
	statuses := map[int]int{}
	var wait sync.WaitGroup
	for range 2000 {
		wait.Go(func() {
			status := m.Do(ctx, logical.UpdateOperation, "login/alice", map[string]any{"password": "wrong"}).Status
			mu.Lock()
			defer mu.Unlock()
			statuses[status]++
			cancel() // with the first answer, a 503, all who wait leave
		})
	}
	wait.Wait()
	if statuses[http.StatusServiceUnavailable] < 1000 || statuses[http.StatusServiceUnavailable]+statuses[http.StatusBadRequest] != 2000 {
		t.Errorf("statuses %v", statuses)
	}
	if work := hashesOf(m) - before; work > 5 {
		t.Errorf("%v hashes for logins whose clients left", work)
	}
	if logs := m.Logs.String(); strings.Contains(logs, "request failed") {
		t.Error("the flood is in the log")
	}
	if status := login(m, "alice", "correct horse").Status; status != http.StatusOK {
		t.Errorf("afterwards: status %d", status)
	}
}
