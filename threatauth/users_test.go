package threatauth_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/vault/sdk/logical"
	"golang.org/x/crypto/bcrypt"

	"github.com/palisade-vault/palisade/threatauth"
)

func bcryptOf(t *testing.T, password string) string {
	t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	return string(hash)
}

func TestUserLifecycle(t *testing.T) {
	m := newMount(t, threatauth.Options{})
	if status := m.List("users/").Status; status != http.StatusNotFound {
		t.Errorf("empty list: status %d, want 404", status)
	}
	m.MustWrite("users/Bob", map[string]any{"password": "pw", "policies": "a,b", "ttl": 60, "token_bound_cidrs": []any{"10.0.0.0/8"}})
	if diff := cmp.Diff([]any{"bob"}, m.List("users/").Data["keys"]); diff != "" {
		t.Error(diff)
	}
	want := map[string]any{
		"token_policies": []any{"a", "b"}, "policies": []any{"a", "b"}, "ttl": float64(60), "token_ttl": float64(60),
		"token_bound_cidrs": []any{"10.0.0.0/8"}, "token_explicit_max_ttl": float64(0), "token_max_ttl": float64(0),
		"token_no_default_policy": false, "token_num_uses": float64(0), "token_period": float64(0),
		"token_type": "default", "alias_metadata": map[string]any{},
	}
	if diff := cmp.Diff(want, m.MustRead("users/BOB").Data); diff != "" {
		t.Error(diff)
	}
	m.MustWrite("users/bob/policies", map[string]any{"token_policies": "c"})
	if diff := cmp.Diff([]any{"c"}, m.MustRead("users/bob").Data["token_policies"]); diff != "" {
		t.Error(diff)
	}
	m.MustWrite("users/BOB/password", map[string]any{"password": "other"})
	m.MustWrite("users/bob", map[string]any{"token_bound_cidrs": ""})
	if status := login(m, "bob", "pw").Status; status != http.StatusBadRequest {
		t.Errorf("the old password: status %d", status)
	}
	if status := login(m, "bOb", "other").Status; status != http.StatusOK {
		t.Errorf("the new password: status %d", status)
	}
	if status := m.Delete("users/Bob").Status; status != http.StatusNoContent {
		t.Errorf("delete: status %d", status)
	}
	if status := m.Read("users/bob").Status; status != http.StatusNotFound {
		t.Errorf("read after delete: status %d", status)
	}
}

