package threatauth_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend/backendtest"
)

// work is what one login cost until its answer: password hashes, and storage calls by kind
// and by the entry's prefix.
type work struct {
	hashes  float64
	calls   map[string]int
	status  int
	message string
}

// ledger notes the storage calls that are made within a request; those of the queue's
// worker carry no request's context.
type ledger struct {
	mu    sync.Mutex
	calls map[string]int
}

type withinRequest struct{}

// ledgerStorage passes calls on and notes those of a request.
type ledgerStorage struct {
	logical.Storage
	*ledger
}

func (l *ledger) note(ctx context.Context, kind, key string) {
	if ctx.Value(withinRequest{}) == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls[kind+" "+key[:strings.LastIndex(key, "/")+1]]++
}

func (s ledgerStorage) Get(ctx context.Context, key string) (*logical.StorageEntry, error) {
	s.note(ctx, "get", key)
	return s.Storage.Get(ctx, key)
}

func (s ledgerStorage) Put(ctx context.Context, entry *logical.StorageEntry) error {
	s.note(ctx, "put", entry.Key)
	return s.Storage.Put(ctx, entry)
}

func (s ledgerStorage) List(ctx context.Context, prefix string) ([]string, error) {
	s.note(ctx, "list", prefix)
	return s.Storage.List(ctx, prefix)
}

func (s ledgerStorage) Delete(ctx context.Context, key string) error {
	s.note(ctx, "delete", key)
	return s.Storage.Delete(ctx, key)
}

func measure(t *testing.T, m *backendtest.Mount, name, password string) work {
	t.Helper()
	book := &ledger{calls: map[string]int{}}
	request := m.Template
	request.ID = "measured"
	request.Operation, request.Path = logical.UpdateOperation, "login/"+name
	request.Data = map[string]any{"password": password}
	request.Storage = ledgerStorage{m.Storage, book}
	before := hashesOf(m)
	response, err := m.Backend().HandleRequest(context.WithValue(t.Context(), withinRequest{}, true), &request)
	status, failure := logical.RespondErrorCommon(&request, response, err)
	w := work{hashes: hashesOf(m) - before, calls: book.calls, status: status}
	if failure != nil {
		w.message = failure.Error()
	}
	return w
}

func hashesOf(m *backendtest.Mount) float64 {
	return m.MustRead("risk/status").Data["password_hashes"].(float64)
}

// All refusals are one: the same status, text, number of hashes and storage calls before
// the answer, none of them a write.
func TestRefusalsCostTheSame(t *testing.T) {
	m := withUser(t)
	loadList(t, m)
	m.MustWrite("users/blocked", map[string]any{"password": "correct horse"})
	m.MustWrite("risk/block/blocked", map[string]any{"reason": "left"})
	m.MustWrite("users/imported", map[string]any{"password_hash": bcryptOf(t, "correct horse")})
	m.MustWrite("users/bound", map[string]any{"password": "correct horse", "token_bound_cidrs": "192.0.2.1/32"})
	mustLogin(t, m)
	drain(t, m)
	// The feeds are read from storage at the first login, and the first check of an imported
	// hash makes all later ones do its work too.
	login(m, "imported", "wrong")
	want := measure(t, m, "nobody", "correct horse")
	if want.hashes != 2 || want.status != 400 || want.message != "invalid username or password" {
		t.Fatalf("an unknown user: %d hashes, status %d %q", int(want.hashes), want.status, want.message)
	}
	for call := range want.calls {
		if !strings.HasPrefix(call, "get ") {
			t.Errorf("an unknown user costs %q", call)
		}
	}
	for _, test := range []struct{ name, user, password, source string }{
		{"wrong password", "alice", "wrong", home},
		{"blocked", "blocked", "correct horse", home},
		{"blocked and wrong", "blocked", "wrong", home},
		{"denied by risk", "alice", "correct horse", listed},
		{"denied by risk and wrong", "alice", "wrong", listed},
		{"unknown and listed", "nobody", "wrong", listed},
		{"imported hash, denied by risk", "imported", "correct horse", listed},
		{"imported hash, wrong", "imported", "wrong", home},
		{"outside its bound networks", "bound", "correct horse", home},
	} {
		t.Run(test.name, func(t *testing.T) {
			from(m, test.source, laptop)
			got := measure(t, m, test.user, test.password)
			if diff := cmp.Diff(want, got, cmp.AllowUnexported(work{})); diff != "" {
				t.Errorf("differs from an unknown user: %s", diff)
			}
		})
	}
}

