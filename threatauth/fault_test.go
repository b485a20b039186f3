package threatauth_test

import (
	"fmt"
	"maps"
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend/backendtest"
	"github.com/palisade-vault/palisade/threatauth"
	"github.com/palisade-vault/palisade/threatauth/signal"
)

var faulty = map[string]signal.Signal{
	"panic": {Name: "faulty", Assess: func(signal.Input) signal.Finding { panic("correct horse") }},
	"nan":   {Name: "faulty", Assess: func(signal.Input) signal.Finding { return signal.Finding{Known: true, Term: math.NaN()} }},
}

// A signal that fails never crashes a login: the fault policy decides, and the other
// signals still count.
func TestFaultySignal(t *testing.T) {
	for name, broken := range faulty {
		for action, outcome := range map[string]string{"": "restricted_token", "restrict": "restricted_token", "allow": "token", "deny": "refused_risk"} {
			t.Run(name+" "+action, func(t *testing.T) {
				m := newMount(t, threatauth.Options{Signals: append(signal.All(), broken)})
				m.MustWrite("users/alice", map[string]any{"password": "correct horse"})
				if action != "" {
					m.MustWrite("risk/config", map[string]any{"fault_action": action})
				}
				record := decisionOf(t, m, login(m, "alice", "correct horse").RequestID)
				if record["outcome"] != outcome || !slices.Contains(record["faults"].([]any), any("signal faulty")) {
					t.Errorf("outcome %v with faults %v, want %s", record["outcome"], record["faults"], outcome)
				}
				loadList(t, m)
				from(m, listed, laptop)
				checkRefused(t, login(m, "alice", "correct horse"))
				if logs := m.Logs.String(); !strings.Contains(logs, "signal faulty") || strings.Contains(logs, "correct horse") {
					t.Errorf("log: %s", logs)
				}
			})
		}
	}
}

// Whatever storage call fails during a login, the answer is a restricted token, a full one,
// the refusal or an error; the user stays whole and the next login works.
func TestStorageFaultsAtLogin(t *testing.T) {
	for _, test := range []struct {
		name, operation, prefix string
		status                  int
		restricted              bool
	}{
		{"profile cannot be read", "get", "risk/profile/", 200, true},
		{"profile cannot be written", "put", "risk/profile/", 200, true},
		{"record cannot be written", "put", "risk/decision/", 200, true},
		{"config cannot be read", "get", "risk/config/", 400, false},
		{"feeds cannot be listed", "list", "risk/feed/", 200, true},
		{"device key cannot be read", "get", "risk/device-key/", 200, true},
		{"hash cannot be upgraded", "put", "user/", 200, false},
		{"user cannot be read", "get", "user/", 500, false},
		{"block cannot be read", "get", "risk/block/", 500, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := newMount(t, threatauth.Options{})
			m.MustWrite("users/alice", map[string]any{"password_hash": bcryptOf(t, "correct horse")})
			m.Restart()
			m.Storage.FailWhen(func(operation, key string) bool {
				return operation == test.operation && strings.HasPrefix(key, test.prefix)
			})
			if test.prefix == "risk/device-key/" {
				m.Restart()
			}
			before := hashesOf0(m)
			answer := login(m, "alice", "correct horse")
			m.Storage.FailWhen(nil)
			if answer.Status != test.status {
				t.Fatalf("status %d %q, want %d", answer.Status, answer.Message, test.status)
			}
			if test.status == http.StatusOK && (answer.Response.Auth.Alias == nil) != test.restricted {
				t.Errorf("restricted is %v, want %v", answer.Response.Auth.Alias == nil, test.restricted)
			}
			if hashesOf0(m) == before {
				t.Error("no hash was computed")
			}
			mustLogin(t, m)
		})
	}
}

// A stored policy with a value missing grants nothing: its zero may be a token that lives
// for ever, an unknown mode or no record kept.
func TestDamagedConfigDenies(t *testing.T) {
	whole := `{"mode":"enforce","rules":{},"fault":"restrict","restricted":{"policies":["few"],"ttl":60000000000,"num_uses":1},"retention":10}`
	for _, test := range []struct{ name, from, to string }{
		{"all", whole, `{}`},
		{"mode", `"enforce"`, `"shadowy"`},
		{"rules", `{}`, `{"feed":"alow"}`},
		{"fault", `"fault":"restrict",`, ``},
		{"policies", `["few"]`, `[]`},
		{"root", `["few"]`, `["root"]`},
		{"ttl", `"ttl":60000000000,`, ``},
		{"uses", `"num_uses":1`, `"num_uses":-1`},
		{"retention", `,"retention":10`, ``},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := withUser(t)
			mustLogin(t, m)
			body := fmt.Sprintf(`{"schema":1,"value":%s}`, strings.Replace(whole, test.from, test.to, 1))
			if err := m.Storage.Put(t.Context(), &logical.StorageEntry{Key: "risk/config/policy", Value: []byte(body)}); err != nil {
				t.Fatal(err)
			}
			from(m, home, phone)
			answer := login(m, "alice", "correct horse")
			checkRefused(t, answer)
			if record := decisionOf(t, m, answer.RequestID); !slices.Contains(record["faults"].([]any), any("config")) {
				t.Errorf("faults %v", record["faults"])
			}
			m.Delete("risk/config")
			from(m, home, laptop)
			mustLogin(t, m)
		})
	}
}

