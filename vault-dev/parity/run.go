package parity

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// requestTime bounds one request; making an RSA-4096 key on a busy machine takes a while.
const requestTime = 60 * time.Second

// Pair is the two engines that are compared.
type Pair struct {
	Sides    [2]Side
	Allowed  *Allowed
	wrapping [2]string
	counter  int // of namespaces
	prefix   string
	mutex    sync.Mutex   // guards the counter
	settings sync.RWMutex // held for writing by an exclusive scenario
}

// NewPair reads the engines' wrapping keys. prefix tells this pair's key names from those of
// other runs.
func NewPair(ctx context.Context, sides [2]Side, allowed *Allowed, prefix string) (*Pair, error) {
	p := &Pair{Sides: sides, Allowed: allowed, prefix: prefix}
	for which, side := range sides {
		answer, err := side.Send(ctx, Request{Method: "GET", Path: "wrapping_key"})
		if err != nil || answer.Status != 200 {
			return nil, fmt.Errorf("reading the wrapping key of %s: %s %v", Which(which), answer.Outcome(), err)
		}
		p.wrapping[which] = text(answer.Data()["public_key"])
	}
	return p, nil
}

// Finding is a difference that nothing allows, with the scenario that shows it.
type Finding struct {
	Difference
	Scenario Scenario
	// StepID is the step whose answers differ.
	StepID int
}

// String is the difference and the steps to it.
func (f Finding) String() string {
	return fmt.Sprintf("%s\n  at step %d of %s:\n%s", f.Difference, f.StepID, f.Scenario.Name, f.Scenario.Text())
}

// Result is what one run of a scenario gave.
type Result struct {
	Findings []Finding
	allowed  []string // names of the allowed differences that were met
	last     bool     // one of them at the last step
}

// Run sends a scenario's steps to both engines. It ends at the first difference that is not
// allowed, since from there on they may differ in state, and where one did what the other did not.
// tally may be nil.
func (p *Pair) Run(ctx context.Context, scenario Scenario, tally *safeTally) (Result, error) {
	unlock := p.lock(scenario.Exclusive)
	defer unlock()
	resolver := &Resolver{namespace: p.namespace(), wrapping: p.wrapping, answers: map[int][2]Answer{}, states: States{}}
	var got Result
	for i, step := range scenario.Steps {
		requests, foreign := resolver.both(step)
		answers, err := p.send(ctx, requests)
		if err != nil {
			return got, fmt.Errorf("step %d of %s, %s: %v", step.ID, scenario.Name, step, err)
		}
		name := Step{Method: step.Method, Path: requests[Builtin].Path}.Key()
		resolver.states.Observe(step, requests[Builtin], answers)
		differences, equal := Compare(step, resolver.states[name], answers)
		p.judge(&got, differences, scenario, step)
		tally.note(note{step, answers, foreign, equal, got.allowed})
		got.last = len(differences) > 0 && i == len(scenario.Steps)-1
		if len(got.Findings) > 0 || parted(answers, differences) {
			break
		}
		resolver.answers[step.ID] = answers
	}
	return got, nil
}

// parted reports whether what follows cannot be compared: the engines differ in more than how they
// refuse, or one dropped the connection, which may leave the key locked.
func parted(answers [2]Answer, differences []Difference) bool {
	builtin, pqtransit := answers[Builtin], answers[PQTransit]
	refused := builtin.Failed() && pqtransit.Failed()
	return len(differences) > 0 && !refused || builtin.Status == 0 || pqtransit.Status == 0
}

func (p *Pair) judge(got *Result, differences []Difference, scenario Scenario, step Step) {
	got.allowed = nil
	for _, d := range differences {
		if name, ok := p.Allowed.Match(d); ok {
			got.allowed = append(got.allowed, name)
			continue
		}
		got.Findings = append(got.Findings, Finding{Difference: d, Scenario: scenario, StepID: step.ID})
	}
}

// send asks both engines at once.
func (p *Pair) send(ctx context.Context, requests [2]Request) (answers [2]Answer, err error) {
	ctx, cancel := context.WithTimeout(ctx, requestTime)
	defer cancel()
	var failures [2]error
	var both sync.WaitGroup
	for which, side := range p.Sides {
		both.Go(func() { answers[which], failures[which] = side.Send(ctx, requests[which]) })
	}
	both.Wait()
	for which, failure := range failures {
		if failure != nil {
			return answers, fmt.Errorf("%s: %v", Which(which), failure)
		}
	}
	return answers, nil
}

func (p *Pair) lock(exclusive bool) (unlock func()) {
	if exclusive {
		p.settings.Lock()
		return p.settings.Unlock
	}
	p.settings.RLock()
	return p.settings.RUnlock
}

func (p *Pair) namespace() string {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.counter++
	return fmt.Sprintf("%s%d-", p.prefix, p.counter)
}

// safeTally is a tally for several goroutines; a nil one counts nothing.
type safeTally struct {
	mutex sync.Mutex
	tally *Tally
}

// note is what a tally counts of one request.
type note struct {
	step           Step
	answers        [2]Answer
	foreign        [2]bool
	equal, allowed []string
}

func (s *safeTally) note(n note) {
	if s == nil {
		return
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.tally.count(n)
}
