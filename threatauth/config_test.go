package threatauth_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/palisade-vault/palisade/threatauth"
)

func TestConfig(t *testing.T) {
	m := newMount(t, threatauth.Options{})
	defaults := map[string]any{
		"mode": "enforce", "actions": []any{"feed=deny", "new_device=restrict"}, "fault_action": "restrict",
		"restricted_policies": []any{"threatauth-restricted"}, "restricted_ttl": float64(300), "restricted_num_uses": float64(20),
		"decisions_to_keep": float64(10000),
	}
	if diff := cmp.Diff(defaults, m.MustRead("risk/config").Data); diff != "" {
		t.Error(diff)
	}
	m.MustWrite("risk/config", map[string]any{"actions": "feed/tor=restrict,new_device=deny"})
	m.MustWrite("risk/config", map[string]any{
		"mode": "shadow", "restricted_policies": "A,default", "restricted_ttl": "1m", "restricted_num_uses": 0,
		"fault_action": "deny", "decisions_to_keep": 7,
	})
	want := map[string]any{
		"mode": "shadow", "actions": []any{"feed=deny", "feed/tor=restrict", "new_device=deny"}, "fault_action": "deny",
		"restricted_policies": []any{"a", "default"}, "restricted_ttl": float64(60), "restricted_num_uses": float64(0),
		"decisions_to_keep": float64(7),
	}
	if diff := cmp.Diff(want, m.MustRead("risk/config").Data); diff != "" {
		t.Error(diff)
	}
	m.Delete("risk/config")
	if diff := cmp.Diff(defaults, m.MustRead("risk/config").Data); diff != "" {
		t.Error(diff)
	}
}

func TestBadConfig(t *testing.T) {
	for field, values := range map[string][]any{
		"mode":                {"", "off", 7},
		"actions":             {"feed", "feed=", "feed=maybe", "tor=deny", "feed/=deny", "=deny", "fed/ipsum=deny", "feed=deny,feed=allow", []any{map[string]any{}}},
		"fault_action":        {"", "panic"},
		"restricted_policies": {"", "root", "a,root", []any{}},
		"restricted_ttl":      {0, "2h", "soon", -1},
		"restricted_num_uses": {-1, 1 << 40, "many"},
		"decisions_to_keep":   {0, -5, 1 << 30},
	} {
		for _, value := range values {
			t.Run(fmt.Sprint(field, "=", value), func(t *testing.T) {
				m := newMount(t, threatauth.Options{})
				before := m.Storage.Snapshot()
				if answer := m.Write("risk/config", map[string]any{field: value}); answer.Status != http.StatusBadRequest {
					t.Errorf("status %d %q", answer.Status, answer.Message)
				}
				if diff := cmp.Diff(before, m.Storage.Snapshot()); diff != "" {
					t.Errorf("storage changed: %s", diff)
				}
			})
		}
	}
}

func TestRetention(t *testing.T) {
	m := withUser(t)
	m.MustWrite("risk/config", map[string]any{"decisions_to_keep": 3})
	right := mustLoginID(t, m)
	for range 8 {
		login(m, "alice", "wrong")
	}
	drain(t, m)
	keys := m.List("risk/decisions/").Data["keys"].([]any)
	if len(keys) != 4 {
		t.Errorf("%d decisions are kept, want 3 of wrong credentials and the one of the right", len(keys))
	}
	if status := m.Read("risk/decisions/" + right).Status; status != http.StatusOK {
		t.Errorf("a flood of guesses drove out the good login: status %d", status)
	}
	if status := m.Read("risk/decisions/unknown").Status; status != http.StatusNotFound {
		t.Errorf("unknown id: status %d", status)
	}
}

