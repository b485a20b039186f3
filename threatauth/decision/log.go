package decision

import (
	"context"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend"
)

const (
	// DefaultRetention is how many records of each class are kept.
	DefaultRetention = 10_000
	// queueSize bounds the records that wait to be written.
	queueSize = 1024
	// pruneBatch bounds the deletions that follow one write.
	pruneBatch = 64
	// writeTimeout bounds one queued write, and drainTimeout all those left at Close.
	writeTimeout = 10 * time.Second
	drainTimeout = 5 * time.Second
)

// Log keeps records. Those of logins with a right credential and those of the others are
// kept apart, each up to the retention, so that a flood of guesses drives out none of the
// former. It may be used by many goroutines. Close ends its worker.
type Log struct {
	log       backend.Logged
	retention atomic.Int64 // 0 until it is set
	dropped   atomic.Uint64
	failed    atomic.Uint64

	// mu guards the shelves.
	mu           sync.Mutex
	right, wrong *shelf

	// life guards queue and worker: both nil before the first use, closed after Close.
	life   sync.Mutex
	queue  chan job
	done   chan struct{}
	cancel context.CancelFunc
	closed bool
}

// job is a record to write, or nil for pruning alone.
type job struct {
	storage logical.Storage
	record  *Record
}

// Status is the state of a Log.
type Status struct {
	// Queued records wait to be written.
	Queued int
	// Dropped counts those that found the queue full, Failed those whose write failed,
	// both since the process started.
	Dropped, Failed uint64
}

// NewLog makes a log that reports failed writes to log.
func NewLog(log backend.Logged) *Log {
	return &Log{log: log, right: newShelf("risk/decision/right/"), wrong: newShelf("risk/decision/wrong/")}
}

// SetRetention sets how many records of each class are kept, at least 1. Pruning follows
// the next write. Until the first call all are kept: a policy that cannot be read must not
// cost records that it asks to keep.
func (l *Log) SetRetention(n int) { l.retention.Store(int64(max(n, 1))) }

// Write stores the record at once, before a token rests on it.
func (l *Log) Write(ctx context.Context, storage logical.Storage, record *Record) error {
	if err := l.put(ctx, storage, record); err != nil {
		return err
	}
	l.submit(job{storage: storage})
	return nil
}

// Queue stores the record soon. When the queue is full the record is dropped and counted:
// a flood of refused logins must cost no memory and no other login.
func (l *Log) Queue(storage logical.Storage, record *Record) {
	if !l.submit(job{storage: storage, record: record}) {
		l.dropped.Add(1)
	}
}

// Status is the state now.
func (l *Log) Status() Status {
	l.life.Lock()
	defer l.life.Unlock()
	return Status{Queued: len(l.queue), Dropped: l.dropped.Load(), Failed: l.failed.Load()}
}

// Close writes what is queued, for a few seconds at most, and ends the worker. Records that
// come later are dropped and counted.
func (l *Log) Close() {
	l.life.Lock()
	first := !l.closed
	l.closed = true
	if l.queue == nil || !first {
		l.life.Unlock()
		return
	}
	close(l.queue)
	done, cancel := l.done, l.cancel
	l.life.Unlock()
	timer := time.AfterFunc(drainTimeout, cancel)
	<-done
	timer.Stop()
	cancel()
}

// Forget drops the remembered order, so that the next use reads it from storage.
func (l *Log) Forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.right.byID, l.wrong.byID = nil, nil
}

func (l *Log) submit(j job) bool {
	l.life.Lock()
	defer l.life.Unlock()
	if l.closed {
		return false
	}
	if l.queue == nil {
		l.start()
	}
	select {
	case l.queue <- j:
		return true
	default:
		return false
	}
}

// start runs under life.
func (l *Log) start() {
	ctx, cancel := context.WithCancel(context.Background())
	l.queue, l.done, l.cancel = make(chan job, queueSize), make(chan struct{}), cancel
	go l.work(ctx, l.queue, l.done)
}

func (l *Log) work(ctx context.Context, queue <-chan job, done chan<- struct{}) {
	defer close(done)
	for j := range queue {
		backend.Guard(l.log.Logger(), "decision records", func() { l.serve(ctx, j) })
	}
}

func (l *Log) serve(ctx context.Context, j job) {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	if j.record != nil {
		if err := l.put(ctx, j.storage, j.record); err != nil {
			l.failed.Add(1)
			l.log.Logger().Error("failed to write a decision record", "request_id", j.record.ID, "error", err)
		}
	}
	if err := l.prune(ctx, j.storage); err != nil {
		l.log.Logger().Error("failed to prune decision records", "error", err)
	}
}

func (l *Log) shelfOf(r *Record) *shelf {
	if r.Outcome.CredentialRight() {
		return l.right
	}
	return l.wrong
}

func (l *Log) put(ctx context.Context, storage logical.Storage, record *Record) error {
	shelf, name := l.shelfOf(record), nameOf(record)
	if err := shelf.store.Put(ctx, storage, name, record); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if shelf.byID != nil {
		shelf.add(name, record.ID)
	}
	return nil
}

// prune deletes the oldest records beyond the retention. A name whose deletion fails is
// found again after a restart.
func (l *Log) prune(ctx context.Context, storage logical.Storage) error {
	if l.retention.Load() == 0 {
		return nil
	}
	for _, shelf := range []*shelf{l.right, l.wrong} {
		old, err := l.excess(ctx, storage, shelf)
		if err != nil {
			return err
		}
		for _, name := range old {
			if err := shelf.store.Delete(ctx, storage, name); err != nil {
				return err
			}
		}
	}
	return nil
}

func (l *Log) excess(ctx context.Context, storage logical.Storage, s *shelf) ([]string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := s.load(ctx, storage); err != nil {
		return nil, err
	}
	return s.excess(int(l.retention.Load()), pruneBatch), nil
}

// Get is the record of that request id, or nil.
func (l *Log) Get(ctx context.Context, storage logical.Storage, id string) (*Record, error) {
	for _, shelf := range []*shelf{l.right, l.wrong} {
		name, err := l.find(ctx, storage, shelf, id)
		if err != nil {
			return nil, err
		}
		if name != "" {
			return shelf.store.Get(ctx, storage, name)
		}
	}
	return nil, nil
}

func (l *Log) find(ctx context.Context, storage logical.Storage, s *shelf, id string) (string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := s.load(ctx, storage); err != nil {
		return "", err
	}
	return s.byID[id], nil
}

// List is the request ids of all records, newest first.
func (l *Log) List(ctx context.Context, storage logical.Storage) ([]string, error) {
	names, err := l.names(ctx, storage)
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	slices.Reverse(names)
	for i, name := range names {
		_, names[i], _ = strings.Cut(name, "-")
	}
	return names, nil
}

func (l *Log) names(ctx context.Context, storage logical.Storage) ([]string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var names []string
	for _, shelf := range []*shelf{l.right, l.wrong} {
		if err := shelf.load(ctx, storage); err != nil {
			return nil, err
		}
		names = append(names, shelf.names...)
	}
	return names, nil
}