func TestBadUserWrites(t *testing.T) {
	valid := bcryptOf(t, "x")
	for _, test := range []struct {
		name, path string
		data       map[string]any
		message    string
	}{
		{name: "no password at create", path: "users/new", data: nil, message: `"password" or "password_hash" must be supplied`},
		{name: "empty password at create", path: "users/new", data: map[string]any{"password": ""}, message: `"password" or "password_hash" must be supplied`},
		{name: "both", path: "users/new", data: map[string]any{"password": "x", "password_hash": valid}, message: "cannot be supplied together"},
		{name: "short hash", path: "users/new", data: map[string]any{"password_hash": "$2a$10$x"}, message: "password hash has incorrect length"},
		{name: "foreign hash", path: "users/new", data: map[string]any{"password_hash": strings.Repeat("a", 60)}, message: "password hash has incorrect prefix"},
		{name: "garbage behind the prefix", path: "users/new", data: map[string]any{"password_hash": "$2a$xx$" + strings.Repeat("a", 53)}, message: "not a bcrypt hash"},
		{name: "odd characters in the hash", path: "users/new", data: map[string]any{"password_hash": "$2a$10$" + strings.Repeat("!", 53)}, message: "not a bcrypt hash"},
		{name: "a hash that takes days", path: "users/new", data: map[string]any{"password_hash": "$2a$31$" + valid[7:]}, message: "the limit is 16"},
		{name: "password of 1 MiB", path: "users/new", data: map[string]any{"password": strings.Repeat("x", 1<<20)}, message: "password is longer than 4096 bytes"},
		{name: "name of 1 MiB", path: "users/" + strings.Repeat("x", 1<<20), data: map[string]any{"password": "x"}, message: "username must have 1 to 256 bytes"},
		{name: "object for a password", path: "users/new", data: map[string]any{"password": map[string]any{"a": 1}}, message: "password"},
		{name: "list for a password", path: "users/new", data: map[string]any{"password": []any{"a"}}, message: "password"},
		{name: "text for a duration", path: "users/new", data: map[string]any{"password": "x", "token_ttl": "soon"}, message: "token_ttl"},
		{name: "negative duration", path: "users/new", data: map[string]any{"password": "x", "token_period": -1}, message: "negative"},
		{name: "ttl over max", path: "users/new", data: map[string]any{"password": "x", "token_ttl": 9, "token_max_ttl": 8}, message: "cannot be greater"},
		{name: "bad cidr", path: "users/new", data: map[string]any{"password": "x", "token_bound_cidrs": "here"}, message: ""},
		{name: "cidr that passes for a unix socket", path: "users/alice", data: map[string]any{"token_bound_cidrs": "10.0.0.0/8,10.0.0.0/33"}, message: "token_bound_cidrs: not an IP address"},
		{name: "deprecated cidr that passes for a unix socket", path: "users/new", data: map[string]any{"password": "x", "bound_cidrs": []any{"/run/x"}}, message: "bound_cidrs: not an IP address"},
		{name: "bad deprecated cidr", path: "users/new", data: map[string]any{"password": "x", "bound_cidrs": "here"}, message: ""},
		{name: "bad token type", path: "users/new", data: map[string]any{"password": "x", "token_type": "eternal"}, message: "token_type"},
		{name: "periodic batch", path: "users/new", data: map[string]any{"password": "x", "token_type": "batch", "token_period": 5}, message: "batch"},
		{name: "password of nobody", path: "users/new/password", data: map[string]any{"password": "x"}, message: "username does not exist"},
		{name: "no new password", path: "users/alice/password", data: nil, message: `"password" or "password_hash" must be supplied`},
		{name: "policies of nobody", path: "users/new/policies", data: map[string]any{"token_policies": "x"}, message: "username does not exist"},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := withUser(t)
			before := m.Storage.Snapshot()
			answer := m.Write(test.path, test.data)
			if answer.Status != http.StatusBadRequest || !strings.Contains(answer.Message, test.message) {
				t.Errorf("status %d %q, want 400 with %q", answer.Status, answer.Message, test.message)
			}
			if diff := cmp.Diff(before, m.Storage.Snapshot()); diff != "" {
				t.Errorf("storage changed: %s", diff)
			}
		})
	}
}

func TestOddNamesReachNoUser(t *testing.T) {
	m := withUser(t)
	for _, name := range []string{"", "al ice", "alice/", "../alice", "alice%00", "älice", "alice\n", "-alice", "alice."} {
		if status := login(m, name, "correct horse").Status; status < 400 || status >= 500 {
			t.Errorf("login as %q: status %d", name, status)
		}
	}
	if status := login(m, "ALICE", "correct horse").Status; status != http.StatusOK {
		t.Errorf("upper case: status %d", status)
	}
}

// Vault's storage refuses a key with "..": such a name is the client's fault, not ours.
func TestClimbingNames(t *testing.T) {
	m := withUser(t)
	m.Storage.FailWhen(func(_, key string) bool { return strings.Contains(key, "..") })
	checkRefused(t, login(m, "a..b", "correct horse"))
	for _, path := range []string{"users/a..b", "users/a..b/password", "users/a..b/policies", "risk/block/a..b", "risk/feeds/a..b", "risk/devices/a..b/" + strings.Repeat("a", 32)} {
		if answer := m.Write(path, map[string]any{"password": "x", "content": "203.0.113.1\t5\n"}); answer.Status != http.StatusBadRequest {
			t.Errorf("write %s: status %d %q", path, answer.Status, answer.Message)
		}
	}
	for _, path := range []string{"users/a..b", "risk/block/a..b", "risk/feeds/a..b"} {
		if status := m.Read(path).Status; status != http.StatusBadRequest {
			t.Errorf("read %s: status %d", path, status)
		}
	}
	if status := m.Read("risk/decisions/a..b").Status; status != http.StatusNotFound {
		t.Errorf("read a decision: status %d", status)
	}
	if logs := m.Logs.String(); strings.Contains(logs, "request failed") {
		t.Errorf("logged as a fault of ours: %s", logs)
	}
}

