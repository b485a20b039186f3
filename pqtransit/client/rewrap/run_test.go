package rewrap

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/vault/api"

	"github.com/palisade-vault/palisade/pqtransit/client"
)

// engine stands in for a mount with a key of three versions: it rewraps vault:vN:X to
// vault:v3:X, so that what was done twice or not at all shows.
type engine struct {
	mu sync.Mutex // guards the rest
	// largest is how many items were in one request.
	largest, requests int
	// refuse answers a status other than 0 to a request.
	refuse func(nth int, items []client.Rewrapping) (status int, text string)
}

// count is the requests so far: some may still be under way when a run has ended.
func (e *engine) count() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.requests
}

func (e *engine) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet {
		answer(w, map[string]any{"name": "k", "type": "aes256-gcm96", "latest_version": 3})
		return
	}
	var body struct {
		Items []client.Rewrapping `json:"batch_input"`
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		panic(err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.requests++
	e.largest = max(e.largest, len(body.Items))
	if e.refuse != nil {
		if status, text := e.refuse(e.requests, body.Items); status != 0 {
			w.WriteHeader(status)
			_ = json.NewEncoder(w).Encode(map[string]any{"errors": []string{text}})
			return
		}
	}
	results := make([]client.Rewrapped, len(body.Items))
	for i, item := range body.Items {
		_, rest, _ := strings.Cut(strings.TrimPrefix(item.Ciphertext, "vault:v"), ":")
		if strings.HasPrefix(rest, "bad") || !strings.HasPrefix(item.Ciphertext, "vault:v") {
			results[i].Error = "invalid ciphertext"
			continue
		}
		results[i] = client.Rewrapped{Ciphertext: "vault:v3:" + rest + item.Context + item.AssociatedData, KeyVersion: 3}
	}
	answer(w, map[string]any{"batch_results": results})
}

func answer(w http.ResponseWriter, data any) {
	_ = json.NewEncoder(w).Encode(map[string]any{"data": data})
}

func newJob(t *testing.T, e *engine, batch int) Job {
	t.Helper()
	server := httptest.NewServer(e)
	t.Cleanup(server.Close)
	config := api.DefaultConfig()
	config.Address, config.MaxRetries = server.URL, 0
	vault, err := api.NewClient(config)
	if err != nil {
		t.Fatal(err)
	}
	return Job{Mount: client.NewMount(vault, "transit"), Key: "k", BatchSize: batch, Parallel: 3}
}

// lines of every kind, and what they become.
const (
	mixed = "vault:v1:a\n" +
		"\n" +
		"vault:v3:b\r\n" +
		"vault:v2:bad\n" +
		`{"id": 7, "ciphertext" : "vault:v1:c", "context":"Y3R4", "note":"vault:v1:c <&>"}` + "\n" +
		`  {"associated_data":"YQ==","ciphertext":"vault:v2:d"}  ` + "\r\n" +
		`{"ciphertext":7}` + "\n" +
		`{"id":1}` + "\n" +
		`{"ciphertext":"vault:v3:e","x":[{"ciphertext":"no"}]}` + "\n" +
		"noise\n" +
		"vault:v2:last"
	mixedBecomes = "vault:v3:a\n" +
		"\n" +
		"vault:v3:b\r\n" +
		"vault:v2:bad\n" +
		`{"id": 7, "ciphertext" : "vault:v3:cY3R4", "context":"Y3R4", "note":"vault:v1:c <&>"}` + "\n" +
		`  {"associated_data":"YQ==","ciphertext":"vault:v3:dYQ=="}  ` + "\r\n" +
		`{"ciphertext":7}` + "\n" +
		`{"id":1}` + "\n" +
		`{"ciphertext":"vault:v3:e","x":[{"ciphertext":"no"}]}` + "\n" +
		"noise\n" +
		"vault:v3:last\n"
)

func mixedSummary() Summary {
	return Summary{
		Key: "transit/k", Lines: 11, Rewrapped: 4, Latest: 2, Blank: 1, Failed: 4,
		Failures: []Failure{
			{4, "invalid ciphertext"},
			{7, "not a JSON object of the fields that rewrap takes"},
			{8, "the object has no ciphertext"},
			{10, "invalid ciphertext"},
		},
	}
}

func TestEveryLineComesOutInItsPlace(t *testing.T) {
	for _, batch := range []int{1, 2, 3, 100} {
		e := &engine{}
		job, seen := newJob(t, e, batch), 0
		job.Seen = func(n int) { seen += n }
		var out bytes.Buffer
		got, err := job.Run(t.Context(), strings.NewReader(mixed), Stream{Out: &out})
		if diff := cmp.Diff(mixedBecomes, out.String()); diff != "" || err != nil {
			t.Errorf("batches of %d: %v %s", batch, err, diff)
		}
		if diff := cmp.Diff(mixedSummary(), got); diff != "" {
			t.Error(diff)
		}
		if e.largest > batch || seen != 11 {
			t.Errorf("batches of %d: %d items in a request, %d lines seen", batch, e.largest, seen)
		}
	}
}

func TestVersions(t *testing.T) {
	job := newJob(t, &engine{}, 10)
	job.Version = 2
	var out bytes.Buffer
	got, err := job.Run(t.Context(), strings.NewReader("vault:v2:a\nvault:v3:b\n"), Stream{Out: &out})
	if err != nil || got.Latest != 1 || got.Rewrapped != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	job.Version = 4
	if _, err := job.Run(t.Context(), strings.NewReader("vault:v2:a"), Stream{Out: &out}); err == nil || !strings.Contains(err.Error(), "no version 4") {
		t.Error(err)
	}
}

// A request that Vault refuses as a whole is halved until the line shows.
func TestARefusedBatchIsHalved(t *testing.T) {
	e := &engine{refuse: func(_ int, items []client.Rewrapping) (int, string) {
		if len(items) > 3 {
			return http.StatusRequestEntityTooLarge, "too large"
		}
		for _, item := range items {
			if item.Ciphertext == "vault:v1:long" {
				return http.StatusInternalServerError, "JSON string value exceeds allowed length"
			}
		}
		return 0, ""
	}}
	in := strings.Repeat("vault:v1:x\n", 9) + "vault:v1:long\n" + strings.Repeat("vault:v1:y\n", 9)
	var out bytes.Buffer
	got, err := newJob(t, e, 100).Run(t.Context(), strings.NewReader(in), Stream{Out: &out})
	want := strings.Repeat("vault:v3:x\n", 9) + "vault:v1:long\n" + strings.Repeat("vault:v3:y\n", 9)
	if err != nil || got.Rewrapped != 18 || got.Failed != 1 || got.Failures[0].Line != 10 || out.String() != want {
		t.Errorf("%v, %+v\n%s", err, got, out.String())
	}
}

func TestFaultsOfTheWholeRunEndIt(t *testing.T) {
	for _, status := range []int{http.StatusForbidden, http.StatusNotFound, http.StatusServiceUnavailable, http.StatusInternalServerError} {
		e := &engine{refuse: func(int, []client.Rewrapping) (int, string) { return status, "no" }}
		got, err := newJob(t, e, 2).Run(t.Context(), strings.NewReader(mixed), Stream{Out: &bytes.Buffer{}})
		if requests := e.count(); err == nil || requests > 6 {
			t.Errorf("status %d: %v after %d requests, %+v", status, err, requests, got)
		}
	}
	e := &engine{refuse: func(int, []client.Rewrapping) (int, string) { return 400, "encryption key not found" }}
	if _, err := newJob(t, e, 2).Run(t.Context(), strings.NewReader(mixed), Stream{Out: &bytes.Buffer{}}); err == nil {
		t.Error("a key that went away counts as failed lines")
	}
}

func TestAnInterruptEndsARunThatWaitsForInput(t *testing.T) {
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	job := newJob(t, &engine{}, 1)
	job.Seen = func(int) { cancel() }
	if _, err := write.WriteString("vault:v1:a\n"); err != nil {
		t.Fatal(err)
	}
	if _, err := job.Run(ctx, read, Stream{Out: &bytes.Buffer{}}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if err := errors.Join(write.Close(), read.Close()); err != nil {
		t.Error(err)
	}
}

var errCrash = errors.New("crash")

// A run that dies at any step of its journal, or whose Vault dies at any request, and is
// started again as often as needed leaves what an undisturbed one leaves.
func TestARunSurvivesItsDeathAtAnyPoint(t *testing.T) {
	deaths := 0
	for n := 1; ; n++ {
		path := filepath.Join(t.TempDir(), "out")
		steps, died := 0, false
		failing := func(string) error {
			if steps++; steps == n {
				died = true
				return errCrash
			}
			return nil
		}
		var err error
		for range 3 {
			if err = runOnce(newJob(t, &engine{}, 2), path, mixed, failing); err == nil {
				break
			}
			if !strings.Contains(err.Error(), errCrash.Error()) {
				t.Fatalf("step %d: %v", n, err)
			}
		}
		wantFinished(t, fmt.Sprintf("step %d", n), path, err)
		if !died {
			break
		}
		deaths++
	}
	if deaths < 20 {
		t.Errorf("died at %d steps only", deaths)
	}
	for n := 1; n <= 6; n++ {
		path := filepath.Join(t.TempDir(), "out")
		e := &engine{refuse: func(nth int, _ []client.Rewrapping) (int, string) {
			if nth == n {
				return http.StatusServiceUnavailable, "sealed"
			}
			return 0, ""
		}}
		if err := runOnce(newJob(t, e, 2), path, mixed, nil); err == nil {
			t.Errorf("request %d: the run did not notice", n)
		}
		wantFinished(t, fmt.Sprintf("request %d", n), path, runOnce(newJob(t, e, 2), path, mixed, nil))
	}
}

func runOnce(job Job, path, in string, failing func(string) error) error {
	journal, err := openJournal(path, "transit/k", failing)
	if err != nil {
		return err
	}
	got, err := job.Run(context.Background(), strings.NewReader(in), journal)
	if err == nil && cmp.Diff(mixedSummary(), got) != "" {
		err = fmt.Errorf("summary %+v", got)
	}
	return errors.Join(err, journal.Close())
}

func wantFinished(t *testing.T, name, path string, err error) {
	t.Helper()
	out, readErr := os.ReadFile(path)
	entries, listErr := os.ReadDir(filepath.Dir(path))
	if err := errors.Join(err, readErr, listErr); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if diff := cmp.Diff(mixedBecomes, string(out)); diff != "" {
		t.Errorf("%s: %s", name, diff)
	}
	if len(entries) != 1 {
		t.Errorf("%s: more than the output is left: %v", name, entries)
	}
}
