package bench

import (
	"bytes"
	"errors"
	"flag"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/palisade-vault/palisade/pqtransit/suite"
)

func TestParse(t *testing.T) {
	for _, test := range []struct {
		name, args, err string
		cells           int
	}{
		{"short", "", "", 0},
		{"one cell", "-keys aes256-gcm96 -operations encrypt -batches 10 -connections 2", "", 1},
		{"no batches of data keys", "-keys aes256-gcm96 -operations datakey -batches single,10 -connections 2", "", 1},
		{"signatures need a signer", "-keys aes256-gcm96,ed25519 -operations sign -batches single -connections 1", "", 1},
		{"every type", "-keys all -operations encrypt,sign -batches single -connections 8", "", 0},
		{"full", "-full -keys rsa-2048 -operations verify", "", 15},
		{"full, narrowed", "-full -connections 1 -batches 5,6 -keys rsa-2048 -operations verify", "", 2},
		{"unknown type", "-keys rot13", "no key type \"rot13\"", 0},
		{"unknown operation", "-operations guess", "no operation \"guess\"", 0},
		{"too many items", "-batches 10001", "is not a number from 0 to 10000", 0},
		{"no connection", "-connections 0", "is not a number from 1", 0},
		{"no rounds", "-rounds 0", "at least 1", 0},
		{"no flag", "-nothing", "flag provided but not defined", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			o, err := Parse(strings.Fields(test.args), io.Discard)
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Fatalf("got %v, want %q", err, test.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := len(o.cells()); got == 0 || test.cells != 0 && got != test.cells {
				t.Errorf("%d cells, want %d: %v", got, test.cells, o.cells())
			}
		})
	}
	var help bytes.Buffer
	if _, err := Parse([]string{"-h"}, &help); !errors.Is(err, flag.ErrHelp) || !strings.Contains(help.String(), "bench -full") {
		t.Errorf("help: %v, %q", err, help.String())
	}
}

// Each operation's bare cryptography works on every type that has the operation, and the
// engines that are compared are those that have the type.
func TestEveryCellHasItsCryptography(t *testing.T) {
	o := Options{Keys: []string{"aes256-gcm96", "ecdsa-p256", "rsa-2048", "x25519-mlkem768", "hmac", "ml-dsa-44"}, Operations: operationNames(), Batches: []int{0}, Connections: []int{1}}
	seen := map[string]int{}
	for _, c := range o.cells() {
		bare, err := newBare(c)
		if err != nil {
			t.Errorf("%s: %v", c, err)
			continue
		}
		if took, err := timeBare(bare, 3*time.Millisecond); err != nil || took <= 0 {
			t.Errorf("%s: %s, %v", c, took, err)
		}
		seen[c.Operation]++
		algorithm, _ := suite.Lookup(c.Key)
		if want := 4 - 2*btoi(algorithm.StoredAs == suite.NotCommunity); len(c.engines()) != want {
			t.Errorf("%s: compared with %d engines, want %d", c, len(c.engines()), want)
		}
	}
	if diff := cmp.Diff(map[string]int{"encrypt": 3, "decrypt": 3, "datakey": 3, "sign": 3, "verify": 3, "hmac": 2}, seen); diff != "" {
		t.Error(diff)
	}
}

func btoi(condition bool) int {
	if condition {
		return 1
	}
	return 0
}

func TestResultsAreChecked(t *testing.T) {
	decrypt, verify := findOperation("decrypt"), findOperation("verify")
	for _, test := range []struct {
		name  string
		does  operation
		batch int
		data  object
		ok    bool
	}{
		{"right plaintext", decrypt, 0, object{"plaintext": "MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDA="}, true},
		{"other plaintext", decrypt, 0, object{"plaintext": "MDAw"}, false},
		{"no plaintext", decrypt, 0, object{}, false},
		{"valid", verify, 1, object{"batch_results": []any{object{"valid": true}}}, true},
		{"not valid", verify, 1, object{"batch_results": []any{object{"valid": false}}}, false},
		{"an error", verify, 1, object{"batch_results": []any{object{"valid": true, "error": "x"}}}, false},
		{"one too few", verify, 2, object{"batch_results": []any{object{"valid": true}}}, false},
		{"no batch", verify, 1, object{"valid": true}, false},
	} {
		if _, err := test.does.results(test.batch, test.data); (err == nil) != test.ok {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

func TestTurnSendsFromEveryConnection(t *testing.T) {
	var requests atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		if r.URL.Path == "/v1/broken" {
			w.WriteHeader(http.StatusBadRequest)
		}
		_, _ = io.WriteString(w, "answer")
	}))
	defer server.Close()
	senders := make([]sender, 3)
	for i := range senders {
		senders[i] = sender{client: server.Client(), address: server.URL}
	}
	taken, err := turn(t.Context(), senders, request{path: "fine", least: 6}, time.Nanosecond)
	if err != nil || len(taken.latencies) != int(requests.Load()) || len(taken.latencies) < 3 || taken.perRequest() <= 0 {
		t.Errorf("%d latencies of %d requests, %v", len(taken.latencies), requests.Load(), err)
	}
	if _, err := turn(t.Context(), senders, request{path: "fine", least: 7}, time.Nanosecond); err == nil {
		t.Error("answers that are too short passed")
	}
	if _, err := turn(t.Context(), senders, request{path: "broken"}, time.Hour); err == nil {
		t.Error("failures passed")
	}
}

