package tour

import (
	"fmt"
	"regexp"
)

// step is one command of the tour.
type step struct {
	// title begins a new part of the tour where it is not empty.
	title string
	// why is one sentence on what the command shows.
	why string
	// run is what a POSIX shell runs, and what a reader can paste after sourcing the
	// env file. It sees the variables that earlier steps have kept.
	run string
	// keep names a variable that run sets and later steps need; it is shown as the
	// command's output.
	keep string
	// want are patterns that the output must match, each somewhere; ^ and $ are of
	// a line.
	want []string
	// refused says that the command must fail: with it, success is what stops the tour.
	refused bool
	// await repeats the command for some seconds until it does as it should: what it
	// shows is written after the answer that caused it.
	await bool
	// whole shows every line at its full length.
	whole bool
}

// check reports how the outcome differs from what the step must show.
func (s step) check(output string, failed bool) error {
	switch {
	case failed && !s.refused:
		return fmt.Errorf("this command must succeed:\n  %s\n%s", s.run, output)
	case !failed && s.refused:
		return fmt.Errorf("this command must be refused, and was not:\n  %s\n%s", s.run, output)
	}
	for _, pattern := range s.want {
		matched, err := regexp.MatchString("(?m)"+pattern, output)
		if err != nil {
			return fmt.Errorf("pattern %q: %v", pattern, err)
		}
		if !matched {
			return fmt.Errorf("the answer must match %q:\n  %s\n%s", pattern, s.run, output)
		}
	}
	return nil
}
