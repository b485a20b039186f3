package parity

import (
	"encoding/base64"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
)

type object = map[string]any

// Generate makes scenario number of a seed: the same for the same two numbers.
func Generate(seed uint64, number int) Scenario {
	g := &generator{Rand: rand.New(rand.NewPCG(seed, uint64(number)))} //nolint:gosec // G404: requests, no keys; a seed must repeat them
	g.pick(lives)(g)
	return Scenario{Name: fmt.Sprintf("scenario %d of seed %d", number, seed), Steps: g.steps, Exclusive: changesSettings(g.steps)}
}

// changesSettings reports whether the steps change what other scenarios rely on.
func changesSettings(steps []Step) bool {
	return slices.ContainsFunc(steps, func(step Step) bool {
		return strings.HasPrefix(step.Path, "config/keys") || step.Path == "cache-config"
	})
}

// weighted is a choice and how often it is taken.
type weighted struct {
	weight int
	do     func(*generator)
}

// lives are what a scenario can be about.
var lives = []weighted{
	{70, (*generator).liveOfAKey},
	{8, (*generator).withoutKey},
	{8, (*generator).oddNames},
	{8, (*generator).upserts},
	{6, (*generator).badImports},
	{2, (*generator).settings},
}

// generator adds steps to a scenario. It follows what the engines should hold, but never sees an
// answer: a scenario is data, and can be repeated in part.
type generator struct {
	*rand.Rand
	steps []Step
}

func (g *generator) pick(choices []weighted) func(*generator) {
	total := 0
	for _, choice := range choices {
		total += choice.weight
	}
	at := g.IntN(total)
	for _, choice := range choices {
		if at -= choice.weight; at < 0 {
			return choice.do
		}
	}
	return nil // weights are positive
}

// chance is true so many times in a hundred.
func (g *generator) chance(percent int) bool { return g.IntN(100) < percent }

func one[T any](g *generator, of ...T) T { return of[g.IntN(len(of))] }

// send adds a step and returns its number.
func (g *generator) send(method, path string, body object) int {
	g.steps = append(g.steps, Step{ID: len(g.steps) + 1, Method: method, Path: path, Body: body})
	return len(g.steps)
}

// post adds a write, a few of them with PUT, and some with a fault in them. It reports whether the
// request is as it should be.
func (g *generator) post(path string, body object) (id int, whole bool) {
	whole = !g.chance(22)
	if !whole {
		body = g.damage(body)
	}
	return g.send(one(g, "POST", "POST", "POST", "PUT"), path, body), whole
}

// b64 is a text as requests carry it.
func b64(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

// input is something to encrypt, sign or authenticate.
func (g *generator) input() string {
	return one(g, "", b64("a"), b64("sixteen bytes ..."), b64("\x00\xff\x80"), b64(fmt.Sprint(g.IntN(5))), b64(string(make([]byte, 100))))
}

// maybe adds a field in so many cases of a hundred.
func (g *generator) maybe(percent int, body object, name string, value any) {
	if g.chance(percent) {
		body[name] = value
	}
}

func merged(body, more object) object {
	joined := maps.Clone(body)
	maps.Copy(joined, more)
	return joined
}
