package threatauth_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/palisade-vault/palisade/threatauth"
)

// Each storage call of a login fails in turn, of whatever kind: a login that should not get a
// full token gets none, under fault_action=deny no fault is answered with a token at all, and
// the next login is judged as if nothing had been.
func TestEachStorageCallFailsAtLogin(t *testing.T) {
	for _, test := range []struct {
		name, source, agent string
		outcome             string
	}{
		{"known device", home, laptop, "token"},
		{"new device", home, phone, "restricted_token"},
		{"listed source", listed, laptop, "refused_risk"},
		{"wrong password", home, laptop, "refused_credential"},
	} {
		for _, action := range []string{"restrict", "deny"} {
			t.Run(test.name+" "+action, func(t *testing.T) {
				calls := 0
				for nth := 1; ; nth++ {
					reached := failNth(t, nth, action, test.source, test.agent, test.outcome)
					if !reached {
						break
					}
					calls++
				}
				if calls < 5 {
					t.Errorf("a login made only %d storage calls", calls)
				}
			})
		}
	}
}

func failNth(t *testing.T, nth int, action, source, agent, outcome string) (reached bool) {
	t.Helper()
	m := newMount(t, threatauth.Options{})
	m.MustWrite("users/alice", map[string]any{"password_hash": bcryptOf(t, "correct horse")})
	m.MustWrite("risk/config", map[string]any{"fault_action": action})
	loadList(t, m)
	from(m, home, laptop)
	login(m, "alice", "correct horse")
	m.MustWrite("users/alice", map[string]any{"password_hash": bcryptOf(t, "correct horse")})
	m.Restart()
	from(m, source, agent)
	password := map[bool]string{true: "wrong", false: "correct horse"}[outcome == "refused_credential"]
	seen, failed := 0, ""
	m.Storage.FailWhen(func(operation, key string) bool {
		seen++
		if seen == nth {
			failed = operation + " " + key
		}
		return seen == nth
	})
	answer := login(m, "alice", password)
	m.Storage.FailWhen(nil)
	token := answer.Status == http.StatusOK
	full := token && answer.Response.Auth.Alias != nil
	if !slices.Contains([]int{200, 400, 500}, answer.Status) {
		t.Errorf("%s: status %d", failed, answer.Status)
	}
	if full && outcome != "token" || token && (outcome == "refused_credential" || action == "deny" && outcome == "refused_risk") {
		t.Errorf("%s fails: a token, full: %v", failed, full)
	}
	if again := decisionOf(t, m, login(m, "alice", password).RequestID); again["outcome"] != outcome {
		t.Errorf("after %s failed: outcome %v, want %s", failed, again["outcome"], outcome)
	}
	return failed != ""
}
