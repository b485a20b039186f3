package threatauth_test

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/hashicorp/vault/sdk/logical"
)

// Of logins that race to be a user's first, from as many devices, one teaches its device
// and the others are restricted.
func TestFirstLoginsRace(t *testing.T) {
	m := withUser(t)
	const racers = 16
	var mu sync.Mutex
	var full, restricted int
	var wait sync.WaitGroup
	for i := range racers {
		wait.Go(func() {
			request := &logical.Request{
				ID: fmt.Sprintf("racer-%d", i), Operation: logical.UpdateOperation, Path: "login/alice", Storage: m.Storage,
				Data:       map[string]any{"password": "correct horse"},
				Connection: &logical.Connection{RemoteAddr: home},
				Headers:    map[string][]string{"User-Agent": {fmt.Sprintf("device %d", i)}},
			}
			response, err := m.Backend().HandleRequest(context.WithoutCancel(t.Context()), request)
			if err != nil || response.Auth == nil {
				t.Errorf("racer %d: %v, %v", i, response, err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			if response.Auth.Alias == nil {
				restricted++
			} else {
				full++
			}
		})
	}
	wait.Wait()
	if full != 1 || restricted != racers-1 {
		t.Errorf("%d full and %d restricted tokens, want 1 and %d", full, restricted, racers-1)
	}
	if keys := m.List("risk/devices/alice/").Data["keys"].([]any); len(keys) != 1 {
		t.Errorf("%d devices known, want 1", len(keys))
	}
}

// Feeds are swapped, policies changed and decisions read while users log in.
func TestEverythingAtOnce(t *testing.T) {
	m := withUser(t)
	var wait sync.WaitGroup
	for i := range 4 {
		wait.Go(func() {
			for n := range 10 {
				login(m, "alice", "correct horse")
				login(m, fmt.Sprint("user", i), "wrong")
				m.Write("risk/feeds/ipsum", map[string]any{"content": fmt.Sprintf("203.0.113.%d\t5\n", n+1)})
				m.Write("risk/config", map[string]any{"decisions_to_keep": 5 + n})
				if answer := m.List("risk/decisions/"); answer.Status != http.StatusOK {
					t.Errorf("list: status %d: %s", answer.Status, answer.Message)
				}
			}
		})
	}
	wait.Wait()
	mustLogin(t, m)
}