// Imported bcrypt hashes of every prefix work and become Argon2id at the next good login.
func TestBcryptImport(t *testing.T) {
	for _, prefix := range []string{"$2a$", "$2b$", "$2y$"} {
		t.Run(prefix, func(t *testing.T) {
			m := newMount(t, threatauth.Options{})
			m.MustWrite("users/carol", map[string]any{"password_hash": prefix + bcryptOf(t, "pw")[4:]})
			checkRefused(t, login(m, "carol", "wrong"))
			if entry := string(m.Storage.Snapshot()["user/carol"]); !strings.Contains(entry, "PasswordHash\":\"JDJ") {
				t.Fatalf("a wrong password changed the hash: %s", entry)
			}
			for range 2 {
				if status := login(m, "carol", "pw").Status; status != http.StatusOK {
					t.Fatalf("status %d", status)
				}
			}
			if entry := string(m.Storage.Snapshot()["user/carol"]); !strings.Contains(entry, "PasswordHash\":\"JGFyZ29uMmlk") {
				t.Errorf("the hash is not Argon2id: %s", entry)
			}
		})
	}
}

// What bcrypt never looked at may not become part of the password.
func TestLongBcryptPasswordIsNotUpgraded(t *testing.T) {
	m := newMount(t, threatauth.Options{})
	m.MustWrite("users/carol", map[string]any{"password_hash": bcryptOf(t, strings.Repeat("x", 72))})
	for _, tail := range []string{"", "y", "z"} {
		if status := login(m, "carol", strings.Repeat("x", 72)+tail+tail).Status; status != http.StatusOK {
			t.Fatalf("with tail %q: status %d", tail, status)
		}
		if tail == "" {
			m.MustWrite("users/carol/password", map[string]any{"password_hash": bcryptOf(t, strings.Repeat("x", 72))})
		}
	}
}

// Whoever gets a deleted user's name is somebody else.
func TestDeletionForgetsTheDevices(t *testing.T) {
	m := withUser(t)
	mustLogin(t, m)
	m.Storage.FailWrite(2)
	if status := m.Delete("users/alice").Status; status != http.StatusInternalServerError {
		t.Fatalf("half a deletion: status %d", status)
	}
	m.Storage.FailWhen(nil)
	if status := m.Delete("users/alice").Status; status != http.StatusNoContent {
		t.Fatalf("the second try: status %d", status)
	}
	m.MustWrite("users/alice", map[string]any{"password": "correct horse"})
	from(m, home, phone)
	if auth := mustLogin(t, m); auth.Alias == nil {
		t.Error("the new alice has the old one's devices")
	}
}

// An entry as Vault's own method writes it logs in here.
func TestBuiltinEntryIsRead(t *testing.T) {
	m := newMount(t, threatauth.Options{})
	body := testdata(t, "testdata/builtin-user.json")
	if err := m.Storage.Put(t.Context(), &logical.StorageEntry{Key: "user/dave", Value: []byte(body)}); err != nil {
		t.Fatal(err)
	}
	answer := login(m, "dave", "builtin password")
	if answer.Status != http.StatusOK {
		t.Fatalf("status %d: %s", answer.Status, answer.Message)
	}
	if diff := cmp.Diff([]string{"old"}, answer.Response.Auth.Policies); diff != "" {
		t.Error(diff)
	}
	if auth := answer.Response.Auth; auth.TTL.Seconds() != 90 {
		t.Errorf("ttl %v, want the deprecated 90 s", auth.TTL)
	}
}

func TestNothingSecretIsShownOrLogged(t *testing.T) {
	m := withUser(t)
	m.Storage.FailWrite(1)
	m.Write("users/alice/password", map[string]any{"password": "s3cret-pass"})
	m.Write("users/eve", map[string]any{"password": "s3cret-pass"})
	m.Storage.FailWhen(nil)
	login(m, "alice", "s3cret-pass")
	for _, text := range []string{m.Logs.String(), cmp.Diff(nil, m.MustRead("users/alice").Data)} {
		for _, secret := range []string{"s3cret-pass", "argon2id", "JGFyZ29u", "PasswordHash"} {
			if strings.Contains(text, secret) {
				t.Errorf("%q is in %q", secret, text)
			}
		}
	}
}
