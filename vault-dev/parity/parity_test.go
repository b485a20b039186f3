package parity_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/palisade-vault/palisade/vault-dev/parity"
)

type object = map[string]any

// engine is a side that answers as told, and remembers what it was asked.
type engine struct {
	mutex  sync.Mutex
	asked  []string
	answer func(request parity.Request) parity.Answer
}

func (e *engine) Send(_ context.Context, request parity.Request) (parity.Answer, error) {
	e.mutex.Lock()
	e.asked = append(e.asked, fmt.Sprint(request.Method, " ", request.Path, " ", request.Body))
	e.mutex.Unlock()
	if request.Path == "wrapping_key" {
		return result(object{"public_key": ""}), nil
	}
	return e.answer(request), nil
}

func result(data object) parity.Answer { return parity.Answer{Status: 200, Body: object{"data": data}} }

func refusal(status int, text string) parity.Answer {
	return parity.Answer{Status: status, Body: object{"errors": []any{text}}}
}

const document = `| a mistake of the caller | 500 | 400, same text |`

const list = `difference "a mistake" {
  reason     = "the caller's mistake"
  row        = "a mistake of the caller"
  operations = ["hash"]
  builtin    = "500 WRAP(?P<text>TEXT)"
  pqtransit  = "400 <text>"
  texts      = ["bad input"]
  examples   = ["POST hash {\"input\":\"%\"}"]
}`

func allowed(t *testing.T, source string) *parity.Allowed {
	t.Helper()
	read, err := parity.ReadAllowed("list.hcl", []byte(source), document)
	if err != nil {
		t.Fatal(err)
	}
	return read
}

func pair(t *testing.T, builtin, pqtransit func(parity.Request) parity.Answer) (*parity.Pair, *engine, *engine) {
	t.Helper()
	left, right := &engine{answer: builtin}, &engine{answer: pqtransit}
	made, err := parity.NewPair(t.Context(), [2]parity.Side{left, right}, allowed(t, list), "t")
	if err != nil {
		t.Fatal(err)
	}
	return made, left, right
}

func scenario(t *testing.T, text string) parity.Scenario {
	t.Helper()
	steps, err := parity.ParseSteps(text)
	if err != nil {
		t.Fatal(err)
	}
	return parity.Scenario{Name: "a test", Steps: steps}
}

func TestStepsReadAsTheyAreWritten(t *testing.T) {
	text := "1: POST keys/{{n}}k {\"n\":1.0,\"type\":\"<a>\"}\n4: GET keys/{{n}}k\n5: LIST keys\n"
	if diff := cmp.Diff(text, scenario(t, text).Text()); diff != "" {
		t.Error(diff)
	}
	for _, text := range []string{"", "GET", `POST x {"a":`} {
		if _, err := parity.ParseSteps(text); err == nil {
			t.Errorf("%q is taken for steps", text)
		}
	}
}

func TestOperationAndKeyOfAStep(t *testing.T) {
	for line, want := range map[string][2]string{
		"POST encrypt/k":             {"encrypt", "k"},
		"POST keys/k":                {"create", "k"},
		"PUT keys/k/config":          {"config", "k"},
		"POST keys/k/other":          {"other", "k"},
		"GET keys/k?context=YQ==":    {"read", "k"},
		"DELETE keys/k":              {"delete", "k"},
		"LIST keys/":                 {"list", ""},
		"GET export/hmac-key/k/1":    {"export", "k"},
		"POST datakey/wrapped/k":     {"datakey", "k"},
		"GET byok-export/to/k":       {"byok-export", "k"},
		"POST hash/sha2-256":         {"hash", ""},
		"POST restore":               {"restore", ""},
		"POST keys/k/import_version": {"import_version", "k"},
	} {
		step := scenario(t, line).Steps[0]
		if got := [2]string{step.Operation(), step.Key()}; got != want {
			t.Errorf("%s: %v, want %v", line, got, want)
		}
	}
}

