package decision_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/vault/sdk/logical"
	"go.uber.org/goleak"

	"github.com/palisade-vault/palisade/threatauth/decision"
)

func TestMain(m *testing.M) {
	// A package of the sdk's starts this one when it is imported.
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("go.opencensus.io/stats/view.(*worker).start"))
}

type quiet struct{}

func (quiet) Logger() hclog.Logger { return hclog.NewNullLogger() }

// gate is storage whose puts wait until it is opened, fail while broken is set, and count.
type gate struct {
	logical.InmemStorage
	open chan struct{}

	mu     sync.Mutex
	broken bool
	panics bool
}

func newGate(open bool) *gate {
	g := &gate{open: make(chan struct{})}
	if open {
		close(g.open)
	}
	return g
}

func (g *gate) Put(ctx context.Context, entry *logical.StorageEntry) error {
	select {
	case <-g.open:
	case <-ctx.Done():
		return ctx.Err()
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.panics {
		g.panics = false
		panic("storage")
	}
	if g.broken {
		return errors.New("broken")
	}
	return g.InmemStorage.Put(ctx, entry)
}

func record(n int, outcome decision.Outcome) *decision.Record {
	return &decision.Record{ID: fmt.Sprintf("id-%d", n), Time: time.Unix(int64(1000+n), 0), Outcome: outcome}
}

func TestWriteListGet(t *testing.T) {
	storage := newGate(true)
	l := decision.NewLog(quiet{})
	for n := range 3 {
		if err := l.Write(t.Context(), storage, record(n, decision.Token)); err != nil {
			t.Fatal(err)
		}
	}
	l.Queue(storage, record(3, decision.RefusedCredential))
	l.Close()
	for _, log := range []*decision.Log{l, decision.NewLog(quiet{})} { // as it is, and after a restart
		ids, err := log.List(t.Context(), storage)
		if diff := cmp.Diff([]string{"id-3", "id-2", "id-1", "id-0"}, ids); diff != "" || err != nil {
			t.Errorf("%v %s", err, diff)
		}
		got, err := log.Get(t.Context(), storage, "id-3")
		if err != nil || got == nil || got.Outcome != decision.RefusedCredential {
			t.Errorf("%v, %v", got, err)
		}
		if got, err := log.Get(t.Context(), storage, "id-9"); got != nil || err != nil {
			t.Errorf("an unknown id: %v, %v", got, err)
		}
	}
}

// A queue that is full drops and counts; what it took is written, at Close at the latest.
func TestQueueIsBounded(t *testing.T) {
	storage := newGate(false)
	l := decision.NewLog(quiet{})
	l.SetRetention(100_000)
	const sent = 3000
	for n := range sent {
		l.Queue(storage, record(n, decision.RefusedCredential))
	}
	status := l.Status()
	if status.Dropped < sent-1024-1 || status.Queued == 0 {
		t.Errorf("%+v", status)
	}
	close(storage.open)
	l.Close()
	ids, err := l.List(t.Context(), storage)
	if err != nil || uint64(len(ids))+l.Status().Dropped != sent {
		t.Errorf("%d written and %d dropped of %d, %v", len(ids), l.Status().Dropped, sent, err)
	}
	l.Queue(storage, record(1, decision.RefusedCredential))
	l.Close()
	if l.Status().Dropped != status.Dropped+1 {
		t.Error("a record after Close is not counted as dropped")
	}
}

func TestFailedWritesAreCounted(t *testing.T) {
	storage := newGate(true)
	storage.broken = true
	l := decision.NewLog(quiet{})
	l.Queue(storage, record(1, decision.RefusedRisk))
	if err := l.Write(t.Context(), storage, record(2, decision.Token)); err == nil {
		t.Error("a failed write succeeded")
	}
	l.Close()
	if status := l.Status(); status.Failed != 1 {
		t.Errorf("%+v", status)
	}
}

// A panic in the worker's work ends that work alone.
func TestWorkerSurvivesAPanic(t *testing.T) {
	storage := newGate(true)
	storage.panics = true
	l := decision.NewLog(quiet{})
	l.Queue(storage, record(1, decision.RefusedRisk))
	l.Queue(storage, record(2, decision.RefusedRisk))
	l.Close()
	if got, err := l.Get(t.Context(), storage, "id-2"); got == nil || err != nil {
		t.Errorf("%v, %v", got, err)
	}
}

// The oldest of each class go first, also when the retention shrinks and after a restart.
func TestRetention(t *testing.T) {
	storage := newGate(true)
	l := decision.NewLog(quiet{})
	for n := range 50 {
		l.Queue(storage, record(n, decision.RefusedCredential))
	}
	if err := l.Write(t.Context(), storage, record(100, decision.RefusedRisk)); err != nil {
		t.Fatal(err)
	}
	l.Close()
	l = decision.NewLog(quiet{})
	l.SetRetention(2)
	l.Queue(storage, record(50, decision.RefusedCredential))
	l.Close()
	ids, err := l.List(t.Context(), storage)
	if diff := cmp.Diff([]string{"id-100", "id-50", "id-49"}, ids); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
	keys, err := logical.CollectKeys(t.Context(), storage)
	if err != nil || len(keys) != 3 {
		t.Errorf("%d entries are stored, %v", len(keys), err)
	}
}

// Until it is known how many to keep, none goes: the policy may ask for more than the default.
func TestUnknownRetentionPrunesNothing(t *testing.T) {
	storage := newGate(true)
	const kept = decision.DefaultRetention + 5
	for n := range kept {
		entry := &logical.StorageEntry{Key: fmt.Sprintf("risk/decision/wrong/%016x-id-%d", n, n), Value: []byte("{}")}
		if err := storage.Put(t.Context(), entry); err != nil {
			t.Fatal(err)
		}
	}
	l := decision.NewLog(quiet{})
	l.Queue(storage, record(kept, decision.RefusedCredential))
	l.Close()
	if ids, err := l.List(t.Context(), storage); err != nil || len(ids) != kept+1 {
		t.Errorf("%d of %d records are left, %v", len(ids), kept+1, err)
	}
}

func TestRecordID(t *testing.T) {
	if id := decision.RecordID("0cdf1131-dbce-5735-10ee-9e49cb007cc0"); id != "0cdf1131-dbce-5735-10ee-9e49cb007cc0" {
		t.Errorf("a request id became %s", id)
	}
	for _, odd := range []string{"", "../x", "a/b", "a b", strings.Repeat("a", 65), "ä"} {
		if id := decision.RecordID(odd); id == odd || len(id) < 20 {
			t.Errorf("%q became %q", odd, id)
		}
	}
}