func TestFeedPaths(t *testing.T) {
	m := newMount(t, threatauth.Options{})
	content := testdata(t, "intel/testdata/ipsum-level3.txt")
	answer := m.MustWrite("risk/feeds/ipsum", map[string]any{"content": content, "format": "iplist", "version": "2026-08-22", "source": "levels/3.txt"})
	if answer.Data["entries"] != float64(14217) || answer.Data["bytes"] != float64(len(content)) {
		t.Errorf("loaded %v", answer.Data)
	}
	if diff := cmp.Diff(answer.Data, m.MustRead("risk/feeds/ipsum").Data); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]any{"ipsum"}, m.List("risk/feeds/").Data["keys"]); diff != "" {
		t.Error(diff)
	}
	m.MustWrite("users/alice", map[string]any{"password": "correct horse"})
	m.Restart()
	from(m, "77.90.185.20", laptop)
	checkRefused(t, login(m, "alice", "correct horse"))
	m.Delete("risk/feeds/ipsum")
	mustLogin(t, m)
	if status := m.Read("risk/feeds/ipsum").Status; status != http.StatusNotFound {
		t.Errorf("read after delete: status %d", status)
	}
}

func TestBadFeeds(t *testing.T) {
	for _, test := range []struct {
		name    string
		data    map[string]any
		message string
	}{
		{"no content", map[string]any{}, "content is missing"},
		{"HTML", map[string]any{"content": "<!DOCTYPE html>\n<html>"}, "line 1"},
		{"comments alone", map[string]any{"content": "# nothing\n"}, "no entries"},
		{"private addresses alone", map[string]any{"content": "10.0.0.1\t5\n127.0.0.1\t9\n"}, "none of the feed's 2 entries"},
		{"all below the level", map[string]any{"content": "203.0.113.1\t2\n"}, "level 3"},
		{"unknown format", map[string]any{"content": "x", "format": "csv"}, "format must be one of"},
		{"over 1 MiB", map[string]any{"content": strings.Repeat("# x\n", 300_000)}, "the limit is"},
		{"bad count", map[string]any{"content": "203.0.113.1\t5\n", "min_count": -1}, "min_count"},
		{"content of a wrong type", map[string]any{"content": []any{1}}, ""},
		{"long version", map[string]any{"content": "203.0.113.1\t5\n", "version": strings.Repeat("x", 2000)}, "version is longer"},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := newMount(t, threatauth.Options{})
			loadList(t, m)
			before := m.Storage.Snapshot()
			answer := m.Write("risk/feeds/ipsum", test.data)
			if answer.Status != http.StatusBadRequest || !strings.Contains(answer.Message, test.message) {
				t.Errorf("status %d %q, want 400 with %q", answer.Status, answer.Message, test.message)
			}
			if diff := cmp.Diff(before, m.Storage.Snapshot()); diff != "" {
				t.Errorf("storage changed: %s", diff)
			}
		})
	}
}

func TestBadDevices(t *testing.T) {
	m := withUser(t)
	for path, status := range map[string]int{
		"risk/devices/alice/abc":                                  400,
		"risk/devices/alice/" + strings.Repeat("a", 64):           400,
		"risk/devices/nobody/" + strings.Repeat("a", 32):          400,
		"risk/devices/" + strings.Repeat("a", 300) + "/" + "aaaa": 400,
	} {
		if got := m.Write(path, nil).Status; got != status {
			t.Errorf("%s: status %d, want %d", path, got, status)
		}
	}
	if status := m.List("risk/devices/nobody/").Status; status != http.StatusNotFound {
		t.Errorf("devices of nobody: status %d", status)
	}
}

// Every path says what it is for, and every operation what it answers.
func TestEveryPathIsDescribed(t *testing.T) {
	b := newBackendForPaths(t)
	if len(b.Paths) < 10 {
		t.Fatalf("only %d paths", len(b.Paths))
	}
	for _, path := range b.Paths {
		if path.HelpSynopsis == "" || path.HelpDescription == "" {
			t.Errorf("%s has no help", path.Pattern)
		}
		for name, field := range path.Fields {
			if field.Description == "" {
				t.Errorf("%s: field %s has no description", path.Pattern, name)
			}
		}
		for operation, handler := range path.Operations {
			if p := handler.Properties(); p.Summary == "" || len(p.Responses) == 0 {
				t.Errorf("%s %s has no summary or no responses", operation, path.Pattern)
			}
		}
	}
}
