package parity

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Which is one of the two engines, as an index.
type Which int

// The two engines, in the order in which answers are kept.
const (
	Builtin Which = iota
	PQTransit
)

// engines are the names by which references pin an engine.
var engines = []string{"builtin", "pqtransit"}

// String is the engine's name in references.
func (w Which) String() string { return engines[w] }

// unresolved stands for what a reference does not find, for example because its step failed on
// both engines. Both then get it.
const unresolved = "unresolved"

var references = regexp.MustCompile(`\{\{[^{}]+\}\}`)

// Resolver replaces the references of a scenario's steps:
//
//	{{n}}                      a prefix for names that no other scenario has
//	{{3.ciphertext}}           a field of what step 3 was answered by the same engine
//	{{builtin:3.ciphertext}}   by the built-in engine; both get the same
//	{{pqtransit:3.ciphertext}} by pqtransit; both get the same
//	{{3.batch_results.0.hmac}} of a batch
//	{{wrap:SHA256:ed25519:1}}  key 1 of that type, as import takes it: encrypted to the engine's wrapping key
//	{{pem:rsa-2048:1}}         that key's public key
//	{{csr:name}}               a template for a certificate request
//
// and |flip, |cut, |tag NAME, |certificate, |json FIELD=VALUE after a reference change its value; see [transform].
//
// Where the two engines' keys are known to differ, a pinned ciphertext, signature or HMAC is each
// engine's own: the other's would tell nothing.
type Resolver struct {
	namespace string
	wrapping  [2]string // the engines' wrapping keys, PEM
	answers   map[int][2]Answer
	states    States
	key       string // that the step is about
	foreign   [2]bool
}

// Request is the step as one engine gets it. foreign reports whether something in it is the other
// engine's.
func (r *Resolver) Request(step Step, side Which) (request Request, foreign bool) {
	path := r.text(step.Path, side)
	r.key, r.foreign[side] = Step{Path: path}.Key(), false
	body, _ := r.value(step.Body, side).(map[string]any)
	if step.Body == nil {
		body = nil
	}
	return Request{Method: step.Method, Path: path, Body: body}, r.foreign[side]
}

func (r *Resolver) both(step Step) (requests [2]Request, foreign [2]bool) {
	for _, side := range []Which{Builtin, PQTransit} {
		requests[side], foreign[side] = r.Request(step, side)
	}
	return requests, foreign
}

func (r *Resolver) value(value any, side Which) any {
	switch value := value.(type) {
	case string:
		return r.text(value, side)
	case map[string]any:
		resolved := make(map[string]any, len(value))
		for name, field := range value {
			resolved[name] = r.value(field, side)
		}
		return resolved
	case []any:
		resolved := make([]any, len(value))
		for i, item := range value {
			resolved[i] = r.value(item, side)
		}
		return resolved
	}
	return value
}

func (r *Resolver) text(text string, side Which) string {
	return references.ReplaceAllStringFunc(text, func(reference string) string {
		what, change, _ := strings.Cut(reference[2:len(reference)-2], "|")
		return transform(r.lookUp(what, side), change)
	})
}

func (r *Resolver) lookUp(what string, side Which) string {
	kind, rest, qualified := strings.Cut(what, ":")
	switch {
	case what == "n":
		return r.namespace
	case kind == "wrap":
		return wrapped(rest, r.wrapping[side])
	case kind == "pem":
		return publicPEM(rest)
	case kind == "csr":
		return requestTemplate(rest)
	case qualified && kind == Builtin.String():
		return r.pinned(rest, Builtin, side)
	case qualified && kind == PQTransit.String():
		return r.pinned(rest, PQTransit, side)
	}
	return r.field(what, side)
}

// pinned is a field of the maker's answer, unless side's key is known to be another.
func (r *Resolver) pinned(path string, maker, side Which) string {
	value := r.field(path, maker)
	if maker == side {
		return value
	}
	if found := versions.FindStringSubmatch(value); found != nil && r.states[r.key].differs(path, found[1]) {
		return r.field(path, side)
	}
	r.foreign[side] = value != unresolved
	return value
}

// field finds STEP.FIELD and further names and indexes below.
func (r *Resolver) field(path string, side Which) string {
	names := strings.Split(path, ".")
	id, err := strconv.Atoi(names[0])
	if err != nil {
		return unresolved
	}
	var value any = r.answers[id][side].Data()
	for _, name := range names[1:] {
		value = child(value, name)
	}
	if value == nil {
		return unresolved
	}
	return fmt.Sprint(value)
}

func child(value any, name string) any {
	switch value := value.(type) {
	case map[string]any:
		return value[name]
	case []any:
		if index, err := strconv.Atoi(name); err == nil && index >= 0 && index < len(value) {
			return value[index]
		}
	}
	return nil
}
