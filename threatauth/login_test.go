package threatauth_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/threatauth"
)

func TestFirstDeviceIsLearntAndAllowed(t *testing.T) {
	m := withUser(t)
	auth := mustLogin(t, m)
	if auth.Alias == nil || auth.Alias.Name != "alice" || auth.DisplayName != "alice" {
		t.Errorf("alias %v, display name %q, want alice", auth.Alias, auth.DisplayName)
	}
	if diff := cmp.Diff([]string{"dev"}, auth.Policies); diff != "" {
		t.Error(diff)
	}
	if keys := m.List("risk/devices/alice/").Data["keys"].([]any); len(keys) != 1 {
		t.Errorf("%d devices known after the first login, want 1", len(keys))
	}
	mustLogin(t, m)
}

func TestNewDeviceIsRestrictedAndTeachesNothing(t *testing.T) {
	m := withUser(t)
	mustLogin(t, m)
	from(m, home, phone)
	for range 2 {
		answer := login(m, "alice", "correct horse")
		checkRestricted(t, answer.Response.Auth, home+"/32")
		record := decisionOf(t, m, answer.RequestID)
		if record["decision"] != "restrict" || record["outcome"] != "restricted_token" {
			t.Errorf("recorded %v and %v", record["decision"], record["outcome"])
		}
		reason := record["reasons"].([]any)[0].(map[string]any)
		if reason["signal"] != "new_device" || !strings.Contains(reason["text"].(string), "is new") || reason["weight"].(float64) <= 0 {
			t.Errorf("first reason is %v", reason)
		}
	}
}

func checkRestricted(t *testing.T, auth *logical.Auth, bound string) {
	t.Helper()
	if auth == nil {
		t.Fatal("no token")
	}
	if auth.Alias != nil || auth.EntityID != "" {
		t.Error("a restricted token has an entity alias")
	}
	if !auth.NoDefaultPolicy || !cmp.Equal(auth.Policies, []string{"threatauth-restricted"}) {
		t.Errorf("policies %v, no default %v", auth.Policies, auth.NoDefaultPolicy)
	}
	if len(auth.BoundCIDRs) != 1 || !strings.HasPrefix(bound, auth.BoundCIDRs[0].String()) {
		t.Errorf("bound to %v, want %s", auth.BoundCIDRs, bound)
	}
	if auth.TTL.Minutes() != 5 || auth.MaxTTL != auth.TTL || auth.ExplicitMaxTTL != auth.TTL || auth.Renewable || auth.Period != 0 {
		t.Errorf("life %v, %v, %v, renewable %v", auth.TTL, auth.MaxTTL, auth.ExplicitMaxTTL, auth.Renewable)
	}
	if auth.TokenType != logical.TokenTypeService || auth.NumUses != 20 {
		t.Errorf("type %v, uses %d", auth.TokenType, auth.NumUses)
	}
}

func TestRestrictedTokenIgnoresTheUsersTokenParameters(t *testing.T) {
	m := withUser(t)
	m.MustWrite("users/alice", map[string]any{"token_type": "batch", "token_ttl": "2h"})
	m.MustWrite("users/alice", map[string]any{"token_type": "batch", "token_bound_cidrs": "2001:db8::/32,198.51.100.0/24"})
	mustLogin(t, m)
	from(m, "2001:db8::1", phone)
	checkRestricted(t, login(m, "alice", "correct horse").Response.Auth, "2001:db8::1/128")
}

func TestApprovedDeviceIsKnown(t *testing.T) {
	m := withUser(t)
	mustLogin(t, m)
	from(m, home, phone)
	answer := login(m, "alice", "correct horse")
	device := decisionOf(t, m, answer.RequestID)["device"].(string)
	m.MustWrite("risk/devices/alice/"+device, nil)
	if auth := mustLogin(t, m); auth.Alias == nil {
		t.Error("the token of an approved device is restricted")
	}
	if status := m.Delete("risk/devices/alice/" + device).Status; status != http.StatusNoContent {
		t.Fatalf("forgetting the device: status %d", status)
	}
	checkRestricted(t, login(m, "alice", "correct horse").Response.Auth, home+"/32")
	if status := m.Delete("risk/devices/alice/" + device).Status; status != http.StatusNotFound {
		t.Errorf("forgetting it twice: status %d, want 404", status)
	}
}

func TestListedSourceIsDenied(t *testing.T) {
	m := withUser(t)
	mustLogin(t, m)
	loadList(t, m)
	from(m, listed, laptop)
	answer := login(m, "alice", "correct horse")
	checkRefused(t, answer)
	record := decisionOf(t, m, answer.RequestID)
	if record["decision"] != "deny" || record["outcome"] != "refused_risk" || record["source"] != listed {
		t.Errorf("recorded %v, %v from %v", record["decision"], record["outcome"], record["source"])
	}
	reason := record["reasons"].([]any)[0].(map[string]any)
	if reason["signal"] != "ip_reputation" || reason["version"] != "ipsum 2026-08-22" {
		t.Errorf("first reason is %v", reason)
	}
	from(m, "192.0.2.200", laptop) // on too few lists
	mustLogin(t, m)
	from(m, "::ffff:"+listed, laptop)
	checkRefused(t, login(m, "alice", "correct horse"))
}

