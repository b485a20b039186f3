package parity

import (
	"context"
	"maps"
	"slices"
)

// shrinkRuns bounds how often a scenario is repeated to find the few steps that matter.
const shrinkRuns = 80

// Shrink makes a finding's scenario as short as it can, as long as it shows the same difference:
// without the steps after it, then without one step, and without one parameter, after the other.
func (p *Pair) Shrink(ctx context.Context, found Finding) Finding {
	s := shrinker{pair: p, best: found, left: shrinkRuns}
	at := slices.IndexFunc(found.Scenario.Steps, func(step Step) bool { return step.ID == found.StepID })
	s.try(ctx, found.Scenario.Steps[:at+1])
	for i := len(s.best.Scenario.Steps) - 2; i >= 0; i-- {
		s.try(ctx, slices.Delete(slices.Clone(s.best.Scenario.Steps), i, i+1))
	}
	for i := range s.best.Scenario.Steps {
		s.shrinkBody(ctx, i)
	}
	return s.best
}

type shrinker struct {
	pair *Pair
	best Finding
	left int
}

func (s *shrinker) shrinkBody(ctx context.Context, i int) {
	for _, name := range slices.Sorted(maps.Keys(s.best.Scenario.Steps[i].Body)) {
		steps := slices.Clone(s.best.Scenario.Steps)
		steps[i].Body = maps.Clone(steps[i].Body)
		delete(steps[i].Body, name)
		s.try(ctx, steps)
		s.shrinkBatch(ctx, i, name)
	}
}

// shrinkBatch leaves out one item after the other.
func (s *shrinker) shrinkBatch(ctx context.Context, i int, name string) {
	items, isList := s.best.Scenario.Steps[i].Body[name].([]any)
	if !isList {
		return
	}
	for at := range slices.Backward(items) {
		items, _ := s.best.Scenario.Steps[i].Body[name].([]any)
		steps := slices.Clone(s.best.Scenario.Steps)
		steps[i].Body = maps.Clone(steps[i].Body)
		steps[i].Body[name] = slices.Delete(slices.Clone(items), at, at+1)
		s.try(ctx, steps)
	}
}

// try keeps the steps if they still show the difference.
func (s *shrinker) try(ctx context.Context, steps []Step) {
	if s.left == 0 {
		return
	}
	s.left--
	scenario := s.best.Scenario
	scenario.Steps = steps
	got, err := s.pair.Run(ctx, scenario, nil)
	if err != nil {
		return
	}
	for _, f := range got.Findings {
		if f.StepID == s.best.StepID && signature(f.Difference) == signature(s.best.Difference) {
			s.best = f
			return
		}
	}
}