// A seed gives the same scenarios again, and others than the next one; between them they do
// everything that is to be compared.
func TestScenariosComeFromTheSeed(t *testing.T) {
	operations := map[string]int{}
	for number := range 400 {
		made := parity.Generate(7, number)
		if diff := cmp.Diff(made.Text(), parity.Generate(7, number).Text()); diff != "" {
			t.Fatal(diff)
		}
		if len(made.Steps) > 0 && made.Text() == parity.Generate(8, number).Text() && len(made.Text()) > 200 {
			t.Errorf("scenario %d is the same with another seed", number)
		}
		for _, step := range made.Steps {
			operations[step.Operation()]++
		}
		again := scenario(t, made.Text())
		if diff := cmp.Diff(made.Text(), again.Text()); diff != "" {
			t.Error(diff)
		}
	}
	for _, operation := range []string{
		"create", "read", "delete", "config", "rotate", "trim", "import", "import_version", "export", "byok-export", "backup", "restore",
		"csr", "set-certificate", "config", "cache-config", "encrypt", "decrypt", "rewrap", "datakey", "sign", "verify", "hmac", "hash", "random",
	} {
		if operations[operation] == 0 {
			t.Errorf("no scenario does %s", operation)
		}
	}
}

// Every kind of change to an answer is a difference.
func TestAChangedAnswerIsReported(t *testing.T) {
	whole := func() parity.Answer {
		return parity.Answer{Status: 200, Body: object{"warnings": []any{"w"}, "data": object{
			"name": "k", "derived": false, "keys": object{"1": "a"}, "list": []any{"x", "y"},
		}}}
	}
	data := func(a parity.Answer) object { return a.Data() }
	for name, change := range map[string]func(a *parity.Answer){
		"status":           func(a *parity.Answer) { a.Status = 201 },
		"dropped":          func(a *parity.Answer) { *a = parity.Answer{} },
		"error":            func(a *parity.Answer) { *a = refusal(400, "no") },
		"field gone":       func(a *parity.Answer) { delete(data(*a), "name") },
		"field more":       func(a *parity.Answer) { data(*a)["more"] = nil },
		"type":             func(a *parity.Answer) { data(*a)["derived"] = "false" },
		"value":            func(a *parity.Answer) { data(*a)["derived"] = true },
		"value below":      func(a *parity.Answer) { data(*a)["keys"] = object{"1": "b"} },
		"shorter list":     func(a *parity.Answer) { data(*a)["list"] = []any{"x"} },
		"order of a list":  func(a *parity.Answer) { data(*a)["list"] = []any{"y", "x"} },
		"warning":          func(a *parity.Answer) { a.Body["warnings"] = []any{"v"} },
		"warnings gone":    func(a *parity.Answer) { a.Body["warnings"] = nil },
		"lease":            func(a *parity.Answer) { a.Body["lease_duration"] = 1 },
		"data gone":        func(a *parity.Answer) { a.Body["data"] = nil },
		"data of no field": func(a *parity.Answer) { a.Body["data"] = object{} },
	} {
		t.Run(name, func(t *testing.T) {
			for _, swap := range []bool{false, true} {
				left, right := whole(), whole()
				change(&right)
				if swap {
					left, right = right, left
				}
				made, _, _ := pair(t, func(parity.Request) parity.Answer { return left }, func(parity.Request) parity.Answer { return right })
				found := findings(t, made, "GET keys/{{n}}k")
				if len(found) == 0 {
					t.Errorf("not reported (swapped: %t)", swap)
				}
			}
		})
	}
	made, _, _ := pair(t, func(parity.Request) parity.Answer { return whole() }, func(parity.Request) parity.Answer { return whole() })
	if found := findings(t, made, "GET keys/{{n}}k"); len(found) != 0 {
		t.Errorf("the same answers are said to differ: %v", found)
	}
}

// findings runs the steps as the only scenario of a list.
func findings(t *testing.T, p *parity.Pair, steps string) []parity.Finding {
	t.Helper()
	got, err := p.Run(t.Context(), scenario(t, steps), nil)
	if err != nil {
		t.Fatal(err)
	}
	return got.Findings
}