func TestFeedActions(t *testing.T) {
	for _, test := range []struct {
		name, actions, mode string
		status              int
		restricted          bool
		outcome             string
	}{
		{name: "one feed restricts", actions: "feed/ipsum=restrict", status: 200, restricted: true, outcome: "restricted_token"},
		{name: "one feed is ignored", actions: "feed/ipsum=ignore", status: 200, outcome: "token"},
		{name: "any feed restricts", actions: "feed=restrict", status: 200, restricted: true, outcome: "restricted_token"},
		{name: "another feed is ignored", actions: "feed/tor=ignore", status: 400, outcome: "refused_risk"},
		{name: "shadow", mode: "shadow", status: 200, outcome: "token"},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := withUser(t)
			loadList(t, m)
			config := map[string]any{}
			if test.actions != "" {
				config["actions"] = test.actions
			}
			if test.mode != "" {
				config["mode"] = test.mode
			}
			m.MustWrite("risk/config", config)
			from(m, listed, laptop)
			answer := login(m, "alice", "correct horse")
			if answer.Status != test.status {
				t.Fatalf("status %d, want %d", answer.Status, test.status)
			}
			if test.status == 200 && (answer.Response.Auth.Alias == nil) != test.restricted {
				t.Errorf("restricted is %v, want %v", !test.restricted, test.restricted)
			}
			if record := decisionOf(t, m, answer.RequestID); record["outcome"] != test.outcome {
				t.Errorf("outcome %v, want %s", record["outcome"], test.outcome)
			}
		})
	}
}

func TestShadowTeachesNothingThatEnforcementWouldNot(t *testing.T) {
	m := withUser(t)
	mustLogin(t, m)
	m.MustWrite("risk/config", map[string]any{"mode": "shadow"})
	from(m, home, phone)
	answer := login(m, "alice", "correct horse")
	if answer.Response.Auth.Alias == nil {
		t.Error("a decision acted in shadow mode")
	}
	if record := decisionOf(t, m, answer.RequestID); record["decision"] != "restrict" || record["mode"] != "shadow" {
		t.Errorf("recorded %v in mode %v", record["decision"], record["mode"])
	}
	if keys := m.List("risk/devices/alice/").Data["keys"].([]any); len(keys) != 1 {
		t.Errorf("%d devices known, want the first alone", len(keys))
	}
}

// Leaving the header out is no way around the signal, and no evidence against a principal of
// whom no device is known: there the mount may never have passed it on.
func TestNoUserAgent(t *testing.T) {
	m := withUser(t)
	from(m, home, "")
	answer := login(m, "alice", "correct horse")
	if answer.Response.Auth.Alias == nil {
		t.Error("a login without a User-Agent was restricted")
	}
	for _, reason := range decisionOf(t, m, answer.RequestID)["reasons"].([]any) {
		if r := reason.(map[string]any); r["signal"] == "new_device" && r["known"] != false {
			t.Errorf("new_device claims to know: %v", r)
		}
	}
	from(m, home, laptop)
	mustLogin(t, m)
	from(m, home, "")
	answer = login(m, "alice", "correct horse")
	checkRestricted(t, answer.Response.Auth, home+"/32")
	reason := decisionOf(t, m, answer.RequestID)["reasons"].([]any)[0].(map[string]any)
	if reason["signal"] != "new_device" || !strings.HasPrefix(reason["text"].(string), "no User-Agent") {
		t.Errorf("first reason is %v", reason)
	}
}

// No header may speak for the client's address, however it is spelt.
func TestForgedAddressHeadersChangeNothing(t *testing.T) {
	m := withUser(t)
	loadList(t, m)
	forge := func(address string) {
		for _, name := range []string{"X-Forwarded-For", "x-forwarded-for", "X-Real-Ip", "Forwarded", "Client-Ip", "True-Client-Ip", "Cf-Connecting-Ip"} {
			m.Template.Headers[name] = []string{address, "for=" + address}
		}
	}
	from(m, listed, laptop)
	forge(home)
	answer := login(m, "alice", "correct horse")
	checkRefused(t, answer)
	if record := decisionOf(t, m, answer.RequestID); record["source"] != listed {
		t.Errorf("recorded source %v, want %s", record["source"], listed)
	}
	from(m, home, laptop)
	forge(listed)
	mustLogin(t, m)
}

func TestUnknownSource(t *testing.T) {
	for _, test := range []struct {
		name       string
		connection *logical.Connection
	}{
		{"no connection", nil},
		{"unix socket", &logical.Connection{}},
		{"not an address", &logical.Connection{RemoteAddr: "@"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := withUser(t)
			loadList(t, m)
			m.Template.Connection = test.connection
			mustLogin(t, m)
			m.Template.Headers = map[string][]string{"User-Agent": {phone}}
			answer := login(m, "alice", "correct horse") // a token that cannot be bound
			checkRefused(t, answer)
			if record := decisionOf(t, m, answer.RequestID); record["decision"] != "deny" {
				t.Errorf("recorded %v", record["decision"])
			}
		})
	}
}

func TestAliasLookaheadHasNoSideEffects(t *testing.T) {
	m := withUser(t)
	before, counts := m.Storage.Snapshot(), m.Storage.Counts()
	answer := m.Do(t.Context(), logical.AliasLookaheadOperation, "login/ALICE", map[string]any{"password": "wrong"})
	if answer.Status != http.StatusOK || answer.Response.Auth.Alias.Name != "alice" {
		t.Fatalf("status %d, %v", answer.Status, answer.Response)
	}
	if diff := cmp.Diff(before, m.Storage.Snapshot()); diff != "" {
		t.Errorf("storage changed: %s", diff)
	}
	if diff := cmp.Diff(counts, m.Storage.Counts()); diff != "" {
		t.Errorf("storage was called: %s", diff)
	}
}

func TestCredentialOption(t *testing.T) {
	for name, ok := range map[string]bool{"": true, "userpass": true, "approle": false, "Userpass": false} {
		_, err := threatauth.Factory(t.Context(), &logical.BackendConfig{
			StorageView: &logical.InmemStorage{}, System: &logical.StaticSystemView{}, Config: map[string]string{"credential": name},
		})
		if (err == nil) != ok {
			t.Errorf("credential=%q: %v", name, err)
		}
	}
}
