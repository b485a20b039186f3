package command

import (
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// silence is how long a command may take before it says how far it is.
	silence = 2 * time.Second
	// redraw is how often it does on a terminal, and reportEvery elsewhere.
	redraw      = 250 * time.Millisecond
	reportEvery = 10 * time.Second
)

// progress says on standard error how far a long command is, from its third second on. A
// nil one, as every JSON result has, says nothing.
type progress struct {
	out      io.Writer
	terminal bool
	what     string
	total    int64 // 0 when nobody knows
	done     atomic.Int64
	start    time.Time
	shown    bool // only by the goroutine that watches
	stop     chan struct{}
	stopped  sync.WaitGroup
}

// progress starts one; the caller ends it. what is such as "rewrapping", total is 0 where
// it is not known.
func (c *call) progress(what string, total int64) *progress {
	if c.format != formTable && c.format != "" {
		return nil
	}
	p := &progress{
		out: c.process.Err, terminal: c.process.Terminal,
		what: what, total: total, start: time.Now(), stop: make(chan struct{}),
	}
	p.stopped.Go(p.watch)
	return p
}

// add counts what was done.
func (p *progress) add(n int) {
	if p != nil {
		p.done.Add(int64(n))
	}
}

// end leaves no line behind on a terminal. Nothing is written after it returned.
func (p *progress) end() {
	if p == nil {
		return
	}
	close(p.stop)
	p.stopped.Wait()
	if p.terminal && p.shown {
		_, _ = io.WriteString(p.out, "\r\x1b[K")
	}
}

func (p *progress) watch() {
	every := reportEvery
	if p.terminal {
		every = redraw
	}
	for wait := silence; ; wait = every {
		timer := time.NewTimer(wait)
		select {
		case <-p.stop:
			timer.Stop()
			return
		case <-timer.C:
			p.shown = true
			p.draw()
		}
	}
}

func (p *progress) draw() {
	begin, end := "", "\n"
	if p.terminal {
		begin, end = "\r\x1b[K", ""
	}
	_, _ = io.WriteString(p.out, begin+p.line(time.Since(p.start))+end)
}

// line is such as "rewrapping: 1200 of 5000 (24 %), 400/s, 10s left".
func (p *progress) line(elapsed time.Duration) string {
	done := p.done.Load()
	rate := float64(done) / elapsed.Seconds()
	switch {
	case done == 0:
		return fmt.Sprintf("%s: waiting for Vault, %s", p.what, elapsed.Round(time.Second))
	case p.total == 0:
		return fmt.Sprintf("%s: %d, %.0f/s", p.what, done, rate)
	}
	left := time.Duration(float64(max(0, p.total-done)) / rate * float64(time.Second))
	return fmt.Sprintf("%s: %d of %d (%d %%), %.0f/s, %s left", p.what, done, p.total, 100*done/p.total, rate, left.Round(time.Second))
}