func TestAllowedDifferences(t *testing.T) {
	for name, test := range map[string]struct {
		operation, builtin, pqtransit string
		want                          bool
	}{
		"as listed":         {"hash", "500 1 error occurred:\n\t* bad input", "400 bad input", true},
		"another text":      {"hash", "500 1 error occurred:\n\t* bad inputs", "400 bad inputs", false},
		"texts differ":      {"hash", "500 1 error occurred:\n\t* bad input", "400 other", false},
		"another status":    {"hash", "500 1 error occurred:\n\t* bad input", "404 bad input", false},
		"another operation": {"hmac", "500 1 error occurred:\n\t* bad input", "400 bad input", false},
		"other way round":   {"hash", "400 bad input", "500 1 error occurred:\n\t* bad input", false},
	} {
		t.Run(name, func(t *testing.T) {
			read := allowed(t, list)
			d := parity.Difference{Step: parity.Step{Method: "POST", Path: test.operation, Body: object{"input": "x"}}, Builtin: test.builtin, PQTransit: test.pqtransit}
			if _, ok := read.Match(d); ok != test.want {
				t.Errorf("allowed: %t", ok)
			}
			if used := len(read.Unused()) == 0; used != test.want {
				t.Errorf("counted as used: %t", used)
			}
		})
	}
}

func TestListsThatAreRefused(t *testing.T) {
	for name, change := range map[string][2]string{
		"no reason":          {`"the caller's mistake"`, `""`},
		"row that is gone":   {`"a mistake of the caller"`, `"a mistake of nobody"`},
		"no example":         {`["POST hash {\"input\":\"%\"}"]`, `[]`},
		"text without place": {`TEXT`, `.*`},
		"too broad":          {`["bad input"]`, `[".*"]`},
		"not an expression":  {`["bad input"]`, `["("]`},
		"not HCL":            {`difference`, `difference {`},
	} {
		t.Run(name, func(t *testing.T) {
			source := strings.Replace(list, change[0], change[1], 1)
			if _, err := parity.ReadAllowed("list.hcl", []byte(source), document); err == nil {
				t.Error("taken")
			}
		})
	}
	if _, err := parity.ReadAllowed("list.hcl", []byte(list+"\n"+list), document); err == nil {
		t.Error("two of one name are taken")
	}
}

// The list itself is sound, and each row that it names is there.
func TestTheListIsSound(t *testing.T) {
	source, err := os.ReadFile("testdata/allowed.hcl")
	if err != nil {
		t.Fatal(err)
	}
	rows, err := os.ReadFile("../../docs/transit-compatibility.md")
	if err != nil {
		t.Fatal(err)
	}
	read, err := parity.ReadAllowed("testdata/allowed.hcl", source, string(rows))
	if err != nil {
		t.Fatal(err)
	}
	examples, err := read.Examples()
	if err != nil || len(examples) == 0 {
		t.Errorf("%d examples, %v", len(examples), err)
	}
}

// What one engine was answered reaches the other where the step says so, and only there.
func TestReferences(t *testing.T) {
	answer := func(side string) func(parity.Request) parity.Answer {
		return func(parity.Request) parity.Answer {
			return result(object{"ciphertext": "vault:v1:AAAA", "list": []any{object{"from": side}}})
		}
	}
	made, left, right := pair(t, answer("l"), answer("r"))
	made.Sides = [2]parity.Side{left, right}
	_, err := made.Run(t.Context(), scenario(t, `
		POST encrypt/{{n}}k {"plaintext":""}
		POST decrypt/{{n}}k {"a":"{{1.ciphertext|tag v7}}","b":"{{1.ciphertext|flip}}","c":["{{1.ciphertext|cut}}"],"d":"{{9.x}}","e":7}`), nil)
	if err != nil {
		t.Fatal(err)
	}
	want := "POST decrypt/t1-k map[a:vault:v7:AAAA b:vault:v1:AAEA c:[vault:v1:AAA=] d:unresolved e:7]"
	for _, side := range []*engine{left, right} {
		if got := side.asked[len(side.asked)-1]; len(side.asked) == 3 && got != want {
			t.Errorf("%s\nwant %s", got, want)
		}
	}
}
