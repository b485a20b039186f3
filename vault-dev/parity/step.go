package parity

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Step is one request, which both engines get. Its path and the strings of its body may hold
// references, {{...}}, which are resolved when it is sent; see [Resolver].
type Step struct {
	// ID is how references name the step. It survives the removal of others.
	ID int
	// Method is GET, LIST, POST, PUT or DELETE.
	Method string
	// Path is below the mount, and may have a query.
	Path string
	// Body is the JSON object to send; nil for none.
	Body map[string]any
}

// Scenario is steps that belong together. Its keys have names of their own.
type Scenario struct {
	// Name says where it comes from: an entry of the list, or seed and number.
	Name string
	// Exclusive runs it while no other runs, because it changes the mount's own settings.
	Exclusive bool
	Steps     []Step
}

// Operation is what the step does, in one word: such as encrypt, sign or config.
func (s Step) Operation() string {
	path, _, _ := strings.Cut(s.Path, "?")
	parts := strings.Split(strings.TrimSuffix(path, "/"), "/")
	switch {
	case parts[0] != "keys":
		return parts[0]
	case len(parts) > 2 && slices.Contains(keyPaths, parts[2]):
		return parts[2]
	case len(parts) > 2:
		return "other"
	case s.Method == "DELETE":
		return "delete"
	case s.Method == "LIST" || len(parts) == 1:
		return "list"
	case s.Method == "GET":
		return "read"
	}
	return "create"
}

// keyPaths are what may follow a key's name below keys/.
var keyPaths = []string{"config", "rotate", "trim", "import", "import_version", "csr", "set-certificate"}

// Key is the name of the key that the step is about, as the step has it; "" for none.
func (s Step) Key() string {
	path, _, _ := strings.Cut(s.Path, "?")
	parts := strings.Split(path, "/")
	at := 1
	switch parts[0] {
	case "export", "byok-export", "datakey":
		at = 2
	case "hash", "random", "wrapping_key", "cache-config", "config":
		return ""
	}
	if len(parts) <= at {
		return ""
	}
	return parts[at]
}

// String is the step's text form: method, path and, if there is one, the body in JSON.
func (s Step) String() string {
	line := s.Method + " " + s.Path
	if s.Body == nil {
		return line
	}
	return line + " " + string(encode(s.Body))
}

// Text is the scenario as the list of allowed differences has its examples: a step a line, each
// with its number.
func (s Scenario) Text() string {
	var text strings.Builder
	for _, step := range s.Steps {
		fmt.Fprintf(&text, "%d: %s\n", step.ID, step)
	}
	return text.String()
}

// ParseSteps reads the text form. A line without number has the one after the line before it.
func ParseSteps(text string) ([]Step, error) {
	var steps []Step
	next := 1
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		step, err := parseStep(line, next)
		if err != nil {
			return nil, fmt.Errorf("%q: %v", line, err)
		}
		steps, next = append(steps, step), step.ID+1
	}
	if len(steps) == 0 {
		return nil, errors.New("no steps")
	}
	return steps, nil
}

func parseStep(line string, id int) (Step, error) {
	if number, rest, ok := strings.Cut(line, ": "); ok {
		if given, err := strconv.Atoi(number); err == nil {
			id, line = given, rest
		}
	}
	method, rest, ok := strings.Cut(line, " ")
	if !ok {
		return Step{}, errors.New("no path")
	}
	step := Step{ID: id, Method: method}
	var body string
	step.Path, body, ok = strings.Cut(rest, " {")
	if !ok {
		return step, nil
	}
	return step, decode([]byte("{"+body), &step.Body)
}

// encode is JSON without the escapes for HTML, for people to read.
func encode(value any) []byte {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return fmt.Appendf(nil, "%q", err.Error()) // what is encoded here came from JSON or a generator
	}
	return bytes.TrimSpace(text.Bytes())
}

// decode keeps numbers as they are written.
func decode(raw []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	return decoder.Decode(into)
}