// Each write in turn fails during a first login, and all after it: there is a token, full
// only if the profile and the record were written, and the next login is a good one.
func TestEachWriteFailsAtLogin(t *testing.T) {
	for nth := 1; nth <= 3; nth++ {
		t.Run(fmt.Sprint("write ", nth), func(t *testing.T) {
			m := newMount(t, threatauth.Options{})
			m.MustWrite("users/alice", map[string]any{"password_hash": bcryptOf(t, "correct horse")})
			m.Storage.FailWrite(nth)
			answer := login(m, "alice", "correct horse")
			m.Storage.FailWhen(nil)
			if answer.Status != http.StatusOK || (answer.Response.Auth.Alias == nil) != (nth < 3) {
				t.Errorf("status %d, %v", answer.Status, answer.Response)
			}
			mustLogin(t, m)
			if auth := mustLogin(t, m); auth.Alias == nil {
				t.Error("the device was not learnt")
			}
		})
	}
}

// What another node changed is read again once Vault says so.
func TestInvalidate(t *testing.T) {
	m := withUser(t)
	mustLogin(t, m)
	other := newMount(t, threatauth.Options{})
	loadList(t, other)
	for key, body := range other.Storage.Snapshot() {
		if !strings.HasPrefix(key, "risk/feed/") {
			continue
		}
		if err := m.Storage.Put(t.Context(), &logical.StorageEntry{Key: key, Value: body}); err != nil {
			t.Fatal(err)
		}
		m.Backend().InvalidateKey(t.Context(), key)
	}
	from(m, listed, laptop)
	checkRefused(t, login(m, "alice", "correct horse"))
	for _, key := range []string{"risk/decision/right/x", "risk/device-key/1"} {
		m.Backend().InvalidateKey(t.Context(), key)
	}
	from(m, home, laptop)
	if auth := mustLogin(t, m); auth.Alias == nil {
		t.Error("the device is a new one now")
	}
}

func hashesOf0(m *backendtest.Mount) any { return m.Read("risk/status").Data["password_hashes"] }

// Each write in turn fails at each change of a user: the user is as before or as after.
func TestUserWritesAreWhole(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*backendtest.Mount) *backendtest.Answer
	}{
		{"create", func(m *backendtest.Mount) *backendtest.Answer {
			return m.Write("users/bob", map[string]any{"password": "b"})
		}},
		{"update", func(m *backendtest.Mount) *backendtest.Answer {
			return m.Write("users/alice", map[string]any{"password": "new", "token_policies": "x"})
		}},
		{"password", func(m *backendtest.Mount) *backendtest.Answer {
			return m.Write("users/alice/password", map[string]any{"password": "new"})
		}},
		{"policies", func(m *backendtest.Mount) *backendtest.Answer {
			return m.Write("users/alice/policies", map[string]any{"token_policies": "x"})
		}},
		{"delete", func(m *backendtest.Mount) *backendtest.Answer { return m.Delete("users/alice") }},
		{"block", func(m *backendtest.Mount) *backendtest.Answer { return m.Write("risk/block/alice", nil) }},
		{"config", func(m *backendtest.Mount) *backendtest.Answer {
			return m.Write("risk/config", map[string]any{"mode": "shadow"})
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := withUser(t)
			before := m.Storage.Snapshot()
			m.Storage.FailWrite(1)
			answer := test.change(m)
			m.Storage.FailWhen(nil)
			if answer.Status != http.StatusInternalServerError || strings.Contains(answer.Message, "injected") {
				t.Errorf("status %d %q, want 500 and no detail", answer.Status, answer.Message)
			}
			if after := m.Storage.Snapshot(); !maps.EqualFunc(before, after, slices.Equal) {
				t.Error("a failed write changed storage")
			}
			mustLogin(t, m)
			if answer := test.change(m); answer.Status >= 300 {
				t.Errorf("the second try: status %d %q", answer.Status, answer.Message)
			}
		})
	}
}

// Each write in turn fails while a feed is replaced or removed: logins see the old feed or
// the new one, at once and after a restart.
func TestFeedWritesAreWhole(t *testing.T) {
	big := strings.Repeat("# padding\n", 60_000) + "203.0.113.99\t9\n"
	for nth := 1; nth <= 5; nth++ {
		t.Run(fmt.Sprint("replace, write ", nth), func(t *testing.T) {
			m := withUser(t)
			loadList(t, m)
			m.Storage.FailWrite(nth)
			failed := m.Write("risk/feeds/ipsum", map[string]any{"content": big}).Status >= 500
			m.Storage.FailWhen(nil)
			if !failed && nth < 5 {
				t.Fatal("the write did not fail")
			}
			checkOneFeed(t, m, listed, "203.0.113.99")
			m.Restart()
			checkOneFeed(t, m, listed, "203.0.113.99")
		})
	}
	for nth := 1; nth <= 2; nth++ {
		t.Run(fmt.Sprint("remove, write ", nth), func(t *testing.T) {
			m := withUser(t)
			loadList(t, m)
			m.Storage.FailWrite(nth)
			m.Delete("risk/feeds/ipsum")
			m.Storage.FailWhen(nil)
			checkOneFeed(t, m, listed, home)
			if status := m.Delete("risk/feeds/ipsum").Status; status != 204 {
				t.Fatalf("the second try: status %d", status)
			}
			for key := range m.Storage.Snapshot() {
				if strings.HasPrefix(key, "risk/feed/") {
					t.Errorf("%s was left behind", key)
				}
			}
		})
	}
}

// checkOneFeed: exactly the feed with old or that with fresh is in use, and no fault.
func checkOneFeed(t *testing.T, m *backendtest.Mount, old, fresh string) {
	t.Helper()
	refused := map[string]bool{}
	for _, source := range []string{old, fresh} {
		from(m, source, laptop)
		answer := login(m, "alice", "correct horse")
		refused[source] = answer.Status == 400
		if answer.Status == 200 && answer.Response.Auth.Alias == nil {
			t.Errorf("from %s: restricted, so a fault", source)
		}
	}
	if refused[old] && refused[fresh] {
		t.Error("both feeds are in use")
	}
}
