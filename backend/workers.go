package backend

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"time"
)

// ErrGone is nobody's answer: the caller is no longer there.
var ErrGone = Unavailable("the request ended before it was done")

// worthwhile is how long a batch is worked on alone before helpers are asked for: to wake one
// costs some of that.
const worthwhile = 200 * time.Microsecond

// Workers share out the items of batches among the processor's cores. They may be used by
// many requests at once: there are never more helpers than [NewWorkers] was told, whatever the
// number of batches, and a batch for which none is free, or that is soon done, is done by its
// caller alone.
type Workers struct {
	busy chan struct{}
	now  func() time.Time
}

// NewWorkers has so many helpers, 0 or more, beside the goroutine that each request has, and
// reads the time from now.
func NewWorkers(helpers int, now func() time.Time) *Workers {
	return &Workers{busy: make(chan struct{}, helpers), now: now}
}

// Each calls do for every index from 0 to n-1, some of them at once and in no order, and
// returns when no call is under way. It ends early with [ErrGone] when ctx does, and when a
// call panics with an error that holds the stack and not the value, which may be a secret.
func (w *Workers) Each(ctx context.Context, n int, do func(index int)) error {
	s := &share{ctx: ctx, do: do, left: n, hands: cap(w.busy) + 1}
	if n > 1 && cap(w.busy) > 0 && w.alone(s) {
		w.invite(s)
	}
	s.work()
	s.underWay.Wait()
	if s.fault == nil && ctx.Err() != nil {
		return ErrGone
	}
	return s.fault
}

// alone does ever larger parts, and reports that more is left than one should do alone.
func (w *Workers) alone(s *share) bool {
	began := w.now()
	for size := 1; ; size *= 2 {
		from, to := s.take(size)
		if from == to {
			return false
		}
		s.part(from, to)
		if w.now().Sub(began) >= worthwhile {
			return true
		}
	}
}

// invite has every helper that is free work too.
func (w *Workers) invite(s *share) {
	for range cap(w.busy) {
		select {
		case w.busy <- struct{}{}:
			go func() {
				defer func() { <-w.busy }()
				s.work()
			}()
		default:
		}
	}
}

// share is one batch as its helpers see it. A helper that comes when all is taken does
// nothing, so nobody waits for it.
type share struct {
	ctx   context.Context
	do    func(index int)
	hands int // that may work on it at once

	mu       sync.Mutex // guards what follows
	next     int
	left     int
	fault    error
	underWay sync.WaitGroup // parts that are taken; none is added once left is 0
}

func (s *share) work() {
	for {
		from, to := s.take(0)
		if from == to {
			return
		}
		s.part(from, to)
	}
}

// take claims the next part: of a size, or with 0 of one that grows smaller towards the end, so
// that items that cost little are claimed many at once, and those that cost much end at the
// same time.
func (s *share) take(size int) (from, to int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx.Err() != nil {
		s.left = 0
	}
	if size == 0 {
		size = max(1, s.left/(2*s.hands))
	}
	size = min(s.left, size)
	from = s.next
	s.next += size
	s.left -= size
	if size > 0 {
		s.underWay.Add(1)
	}
	return from, s.next
}

func (s *share) part(from, to int) {
	defer s.underWay.Done()
	defer func() {
		if cause := recover(); cause != nil {
			s.fail(fmt.Errorf("panic in a batch: %s", debug.Stack()))
		}
	}()
	for index := from; index < to && s.ctx.Err() == nil; index++ {
		s.do(index)
	}
}

// fail keeps the first fault, and leaves nothing more to take.
func (s *share) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fault == nil {
		s.fault = err
	}
	s.left = 0
}
