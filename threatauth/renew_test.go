package threatauth_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend/backendtest"
)

func renew(t *testing.T, m *backendtest.Mount, auth *logical.Auth) *backendtest.Answer {
	m.Template.Connection = nil
	copied := *auth
	copied.TokenPolicies = append([]string{"default"}, auth.Policies...)
	request := logical.RenewAuthRequest("login/alice", &copied, nil)
	return m.Send(t.Context(), request)
}

func TestRenew(t *testing.T) {
	for _, test := range []struct {
		name, message string
		status        int
		change        func(*backendtest.Mount)
	}{
		{name: "unchanged", status: 200},
		{name: "other lifetime", status: 200, change: func(m *backendtest.Mount) {
			m.MustWrite("users/alice", map[string]any{"token_ttl": "30m", "token_max_ttl": "3h", "token_period": "10m"})
		}},
		{name: "user gone", status: 400, message: "no longer exists", change: func(m *backendtest.Mount) { m.Delete("users/alice") }},
		{name: "user blocked", status: 400, message: "blocked", change: func(m *backendtest.Mount) { m.MustWrite("risk/block/alice", nil) }},
		{name: "policies changed", status: 400, message: "policies have changed, not renewing", change: func(m *backendtest.Mount) {
			m.MustWrite("users/alice/policies", map[string]any{"token_policies": "other"})
		}},
		{name: "user unreadable", status: 500, change: func(m *backendtest.Mount) {
			m.Storage.FailWhen(func(_, key string) bool { return strings.HasPrefix(key, "user/") })
		}},
		{name: "block unreadable", status: 500, change: func(m *backendtest.Mount) {
			m.Storage.FailWhen(func(_, key string) bool { return strings.HasPrefix(key, "risk/block/") })
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := withUser(t)
			auth := mustLogin(t, m)
			if test.change != nil {
				test.change(m)
			}
			answer := renew(t, m, auth)
			if answer.Status != test.status || !strings.Contains(answer.Message, test.message) {
				t.Fatalf("status %d %q, want %d with %q", answer.Status, answer.Message, test.status, test.message)
			}
			if test.name == "other lifetime" {
				if a := answer.Response.Auth; a.TTL != 30*time.Minute || a.MaxTTL != 3*time.Hour || a.Period != 10*time.Minute {
					t.Errorf("renewed with %v, %v, %v", a.TTL, a.MaxTTL, a.Period)
				}
			}
		})
	}
}

func TestRestrictedTokenIsNotRenewed(t *testing.T) {
	m := withUser(t)
	mustLogin(t, m)
	from(m, home, phone)
	auth := login(m, "alice", "correct horse").Response.Auth
	if answer := renew(t, m, auth); answer.Status != http.StatusBadRequest {
		t.Errorf("status %d", answer.Status)
	}
}
