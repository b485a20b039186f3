package parity_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/palisade-vault/palisade/vault-dev/parity"
)

// honest answers everything the same way: a ciphertext, a plaintext, or that it is done.
func honest(request parity.Request) parity.Answer {
	operation := parity.Step{Method: request.Method, Path: request.Path}.Operation()
	switch {
	case operation == "hash" && request.Body["input"] == "%":
		return refusal(400, "bad input")
	case operation == "encrypt":
		return result(object{"ciphertext": "vault:v1:AAAA", "key_version": 1})
	case operation == "restore":
		return parity.Answer{Status: 204}
	}
	return result(object{"plaintext": "", "valid": true})
}

// built is the engine that honest is compared with in these tests: it makes a 500 of a mistake.
func built(request parity.Request) parity.Answer {
	if answer := honest(request); answer.Status == 400 {
		return refusal(500, "1 error occurred:\n\t* bad input\n\n")
	}
	return honest(request)
}

func TestARunCountsAndFindsNothing(t *testing.T) {
	made, left, right := pair(t, built, honest)
	var progress int
	report, err := made.CompareAll(t.Context(), parity.Options{Seed: 3, Requests: 400, Workers: 3, Progress: func(n int) { progress = n }})
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Findings) > 0 || len(report.Unshown) > 0 || len(made.Allowed.Unused()) > 0 {
		t.Errorf("%v %v %v", report.Findings, report.Unshown, made.Allowed.Unused())
	}
	if n := report.Tally.Requests; n < 400 || n+1 != len(left.asked) || n+1 != len(right.asked) || progress == 0 {
		t.Errorf("%d requests counted, %d and %d asked, %d told", n, len(left.asked), len(right.asked), progress)
	}
	for _, part := range []string{fmt.Sprint(report.Tally.Requests, " requests compared"), "  encrypt  ", "  decrypt of builtin by pqtransit", "  a mistake"} {
		if !strings.Contains(report.Tally.String(), part) {
			t.Errorf("no %q in\n%s", part, report.Tally)
		}
	}
}

// A difference of one operation is reported once, with the steps that it takes and no others.
func TestAFindingIsShrunk(t *testing.T) {
	made, _, _ := pair(t, built, func(request parity.Request) parity.Answer {
		answer := honest(request)
		if strings.HasPrefix(request.Path, "decrypt/") && request.Body["ciphertext"] == "vault:v1:AAAA" {
			answer.Data()["plaintext"] = "other"
		}
		return answer
	})
	report, err := made.CompareAll(t.Context(), parity.Options{Seed: 3, Requests: 2000, Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Findings) != 1 || report.Repeated == 0 {
		t.Fatalf("%d findings, %d repeated", len(report.Findings), report.Repeated)
	}
	found := report.Findings[0]
	steps := found.Scenario.Steps
	last := steps[len(steps)-1]
	if len(steps) > 2 || last.ID != found.StepID || last.Operation() != "decrypt" || len(last.Body) != 1 {
		t.Errorf("not as short as can be:\n%s", found)
	}
	for _, part := range []string{"decrypt, data.plaintext", `built-in:  ""`, `pqtransit: "other"`, "seed 3"} {
		if !strings.Contains(found.String(), part) {
			t.Errorf("no %q in\n%s", part, found)
		}
	}
}

// An entry whose example shows nothing any more, and one that nothing has shown, are both told.
func TestAnEntryThatIsNotNeededIsTold(t *testing.T) {
	made, _, _ := pair(t, honest, honest)
	report, err := made.CompareAll(t.Context(), parity.Options{Seed: 3, Requests: 50, Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"example 1 of a mistake"}, report.Unshown); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"a mistake bad input"}, made.Allowed.Unused()); diff != "" {
		t.Error(diff)
	}
	if missing := report.Tally.Missing(); len(missing) == 0 {
		t.Error("nothing is missing in a run of engines that do nothing")
	}
}

