package bench

import (
	"fmt"
	"runtime"
	"slices"
	"time"
)

// round is one turn of every engine that takes part.
type round struct {
	samples map[engine]sample
	bare    time.Duration // of one item on one core
}

// measurement is all rounds of one cell.
type measurement struct {
	cell
	rounds []round
}

// spread is the middle of several figures, and their ends.
type spread struct{ Median, Least, Most float64 }

// none is the spread of nothing.
func (s spread) none() bool { return s == spread{} }

func (s spread) String() string {
	if s.none() {
		return "-"
	}
	return fmt.Sprintf("%.2f (%.2f–%.2f)", s.Median, s.Least, s.Most)
}

func newSpread(figures []float64) spread {
	if len(figures) == 0 {
		return spread{}
	}
	slices.Sort(figures)
	middle := (figures[(len(figures)-1)/2] + figures[len(figures)/2]) / 2
	return spread{Median: middle, Least: figures[0], Most: figures[len(figures)-1]}
}

// each makes a figure of every round, leaving out those without.
func (m *measurement) each(figure func(round) (float64, bool)) spread {
	var figures []float64
	for _, r := range m.rounds {
		if value, ok := figure(r); ok {
			figures = append(figures, value)
		}
	}
	return newSpread(figures)
}

// rate is an engine's requests a second.
func (m *measurement) rate(e engine) spread {
	return m.each(func(r round) (float64, bool) {
		taken, ok := r.samples[e]
		return 1 / taken.perRequest().Seconds(), ok
	})
}

// ratio is how much faster ours is than another engine in the same round.
func (m *measurement) ratio(other engine) spread {
	return m.each(func(r round) (float64, bool) {
		theirs, ok := r.samples[other]
		return theirs.perRequest().Seconds() / r.samples[ours].perRequest().Seconds(), ok
	})
}

// overFloor is our time of a request over the floor's plus a share of the bare cryptography,
// which as many cores do as there are connections.
func (m *measurement) overFloor(share float64) spread {
	workers := min(m.Connections, runtime.GOMAXPROCS(0))
	return m.each(func(r round) (float64, bool) {
		crypto := r.bare.Seconds() * float64(m.items()) * share / float64(workers)
		return r.samples[ours].perRequest().Seconds() / (r.samples[floor].perRequest().Seconds() + crypto), true
	})
}

// cpuOverFloor is our processor time of a request over the floor's plus the cryptography's.
func (m *measurement) cpuOverFloor() float64 {
	allowed := m.cpuPerRequest(floor) + m.bare().Median*float64(m.items())
	if allowed == 0 {
		return 0
	}
	return m.cpuPerRequest(ours) / allowed
}

// latency is a percentile of all rounds' requests.
func (m *measurement) latency(e engine, percent int) time.Duration {
	var all []time.Duration
	for _, r := range m.rounds {
		all = append(all, r.samples[e].latencies...)
	}
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return all[min(len(all)*percent/100, len(all)-1)]
}

// cpu is the processor time of Vault and its plugins for one of our requests, over that for
// one of another engine's; 0 where there is none.
func (m *measurement) cpu(other engine) float64 {
	mine, theirs := m.cpuPerRequest(ours), m.cpuPerRequest(other)
	if theirs == 0 {
		return 0
	}
	return mine / theirs
}

// cpuPerRequest is in microseconds, of all rounds together.
func (m *measurement) cpuPerRequest(e engine) float64 {
	var used time.Duration
	requests := 0
	for _, r := range m.rounds {
		used += r.samples[e].cpu
		requests += len(r.samples[e].latencies)
	}
	return float64(used.Microseconds()) / float64(max(requests, 1))
}

// bare is the cryptography of one item, in microseconds.
func (m *measurement) bare() spread {
	return m.each(func(r round) (float64, bool) { return float64(r.bare.Nanoseconds()) / 1000, true })
}

// gist is a line of progress.
func (m *measurement) gist() string {
	text := fmt.Sprintf("%.1f/s, p99 %s; to built-in %s, external %s, floor %s; CPU to floor %.2f, to floor and cryptography %.2f",
		m.rate(ours).Median, m.latency(ours, 99).Round(10*time.Microsecond), m.ratio(builtin), m.ratio(external), m.ratio(floor), m.cpu(floor), m.cpuOverFloor())
	if than := m.ratio(other); !than.none() {
		text += fmt.Sprintf("; to the other build %s, CPU %.2f", than, m.cpu(other))
	}
	return text
}
