package threatauth_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend/backendtest"
)

// damage makes the stored text of a feed another one.
func damage(t *testing.T, m *backendtest.Mount, name string) {
	t.Helper()
	for key := range m.Storage.Snapshot() {
		if strings.HasPrefix(key, "risk/feed/chunk/"+name+"/") {
			if err := m.Storage.Put(t.Context(), &logical.StorageEntry{Key: key, Value: []byte("192.0.2.1\t5\n")}); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestCorruptedFeedIsAFault(t *testing.T) {
	m := withUser(t)
	loadList(t, m)
	damage(t, m, "ipsum")
	m.Restart()
	answer := login(m, "alice", "correct horse")
	checkRestricted(t, answer.Response.Auth, home+"/32")
	if record := decisionOf(t, m, answer.RequestID); !slices.Contains(record["faults"].([]any), any("feeds")) {
		t.Errorf("faults %v", record["faults"])
	}
	loadList(t, m)
	mustLogin(t, m)
}

// A feed with a fault hides none of the others, costs no reading at each login, and does not
// keep others from being written.
func TestDamagedFeedHidesNoOther(t *testing.T) {
	m := withUser(t)
	loadList(t, m)
	m.MustWrite("risk/feeds/other", map[string]any{"content": "203.0.113.77\t5\n"})
	damage(t, m, "other")
	m.Restart()
	from(m, listed, laptop)
	answer := login(m, "alice", "correct horse")
	checkRefused(t, answer)
	if again := measure(t, m, "nobody", "x").calls["get risk/feed/chunk/other/1/"]; again != 0 {
		t.Errorf("a login reads the damaged feed again, with %d calls", again)
	}
	m.MustWrite("risk/feeds/third", map[string]any{"content": "203.0.113.78\t5\n"})
	from(m, "203.0.113.78", laptop)
	checkRefused(t, login(m, "alice", "correct horse"))
	m.Storage.FailWhen(func(operation, key string) bool {
		return operation == "get" && strings.HasPrefix(key, "risk/feed/chunk/third/")
	})
	m.Restart()
	from(m, listed, laptop)
	checkRefused(t, login(m, "alice", "correct horse"))
	m.Storage.FailWhen(nil)
	from(m, "203.0.113.78", laptop)
	checkRefused(t, login(m, "alice", "correct horse")) // what could not be read is read again
}

// loginStorage logs in whenever a piece of a feed is written, and tells how that went.
type loginStorage struct {
	logical.Storage
	login func() bool
	done  chan bool
}

func (s loginStorage) Put(ctx context.Context, entry *logical.StorageEntry) error {
	if strings.HasPrefix(entry.Key, "risk/feed/chunk/") {
		go func() { s.done <- s.login() }()
		select {
		case ok := <-s.done:
			s.done <- ok
		case <-time.After(10 * time.Second):
		}
	}
	return s.Storage.Put(ctx, entry)
}

// A slow write of a feed keeps nobody waiting: logins see the old feed until it is done.
func TestLoginsDoNotWaitForAFeed(t *testing.T) {
	m := withUser(t)
	loadList(t, m)
	from(m, listed, laptop)
	request := m.Template
	request.ID, request.Operation, request.Path = "feed", logical.UpdateOperation, "risk/feeds/ipsum"
	request.Data = map[string]any{"content": "203.0.113.99\t9\n"}
	done := make(chan bool, 1)
	request.Storage = loginStorage{m.Storage, func() bool { return login(m, "alice", "correct horse").Status == 400 }, done}
	if response, err := m.Backend().HandleRequest(t.Context(), &request); err != nil || response.IsError() {
		t.Fatal(response, err)
	}
	select {
	case refused := <-done:
		if !refused {
			t.Error("the old feed was not in use while the new one was written")
		}
	default:
		t.Error("a login waited for the feed to be written")
		<-done
	}
}