// Where keys differ, random values need only look alike; where they are known to be the same,
// what comes of them must be.
func TestWhatIsDetermined(t *testing.T) {
	backup := "eyJwb2xpY3kiOnsibmFtZSI6ImsiLCJ0eXBlIjowLCJsYXRlc3RfdmVyc2lvbiI6MX19" // {"policy":{"name":"k","type":0,"latest_version":1}}
	sides := func(field, left, right string) (*parity.Pair, *engine, *engine) {
		answer := func(value string) func(parity.Request) parity.Answer {
			return func(request parity.Request) parity.Answer {
				switch (parity.Step{Method: request.Method, Path: request.Path}).Operation() {
				case "create":
					return result(object{"type": "aes256-gcm96", "latest_version": 1})
				case "restore":
					return parity.Answer{Status: 204}
				}
				return result(object{field: value})
			}
		}
		return pair(t, answer(left), answer(right))
	}
	for name, test := range map[string]struct {
		steps, field, left, right string
		differ                    bool
	}{
		"HMACs of two keys":         {"POST keys/k {}\nPOST hmac/k {}", "hmac", "vault:v1:AAAA", "vault:v1:BBBB", false},
		"of two lengths":            {"POST keys/k {}\nPOST hmac/k {}", "hmac", "vault:v1:AAAA", "vault:v1:BBB=", true},
		"of two versions":           {"POST keys/k {}\nPOST hmac/k {}", "hmac", "vault:v1:AAAA", "vault:v2:AAAA", true},
		"HMACs of one key":          {"POST restore/k {\"backup\":\"" + backup + "\"}\nPOST hmac/k {}", "hmac", "vault:v1:AAAA", "vault:v1:BBBB", true},
		"ciphertexts of one key":    {"POST restore/k {\"backup\":\"" + backup + "\"}\nPOST encrypt/k {}", "ciphertext", "vault:v1:AAAA", "vault:v1:BBBB", false},
		"plaintexts":                {"POST keys/k {}\nPOST decrypt/k {}", "plaintext", "AAAA", "BBBB", true},
		"PEM of different kinds":    {"POST keys/k {}\nGET keys/k", "public_key", pemOf("A"), pemOf("B"), true},
		"random bytes":              {"POST random {}", "random_bytes", "AAAA", "BBBB", false},
		"random bytes in hex":       {"POST random {}", "random_bytes", "a4", "90", false},
		"random bytes of two sizes": {"POST random {}", "random_bytes", "AAAA", "BBBBBBBB", true},
		"sums":                      {"POST hash {}", "sum", "AAAA", "BBBB", true},
	} {
		t.Run(name, func(t *testing.T) {
			made, _, _ := sides(test.field, test.left, test.right)
			if found := findings(t, made, test.steps); len(found) > 0 != test.differ {
				t.Errorf("%d findings: %v", len(found), found)
			}
		})
	}
}

func pemOf(kind string) string {
	return "-----BEGIN " + kind + "-----\nAAAA\n-----END " + kind + "-----\n"
}

// A product that is pinned to one engine reaches the other only while their keys are the same.
func TestProductsOfOtherKeysStayAtHome(t *testing.T) {
	backup := "eyJwb2xpY3kiOnsibmFtZSI6ImsiLCJ0eXBlIjowLCJsYXRlc3RfdmVyc2lvbiI6MX19"
	side := func(letter string) func(parity.Request) parity.Answer {
		return func(request parity.Request) parity.Answer {
			if (parity.Step{Method: request.Method, Path: request.Path}).Operation() == "create" {
				return result(object{"type": "aes256-gcm96", "latest_version": 1})
			}
			return result(object{"ciphertext": "vault:v1:" + strings.Repeat(letter, 4)})
		}
	}
	for first, want := range map[string]string{
		"POST keys/k {}": "vault:v1:BBBB",
		"POST restore/k {\"backup\":\"" + backup + "\"}": "vault:v1:AAAA",
	} {
		made, _, right := pair(t, side("A"), side("B"))
		findings(t, made, first+"\nPOST encrypt/k {}\nPOST decrypt/k {\"ciphertext\":\"{{builtin:2.ciphertext}}\"}")
		if last := right.asked[len(right.asked)-1]; !strings.Contains(last, want) {
			t.Errorf("after %s the other engine gets %s, want %s", first, last, want)
		}
	}
}

func TestOnlyTheBuiltInEngineIsABaseline(t *testing.T) {
	if err := parity.CheckBaseline("m", "v1.21.1+builtin.vault"); err != nil {
		t.Error(err)
	}
	for _, running := range []string{"", "v0.1.0", "v1.21.1"} {
		if err := parity.CheckBaseline("m", running); err == nil {
			t.Errorf("%q passes for the built-in engine", running)
		}
	}
}
