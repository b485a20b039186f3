package parity

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Difference is one thing in which two answers to a request differ.
type Difference struct {
	// Step is the request, with its references.
	Step Step
	// Path says where in the body, such as data.batch_results.2.error; "" is the outcome.
	Path string
	// Builtin and PQTransit are what each engine has there: an outcome, or JSON, or "absent".
	Builtin, PQTransit string
}

// String is the difference on three lines.
func (d Difference) String() string {
	path := d.Path
	if path == "" {
		path = "outcome"
	}
	return fmt.Sprintf("%s, %s\n  built-in:  %.400s\n  pqtransit: %.400s", d.Step.Operation(), path, d.Builtin, d.PQTransit)
}

const absent = "absent"

// envelope are the fields of every answer in which Vault itself has something of its own, and
// those that compare looks at by themselves.
var envelope = []string{"request_id", "mount_type", "errors", "data"}

// Compare lists the differences between two answers to a request about a key of which state is
// known. equal names the values, of those that a key or chance decides, that are the same in both.
func Compare(step Step, state *KeyState, answers [2]Answer) (found []Difference, equal []string) {
	c := comparison{step: step, state: state}
	builtin, pqtransit := answers[Builtin], answers[PQTransit]
	if builtin.Outcome() != pqtransit.Outcome() {
		c.add("", builtin.Outcome(), pqtransit.Outcome())
	}
	if builtin.Failed() || pqtransit.Failed() {
		return c.found, nil
	}
	c.object("", without(builtin.Body), without(pqtransit.Body))
	c.value("data", orNil(builtin.Data()), orNil(pqtransit.Data()))
	return c.found, c.equal
}

// orNil keeps an absent object from becoming an empty one.
func orNil(object map[string]any) any {
	if object == nil {
		return nil
	}
	return object
}

func without(body map[string]any) map[string]any {
	rest := maps.Clone(body)
	maps.DeleteFunc(rest, func(name string, _ any) bool { return slices.Contains(envelope, name) })
	return rest
}

type comparison struct {
	step  Step
	state *KeyState
	found []Difference
	equal []string
}

func (c *comparison) add(path, builtin, pqtransit string) {
	c.found = append(c.found, Difference{c.step, path, builtin, pqtransit})
}

// object compares field by field, in the order of their names.
func (c *comparison) object(path string, builtin, pqtransit map[string]any) {
	names := map[string]bool{}
	for name := range builtin {
		names[name] = true
	}
	for name := range pqtransit {
		names[name] = true
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		below := strings.TrimPrefix(path+"."+name, ".")
		left, inBuiltin := builtin[name]
		right, inPQTransit := pqtransit[name]
		if inBuiltin != inPQTransit {
			c.add(below, presence(left, inBuiltin), presence(right, inPQTransit))
			continue
		}
		c.value(below, left, right)
	}
}

func presence(value any, present bool) string {
	if !present {
		return absent
	}
	return string(encode(value))
}

func (c *comparison) value(path string, builtin, pqtransit any) {
	if kindOf(builtin) != kindOf(pqtransit) {
		c.add(path, string(encode(builtin)), string(encode(pqtransit)))
		return
	}
	switch left := builtin.(type) {
	case map[string]any:
		right, _ := pqtransit.(map[string]any)
		c.object(path, left, right)
	case []any:
		right, _ := pqtransit.([]any)
		c.list(path, left, right)
	default:
		c.leaf(path, builtin, pqtransit)
	}
}

func (c *comparison) list(path string, builtin, pqtransit []any) {
	if len(builtin) != len(pqtransit) {
		c.add(path, string(encode(builtin)), string(encode(pqtransit)))
		return
	}
	for i := range builtin {
		c.value(fmt.Sprintf("%s.%d", path, i), builtin[i], pqtransit[i])
	}
}

// leaf compares what is determined byte for byte, and of the rest the form.
func (c *comparison) leaf(path string, builtin, pqtransit any) {
	if builtin == pqtransit {
		c.noteEqual(path)
		return
	}
	if path == "data.backup" && c.backups(builtin, pqtransit) {
		return
	}
	if c.state.determined(c.step, path, fmt.Sprint(builtin)) || !sameForm(path, builtin, pqtransit) {
		c.add(path, string(encode(builtin)), string(encode(pqtransit)))
	}
}

// telling are the fields whose equality shows something.
var telling = map[string]bool{
	"ciphertext": true, "plaintext": true, "signature": true, "hmac": true, "valid": true, "sum": true, "public_key": true, "publickey": true,
}

func (c *comparison) noteEqual(path string) {
	name := path[strings.LastIndexByte(path, '.')+1:]
	if c.step.Operation() == "export" && strings.HasPrefix(path, "data.keys.") {
		name = "keys"
	}
	if telling[name] || name == "keys" {
		c.equal = append(c.equal, c.step.Operation()+" "+name)
	}
}

// backups compares two backups by their content; false where they are none.
func (c *comparison) backups(builtin, pqtransit any) bool {
	left, err := parseBackup(fmt.Sprint(builtin))
	if err != nil {
		return false
	}
	right, err := parseBackup(fmt.Sprint(pqtransit))
	if err != nil {
		return false
	}
	c.object("data.backup", left, right)
	return true
}

// kindOf is the JSON type.
func kindOf(value any) string {
	switch value.(type) {
	case nil:
		return "null"
	case map[string]any:
		return "object"
	case []any:
		return "array"
	case json.Number:
		return "number"
	}
	return fmt.Sprintf("%T", value)
}
