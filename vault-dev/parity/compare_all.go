package parity

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"sync"
)

// Report is what a run found.
type Report struct {
	Tally    *Tally
	Findings []Finding
	// Repeated counts findings that say the same as one of Findings.
	Repeated int
	// Unshown are allowed differences that their own example did not show.
	Unshown []string
}

// signature is what makes two differences the same: all but numbers, and what names hold.
func signature(d Difference) string {
	varying := regexp.MustCompile(`\d+|"[^"]{20,}"`)
	return varying.ReplaceAllString(fmt.Sprintf("%s|%s|%s|%s", d.Step.Operation(), d.Path, d.Builtin, d.PQTransit), "#")
}

// Options say how much is compared.
type Options struct {
	Seed     uint64
	Requests int // at least so many, without the examples
	Workers  int // scenarios at once
	// Progress is called from time to time with the number of requests compared; may be nil.
	Progress func(requests int)
}

// maxReported bounds how many different findings are shrunk and reported.
const maxReported = 150

// CompareAll runs the examples of the allowed differences and then generated scenarios.
func (p *Pair) CompareAll(ctx context.Context, options Options) (Report, error) {
	examples, err := p.Allowed.Examples()
	if err != nil {
		return Report{}, err
	}
	all := &collector{pair: p, tally: safeTally{tally: newTally()}, known: map[string]bool{}, progress: options.Progress}
	err = all.each(ctx, options.Workers, func(i int) (Scenario, bool) {
		if i >= len(examples) {
			return Scenario{}, false
		}
		return examples[i], true
	}, true)
	if err != nil {
		return all.report(), err
	}
	done := all.requests()
	err = all.each(ctx, options.Workers, func(i int) (Scenario, bool) {
		return Generate(options.Seed, i), all.requests()-done < options.Requests
	}, false)
	return all.report(), err
}

type collector struct {
	pair     *Pair
	tally    safeTally
	progress func(int)
	mutex    sync.Mutex // guards the rest
	next     int
	known    map[string]bool
	findings []Finding
	repeated int
	unshown  []string
	failure  error
}

func (c *collector) requests() int {
	c.tally.mutex.Lock()
	defer c.tally.mutex.Unlock()
	return c.tally.tally.Requests
}

func (c *collector) report() Report {
	return Report{Tally: c.tally.tally, Findings: c.findings, Repeated: c.repeated, Unshown: c.unshown}
}

// each runs the scenarios that next gives, some at once, until it gives no more.
func (c *collector) each(ctx context.Context, workers int, next func(i int) (Scenario, bool), shows bool) error {
	c.next = 0
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for ctx.Err() == nil {
				scenario, more := next(c.take())
				if !more || c.failed() {
					return
				}
				c.one(ctx, scenario, shows)
			}
		})
	}
	all.Wait()
	return errors.Join(c.failure, ctx.Err())
}

func (c *collector) take() int {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.next++
	return c.next - 1
}

func (c *collector) failed() bool {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.failure != nil || len(c.findings) >= maxReported
}

func (c *collector) one(ctx context.Context, scenario Scenario, shows bool) {
	got, err := c.pair.Run(ctx, scenario, &c.tally)
	c.mutex.Lock()
	c.tally.tally.Scenarios++
	if err != nil {
		c.failure = errors.Join(c.failure, err)
	}
	if shows && len(got.Findings) == 0 && !got.last {
		c.unshown = append(c.unshown, scenario.Name)
	}
	fresh := c.freshLocked(got.Findings)
	c.mutex.Unlock()
	for _, f := range fresh {
		short := c.pair.Shrink(ctx, f)
		c.mutex.Lock()
		c.findings = append(c.findings, short)
		c.mutex.Unlock()
	}
	if c.progress != nil {
		requests := c.requests()
		c.mutex.Lock()
		defer c.mutex.Unlock()
		c.progress(requests)
	}
}

// freshLocked are the findings that are not known yet.
func (c *collector) freshLocked(findings []Finding) []Finding {
	var fresh []Finding
	for _, f := range findings {
		if c.known[signature(f.Difference)] {
			c.repeated++
			continue
		}
		c.known[signature(f.Difference)] = true
		fresh = append(fresh, f)
	}
	return fresh
}
