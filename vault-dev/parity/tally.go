package parity

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Tally counts what was compared.
type Tally struct {
	// Requests is how many requests each engine got.
	Requests int
	// Scenarios is how many lists of requests they were in.
	Scenarios int
	classes   map[string]map[string]int // operation to the built-in engine's class to count
	crossed   map[string]int
	allowed   map[string]int
}

func newTally() *Tally {
	return &Tally{classes: map[string]map[string]int{}, crossed: map[string]int{}, allowed: map[string]int{}}
}

// count notes one compared request.
func (t *Tally) count(step Step, answers [2]Answer, foreign [2]bool) {
	t.Requests++
	operation := step.Operation()
	if t.classes[operation] == nil {
		t.classes[operation] = map[string]int{}
	}
	t.classes[operation][answers[Builtin].Class()]++
	for _, crossing := range crossings(step, answers, foreign) {
		t.crossed[crossing]++
	}
}

// Crossings are those of which a run that is long enough has to have some: what one engine
// made, the other has opened, verified or taken.
var Crossings = []string{
	"decrypt of builtin by pqtransit", "decrypt of pqtransit by builtin",
	"rewrap of builtin by pqtransit", "rewrap of pqtransit by builtin",
	"verify of builtin by pqtransit", "verify of pqtransit by builtin",
	"restore of builtin by pqtransit", "restore of pqtransit by builtin",
}

// crossings names what the step shows to work across the engines. foreign says which of them had
// to do with what the other has made.
func crossings(step Step, answers [2]Answer, foreign [2]bool) []string {
	var found []string
	for _, user := range []Which{Builtin, PQTransit} {
		answer := answers[user]
		worked := answer.Status == 200 || answer.Status == 204
		if step.Operation() == "verify" {
			worked = worked && strings.Contains(string(encode(answer.Data())), `"valid":true`)
		}
		if worked && foreign[user] {
			found = append(found, fmt.Sprintf("%s of %s by %s", step.Operation(), 1-user, user))
		}
	}
	return found
}

// Missing lists the crossings that did not occur.
func (t *Tally) Missing() []string {
	return slices.DeleteFunc(slices.Clone(Crossings), func(name string) bool { return t.crossed[name] > 0 })
}

// String is the table of the run.
func (t *Tally) String() string {
	var text strings.Builder
	fmt.Fprintf(&text, "%d requests compared, in %d scenarios\n", t.Requests, t.Scenarios)
	for _, operation := range slices.Sorted(maps.Keys(t.classes)) {
		fmt.Fprintf(&text, "  %-16s %s\n", operation, counts(t.classes[operation]))
	}
	text.WriteString("across the engines:\n")
	for _, name := range slices.Sorted(maps.Keys(t.crossed)) {
		fmt.Fprintf(&text, "  %6d  %s\n", t.crossed[name], name)
	}
	text.WriteString("allowed differences met:\n")
	for _, name := range slices.Sorted(maps.Keys(t.allowed)) {
		fmt.Fprintf(&text, "  %6d  %s\n", t.allowed[name], name)
	}
	return text.String()
}

func counts(of map[string]int) string {
	var words []string
	for _, name := range slices.Sorted(maps.Keys(of)) {
		words = append(words, fmt.Sprintf("%s: %d", name, of[name]))
	}
	return strings.Join(words, "  ")
}