func TestEarlyRefusalsHashNothing(t *testing.T) {
	m := withUser(t)
	before := hashesOf(m)
	for _, test := range []struct{ name, user, password, message string }{
		{"password of 1 MiB", "alice", strings.Repeat("x", 1<<20), "invalid username or password"},
		{"password of 1 MiB of nobody", "nobody", strings.Repeat("x", 1<<20), "invalid username or password"},
		{"name of 1 MiB", strings.Repeat("x", 1<<20), "x", "invalid username or password"},
		{"empty password", "alice", "", "invalid username or password"},
		{"empty password of nobody", "nobody", "", "invalid username or password"},
	} {
		answer := login(m, test.user, test.password)
		if answer.Status != 400 || answer.Message != test.message {
			t.Errorf("%s: status %d %q", test.name, answer.Status, answer.Message)
		}
	}
	for _, value := range []any{map[string]any{"a": 1}, []any{"a", "b"}} {
		if answer := m.Write("login/alice", map[string]any{"password": value}); answer.Status != 400 {
			t.Errorf("password %v: status %d", value, answer.Status)
		}
	}
	if got := hashesOf(m); got != before {
		t.Errorf("%v hashes were computed", got-before)
	}
	drain(t, m)
	for _, entry := range m.Storage.Snapshot() {
		if len(entry) > 4096 {
			t.Error("a huge name or password went into storage")
		}
	}
}

func TestRefusedLoginsAreRecorded(t *testing.T) {
	m := withUser(t)
	m.MustWrite("risk/block/alice", nil)
	for _, test := range []struct{ user, password, outcome, refusal string }{
		{"nobody", "x", "refused_credential", "unknown user"},
		{"alice", "x", "refused_credential", "wrong password"},
		{"alice", "correct horse", "refused_blocked", ""},
	} {
		record := decisionOf(t, m, login(m, test.user, test.password).RequestID)
		if record["principal"] != test.user || record["outcome"] != test.outcome || record["refusal"] != test.refusal {
			t.Errorf("recorded %v, %v, %v; want %v", record["principal"], record["outcome"], record["refusal"], test)
		}
	}
	list := m.List("risk/decisions/")
	keys := list.Data["keys"].([]any)
	if len(keys) != 3 || len(list.Data["key_info"].(map[string]any)) != 3 {
		t.Fatalf("list: %v", list.Data)
	}
	newest := list.Data["key_info"].(map[string]any)[keys[0].(string)].(map[string]any)
	if newest["outcome"] != "refused_blocked" {
		t.Errorf("the newest comes as %v", newest)
	}
}

func TestBlock(t *testing.T) {
	m := withUser(t)
	m.MustWrite("risk/block/ALICE", map[string]any{"reason": "stolen laptop"})
	checkRefused(t, login(m, "alice", "correct horse"))
	if data := m.MustRead("risk/block/alice").Data; data["reason"] != "stolen laptop" {
		t.Errorf("read %v", data)
	}
	if diff := cmp.Diff([]any{"alice"}, m.List("risk/block/").Data["keys"]); diff != "" {
		t.Error(diff)
	}
	if status := m.Delete("risk/block/alice").Status; status != 204 {
		t.Fatalf("status %d", status)
	}
	mustLogin(t, m)
	if status := m.Read("risk/block/alice").Status; status != 404 {
		t.Errorf("status %d", status)
	}
	if status := m.Write("risk/block/alice", map[string]any{"reason": strings.Repeat("x", 2000)}).Status; status != 400 {
		t.Errorf("long reason: status %d", status)
	}
}
