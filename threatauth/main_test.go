package threatauth_test

import (
	"net/http"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/vault/sdk/logical"
	"go.uber.org/goleak"

	"github.com/palisade-vault/palisade/backend/backendtest"
	"github.com/palisade-vault/palisade/threatauth"
	"github.com/palisade-vault/palisade/threatauth/credential"
)

func TestMain(m *testing.M) {
	// A package of the sdk's starts this one when it is imported.
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("go.opencensus.io/stats/view.(*worker).start"))
}

// cheap are the least hash parameters, so that the tests take moments.
var cheap = credential.Params{MemoryKiB: 8, Time: 1, Threads: 1}

const (
	laptop = "Vault/1.21 laptop"
	phone  = "Vault/1.21 phone"
	home   = "198.51.100.7"
	// listed stands on the list that loadList loads.
	listed = "203.0.113.66"
)

// clock is a clock that moves only by hand.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(time.Millisecond)
	return c.now
}

// newMount is a mount with cheap hashes, seen from home.
func newMount(t *testing.T, options threatauth.Options) *backendtest.Mount {
	t.Helper()
	options.Params = cheap
	if options.Now == nil {
		options.Now = newClock().Now
	}
	m := backendtest.New(t, threatauth.New(options))
	from(m, home, laptop)
	return m
}

// withUser is a mount with the user alice, password "correct horse".
func withUser(t *testing.T) *backendtest.Mount {
	t.Helper()
	m := newMount(t, threatauth.Options{})
	m.MustWrite("users/alice", map[string]any{"password": "correct horse", "token_policies": "dev", "token_ttl": "1h"})
	return m
}

// from sets where the next requests come from.
func from(m *backendtest.Mount, address, userAgent string) {
	m.Template.Connection = &logical.Connection{RemoteAddr: address}
	m.Template.Headers = nil
	if userAgent != "" {
		m.Template.Headers = map[string][]string{"User-Agent": {userAgent}}
	}
}

func loadList(t *testing.T, m *backendtest.Mount) {
	t.Helper()
	m.MustWrite("risk/feeds/ipsum", map[string]any{
		"content": "# a list\n" + listed + "\t5\n192.0.2.200\t2\n", "version": "2026-08-22", "source": "test",
	})
}

func login(m *backendtest.Mount, name, password string) *backendtest.Answer {
	return m.Write("login/"+name, map[string]any{"password": password})
}

func mustLogin(t *testing.T, m *backendtest.Mount) *logical.Auth {
	t.Helper()
	answer := login(m, "alice", "correct horse")
	if answer.Status != http.StatusOK || answer.Response.Auth == nil {
		t.Fatalf("login: status %d: %s", answer.Status, answer.Message)
	}
	return answer.Response.Auth
}

// decisionOf waits for the record of a request: those of refused logins follow the answer.
func decisionOf(t *testing.T, m *backendtest.Mount, id string) map[string]any {
	t.Helper()
	drain(t, m)
	answer := m.Read("risk/decisions/" + id)
	if answer.Status != http.StatusOK {
		t.Fatalf("decision %s: status %d: %s", id, answer.Status, answer.Message)
	}
	return answer.Data
}

// drain restarts the mount, which writes all queued records first.
func drain(t *testing.T, m *backendtest.Mount) {
	t.Helper()
	m.Restart()
}

func checkRefused(t *testing.T, answer *backendtest.Answer) {
	t.Helper()
	if answer.Status != http.StatusBadRequest || answer.Message != "invalid username or password" {
		t.Fatalf("status %d %q, want 400 and the one refusal", answer.Status, answer.Message)
	}
}

func testdata(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func mustLoginID(t *testing.T, m *backendtest.Mount) string {
	t.Helper()
	answer := login(m, "alice", "correct horse")
	if answer.Status != http.StatusOK {
		t.Fatalf("login: status %d: %s", answer.Status, answer.Message)
	}
	return answer.RequestID
}

func newBackendForPaths(t *testing.T) *threatauth.Backend {
	t.Helper()
	b, ok := newMount(t, threatauth.Options{}).Backend().(*threatauth.Backend)
	if !ok {
		t.Fatal("the factory makes another type")
	}
	return b
}
