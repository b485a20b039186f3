package parity

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/hashicorp/hcl/v2/hclsimple"
)

// Allowed is the list of differences that may be. It counts which are met; the methods may be
// called at once from several goroutines.
type Allowed struct {
	entries []*entry
	mutex   sync.Mutex // guards the entries' counts
}

// entry is one block of the file.
type entry struct {
	// Name is short and unique.
	Name string `hcl:"name,label"`
	// Row is a part of the row of docs/transit-compatibility.md that says why.
	Row string `hcl:"row"`
	// Reason is why, in a few words.
	Reason string `hcl:"reason"`
	// Operations it may occur in.
	Operations []string `hcl:"operations"`
	// Path in the body, * for a number or name; "" is the outcome.
	Path string `hcl:"path,optional"`
	// Request is a regular expression that the step's text has to contain, to keep the entry from
	// requests that it is not about; optional.
	Request string `hcl:"request,optional"`
	// Builtin and PQTransit are regular expressions for the whole of what each engine has
	// there. TEXT in them stands for the same one of texts in both, WRAP for core's words before
	// the text of an error, and <name> in PQTransit for
	// what the group (?P<name>...) of Builtin has matched.
	Builtin   string   `hcl:"builtin"`
	PQTransit string   `hcl:"pqtransit"`
	Texts     []string `hcl:"texts,optional"`
	// Examples are scenarios whose last step shows the difference; of each text one.
	Examples []string `hcl:"examples"`
	// Exclusive examples change the mount's settings.
	Exclusive bool `hcl:"exclusive,optional"`

	path    *regexp.Regexp
	request *regexp.Regexp
	cases   []*pattern
}

// pattern is an entry with one of its texts.
type pattern struct {
	builtin   *regexp.Regexp
	pqtransit string // with <name>, so it is compiled for each match
	text      string
	count     int
}

// matches reports whether the pattern is that of the difference.
func (p *pattern) matches(builtin, pqtransit string) bool {
	found := p.builtin.FindStringSubmatch(builtin)
	if found == nil {
		return false
	}
	var filled []string
	for i, name := range p.builtin.SubexpNames() {
		if name != "" {
			filled = append(filled, "<"+name+">", regexp.QuoteMeta(found[i]))
		}
	}
	expression, err := regexp.Compile(strings.NewReplacer(filled...).Replace(p.pqtransit))
	return err == nil && expression.MatchString(pqtransit)
}

// ReadAllowed parses the list. rows is the document that each entry refers to.
func ReadAllowed(file string, source []byte, rows string) (*Allowed, error) {
	var list struct {
		Entries []*entry `hcl:"difference,block"`
	}
	if err := hclsimple.Decode(file, source, nil, &list); err != nil {
		return nil, fmt.Errorf("reading the allowed differences: %v", err)
	}
	names := map[string]bool{}
	for _, e := range list.Entries {
		err := e.compile(rows)
		if names[e.Name] {
			err = errors.Join(err, errors.New("there are two of this name"))
		}
		if err != nil {
			return nil, fmt.Errorf("allowed difference %q: %v", e.Name, err)
		}
		names[e.Name] = true
	}
	return &Allowed{entries: list.Entries}, nil
}

func (e *entry) compile(rows string) error {
	switch {
	case !strings.Contains(rows, e.Row) || len(e.Row) < 10:
		return fmt.Errorf("its row is not in the document: %s", e.Row)
	case len(e.Reason) < 10 || len(e.Operations) == 0 || len(e.Examples) == 0:
		return errors.New("it needs a reason, operations and examples")
	case strings.Contains(e.Builtin, "TEXT") != (len(e.Texts) > 0):
		return errors.New("TEXT and texts go together")
	}
	expression := strings.NewReplacer(".", `\.`, "*", `[^.]+`).Replace(e.Path)
	e.path = regexp.MustCompile("^" + expression + "$")
	var err error
	if e.request, err = regexp.Compile(e.Request); err != nil {
		return err
	}
	texts := e.Texts
	if len(texts) == 0 {
		texts = []string{""}
	}
	for _, text := range texts {
		made, err := newPattern(e, text)
		if err != nil {
			return err
		}
		e.cases = append(e.cases, made)
	}
	return nil
}

func newPattern(e *entry, text string) (*pattern, error) {
	whole := func(expression string) string {
		words := strings.NewReplacer("TEXT", "(?:"+text+")", "WRAP", wrap)
		return "(?s)^(?:" + words.Replace(expression) + ")$"
	}
	builtin, err := regexp.Compile(whole(e.Builtin))
	if err != nil {
		return nil, err
	}
	if _, err := regexp.Compile(strings.ReplaceAll(whole(e.PQTransit), "(?P<", "(?P<x")); err != nil {
		return nil, err
	}
	made := &pattern{builtin: builtin, pqtransit: whole(e.PQTransit), text: text}
	for _, left := range samples {
		for _, right := range samples {
			if made.matches(left, right) {
				return nil, fmt.Errorf("it would hide other differences, such as %q and %q", left, right)
			}
		}
	}
	return made, nil
}

// wrap is what core puts before the text of an error that is no error response.
const wrap = `1 error occurred:\s+\* `

// samples are differences that no entry may allow, in pairs.
var samples = []string{"400 any text", "500 any text", "200", absent, `"any text"`, `"YW55"`, "400 1 error occurred:\n\t* any text", "500 1 error occurred:\n\t* any text"}

// Match finds the entry that allows a difference, counts it, and returns its name.
func (a *Allowed) Match(d Difference) (name string, ok bool) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	for _, e := range a.entries {
		if !slices.Contains(e.Operations, d.Step.Operation()) || !e.path.MatchString(d.Path) || !e.request.MatchString(d.Step.String()) {
			continue
		}
		for _, c := range e.cases {
			if c.matches(d.Builtin, d.PQTransit) {
				c.count++
				return e.Name, true
			}
		}
	}
	return "", false
}

// Unused lists what no request has shown.
func (a *Allowed) Unused() []string {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	var unused []string
	for _, e := range a.entries {
		for _, c := range e.cases {
			if c.count == 0 {
				unused = append(unused, strings.TrimSpace(e.Name+" "+c.text))
			}
		}
	}
	return unused
}

// Examples are the scenarios that show the allowed differences.
func (a *Allowed) Examples() ([]Scenario, error) {
	var scenarios []Scenario
	for _, e := range a.entries {
		for i, example := range e.Examples {
			steps, err := ParseSteps(example)
			if err != nil {
				return nil, fmt.Errorf("allowed difference %q, example %d: %v", e.Name, i+1, err)
			}
			name := fmt.Sprintf("example %d of %s", i+1, e.Name)
			scenarios = append(scenarios, Scenario{Name: name, Steps: steps, Exclusive: e.Exclusive})
		}
	}
	return scenarios, nil
}