// made is a measurement of two rounds, with one request of each engine a round.
func made(c cell, took map[engine]time.Duration, bare time.Duration) *measurement {
	m := &measurement{cell: c}
	for range 2 {
		r := round{samples: map[engine]sample{}, bare: bare}
		for e, each := range took {
			r.samples[e] = sample{elapsed: each, latencies: []time.Duration{each}}
		}
		m.rounds = append(m.rounds, r)
	}
	return m
}

func TestTargetsAreJudged(t *testing.T) {
	const ms = time.Millisecond
	for _, test := range []struct {
		name  string
		cell  cell
		took  map[engine]time.Duration
		bare  time.Duration
		fails []string // words of the targets that are missed
		total int
	}{
		{"all met", cell{"rsa-2048", "sign", 0, 8}, map[engine]time.Duration{builtin: ms, external: 2 * ms, ours: ms, floor: ms}, ms, nil, 3},
		{"slow", cell{"rsa-2048", "sign", 0, 8}, map[engine]time.Duration{builtin: ms, external: 2 * ms, ours: 300 * ms, floor: ms}, ms, []string{"floor", "external", "p99"}, 3},
		{"slow type", cell{"slh-dsa-sha2-128s", "sign", 0, 8}, map[engine]time.Duration{ours: 300 * ms, floor: ms}, 600 * ms, nil, 1},
		{"both cores", cell{"x25519-mlkem768", "decrypt", 100, 1}, map[engine]time.Duration{ours: 55 * ms, floor: ms}, ms, nil, 1},
		{"one core", cell{"x25519-mlkem768", "decrypt", 100, 1}, map[engine]time.Duration{ours: 101 * ms, floor: ms}, ms, []string{"half"}, 1},
		{"a batch of RSA", cell{"rsa-2048", "sign", 100, 1}, map[engine]time.Duration{builtin: 2 * ms, external: ms, ours: 2 * ms, floor: ms}, ms, []string{"built-in"}, 1},
		{"a batch of AES", cell{"aes256-gcm96", "encrypt", 100, 1}, map[engine]time.Duration{builtin: ms, external: 2 * ms, ours: 3 * ms, floor: 2 * ms}, 0, []string{"floor", "external"}, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			verdicts := made(test.cell, test.took, test.bare).verdicts()
			var fails []string
			for _, v := range verdicts {
				if !v.Met {
					fails = append(fails, v.Target)
				}
			}
			if len(verdicts) != test.total || len(fails) != len(test.fails) {
				t.Fatalf("%d verdicts, missed: %q", len(verdicts), fails)
			}
			for i, words := range test.fails {
				if !strings.Contains(fails[i], words) {
					t.Errorf("missed %q, want one about %q", fails[i], words)
				}
			}
		})
	}
}

func TestSpread(t *testing.T) {
	if got := newSpread([]float64{3, 1, 2, 10}); got != (spread{Median: 2.5, Least: 1, Most: 10}) {
		t.Errorf("got %+v", got)
	}
	if got := newSpread(nil).String(); got != "-" {
		t.Errorf("nothing is %q", got)
	}
}

func TestReportHasEveryLine(t *testing.T) {
	const ms = time.Millisecond
	r := newReport(Options{})
	r.Lines = []*measurement{
		made(cell{"rsa-2048", "sign", 0, 8}, map[engine]time.Duration{builtin: 2 * ms, external: 3 * ms, ours: ms, floor: ms}, ms),
		made(cell{"x25519-mlkem768", "decrypt", 100, 1}, map[engine]time.Duration{ours: 55 * ms, floor: ms}, ms),
	}
	r.Skipped = []string{"something"}
	var markdown, asJSON bytes.Buffer
	if err := errors.Join(r.write(&markdown), r.writeJSON(&asJSON)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"| rsa-2048 | sign | single | 8 | 1000.0 | 1.00 | 1.00 | 1000.0 | 2.00 (2.00–2.00) | 3.00", "| 100 | 1 |", "Not measured: something.", " met |"} {
		if !strings.Contains(markdown.String(), want) {
			t.Errorf("no %q in:\n%s", want, &markdown)
		}
	}
	lines := slices.Collect(strings.Lines(asJSON.String()))
	if len(lines) < 50 || !strings.Contains(asJSON.String(), `"Key": "rsa-2048"`) {
		t.Errorf("%d lines of JSON:\n%s", len(lines), &asJSON)
	}
}
