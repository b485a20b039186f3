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
	equal     map[string]int
	allowed   map[string]int
}

func newTally() *Tally {
	return &Tally{classes: map[string]map[string]int{}, crossed: map[string]int{}, equal: map[string]int{}, allowed: map[string]int{}}
}

// count notes one compared request.
func (t *Tally) count(n note) {
	t.Requests++
	operation := n.step.Operation()
	if t.classes[operation] == nil {
		t.classes[operation] = map[string]int{}
	}
	t.classes[operation][n.answers[Builtin].Class()]++
	for _, crossing := range crossings(n) {
		t.crossed[crossing]++
	}
	for _, name := range n.equal {
		t.equal[name]++
	}
	for _, name := range n.allowed {
		t.allowed[name]++
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

// crossings names what the step shows to work across the engines.
func crossings(n note) []string {
	var found []string
	for _, user := range []Which{Builtin, PQTransit} {
		answer := n.answers[user]
		worked := answer.Status == 200 || answer.Status == 204
		if n.step.Operation() == "verify" {
			worked = worked && strings.Contains(string(encode(answer.Data())), `"valid":true`)
		}
		if worked && n.foreign[user] {
			found = append(found, fmt.Sprintf("%s of %s by %s", n.step.Operation(), 1-user, user))
		}
	}
	return found
}

// Equals are values that have to have been the same in both engines at least once, in a run that
// is long enough: all that is determined.
var Equals = []string{
	"decrypt plaintext", "encrypt ciphertext", "sign signature", "hmac hmac", "verify valid", "hash sum", "export keys", "read public_key",
}

// Missing lists the crossings and equal values that did not occur.
func (t *Tally) Missing() []string {
	crossings := slices.DeleteFunc(slices.Clone(Crossings), func(name string) bool { return t.crossed[name] > 0 })
	equals := slices.DeleteFunc(slices.Clone(Equals), func(name string) bool { return t.equal[name] > 0 })
	return append(crossings, equals...)
}

// String is the table of the run.
func (t *Tally) String() string {
	var text strings.Builder
	fmt.Fprintf(&text, "%d requests compared, in %d scenarios\n", t.Requests, t.Scenarios)
	for _, operation := range slices.Sorted(maps.Keys(t.classes)) {
		fmt.Fprintf(&text, "  %-16s %s\n", operation, counts(t.classes[operation]))
	}
	list := func(title string, of map[string]int) {
		fmt.Fprintf(&text, "%s:\n", title)
		for _, name := range slices.Sorted(maps.Keys(of)) {
			fmt.Fprintf(&text, "  %6d  %s\n", of[name], name)
		}
	}
	list("across the engines", t.crossed)
	list("the same in both, byte for byte", t.equal)
	list("allowed differences met", t.allowed)
	return text.String()
}

func counts(of map[string]int) string {
	var words []string
	for _, name := range slices.Sorted(maps.Keys(of)) {
		words = append(words, fmt.Sprintf("%s: %d", name, of[name]))
	}
	return strings.Join(words, "  ")
}
