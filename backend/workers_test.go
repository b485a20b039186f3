package backend_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/palisade-vault/palisade/backend"
)

func TestEachDoesEveryItemOnce(t *testing.T) {
	for _, helpers := range []int{0, 1, 7} {
		workers := backend.NewWorkers(helpers, slow())
		for _, n := range []int{0, 1, 2, 3, 16, 17, 1000} {
			done := make([]atomic.Int64, n)
			if err := workers.Each(t.Context(), n, func(i int) { done[i].Add(1) }); err != nil {
				t.Fatal(err)
			}
			for i := range done {
				if got := done[i].Load(); got != 1 {
					t.Fatalf("%d helpers, %d items: item %d was done %d times", helpers, n, i, got)
				}
			}
		}
	}
}

// slow is a clock by which every item takes long.
func slow() func() time.Time {
	var reads atomic.Int64
	return func() time.Time { return time.Unix(reads.Add(1), 0) }
}

// What is soon done is done by its caller alone: a helper would cost more than it does.
func TestEachAsksForNoHelpAtLittleWork(t *testing.T) {
	still := func() time.Time { return time.Unix(0, 0) }
	last := -1 // without a lock: the race detector sees a helper
	err := backend.NewWorkers(3, still).Each(t.Context(), 5000, func(i int) {
		if i != last+1 {
			t.Errorf("item %d after %d", i, last)
		}
		last = i
	})
	if err != nil || last != 4999 {
		t.Errorf("ended at %d, %v", last, err)
	}
}

// Two items that wait for each other end only when they are done at once. The first is done
// before anyone is asked for help.
func TestEachWorksAtOnce(t *testing.T) {
	var both sync.WaitGroup
	both.Add(2)
	err := backend.NewWorkers(1, slow()).Each(t.Context(), 3, func(i int) {
		if i > 0 {
			both.Done()
			both.Wait()
		}
	})
	if err != nil {
		t.Error(err)
	}
}

// However many batches there are, so many helpers work on them and no more.
func TestHelpersAreBounded(t *testing.T) {
	const helpers, batches = 2, 8
	workers := backend.NewWorkers(helpers, slow())
	var now, most atomic.Int64
	var all sync.WaitGroup
	for range batches {
		all.Go(func() {
			err := workers.Each(t.Context(), 200, func(int) {
				for at := now.Add(1); ; {
					old := most.Load()
					if at <= old || most.CompareAndSwap(old, at) {
						break
					}
				}
				now.Add(-1)
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if got := most.Load(); got > helpers+batches {
		t.Errorf("%d items at once", got)
	}
}

func TestEachEndsWithItsCaller(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var calls atomic.Int64
	err := backend.NewWorkers(1, slow()).Each(ctx, 1_000_000, func(int) {
		if calls.Add(1) == 3 {
			cancel()
		}
	})
	if !errors.Is(err, backend.ErrGone) {
		t.Errorf("got %v", err)
	}
	if got := calls.Load(); got > 5 {
		t.Errorf("%d items were done for a caller who had gone", got)
	}
	if err := backend.NewWorkers(1, slow()).Each(ctx, 5, func(int) { t.Error("done for nobody") }); !errors.Is(err, backend.ErrGone) {
		t.Errorf("got %v", err)
	}
}

func TestEachRecovers(t *testing.T) {
	workers := backend.NewWorkers(3, slow())
	for _, at := range []int{0, 500, 999} {
		err := workers.Each(t.Context(), 1000, func(i int) {
			if i == at {
				panic("hunter2")
			}
		})
		if err == nil || strings.Contains(err.Error(), "hunter2") || !strings.Contains(err.Error(), "workers_test.go") {
			t.Errorf("item %d: got %v", at, err)
		}
	}
	if err := workers.Each(t.Context(), 10, func(int) {}); err != nil {
		t.Errorf("after a panic: %v", err)
	}
}
