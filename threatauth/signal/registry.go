package signal

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// registry is filled by package variables while the package is initialised and only read
// afterwards.
var registry []Signal

// register adds a signal. It panics on a programmer's error: a duplicate or an incomplete
// value.
func register(s Signal) struct{} {
	if s.Name == "" || s.Doc == "" || s.Assess == nil {
		panic(fmt.Sprintf("internal error: signal %q is incomplete", s.Name))
	}
	if slices.ContainsFunc(registry, func(r Signal) bool { return r.Name == s.Name }) {
		panic(fmt.Sprintf("internal error: signal %q is registered twice", s.Name))
	}
	registry = append(registry, s)
	return struct{}{}
}

// All is every signal, ordered by name. The slice is the caller's own.
func All() []Signal {
	all := slices.Clone(registry)
	slices.SortFunc(all, func(a, b Signal) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

// Assess asks each of signals in turn. A signal that panics or answers with a term that is
// no finite number is left out of the findings and named in faults; the others still count,
// so that a fault in one cannot hide what another saw.
func Assess(signals []Signal, in Input) (findings []Finding, faults []string) {
	for _, s := range signals {
		finding, err := assessOne(s, in)
		if err != nil {
			faults = append(faults, s.Name)
			continue
		}
		findings = append(findings, finding)
	}
	return findings, faults
}

func assessOne(s Signal, in Input) (finding Finding, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("signal %s panicked", s.Name)
		}
	}()
	finding = s.Assess(in)
	finding.Signal = s.Name
	if math.IsNaN(finding.Term) || math.IsInf(finding.Term, 0) {
		return Finding{}, fmt.Errorf("signal %s answered with a term that is not finite", s.Name)
	}
	return finding, nil
}
