package pqtransit_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/vault/sdk/logical"
)

// FuzzBatch sends any JSON object to what takes batches: each is answered with a result for
// each item, or refused whole, and nothing panics.
func FuzzBatch(f *testing.F) {
	seeds, err := filepath.Glob(filepath.Join("testdata", "requests", "*.json"))
	if err != nil || len(seeds) < 10 {
		f.Fatalf("%d seeds, %v", len(seeds), err)
	}
	for _, path := range seeds {
		body, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var request object
		if json.Unmarshal(body, &request) != nil {
			return
		}
		delete(request, "partial_failure_response_code") // else any status is right
		m := newMount(t)
		m.MustWrite("keys/a", object{})
		m.MustWrite("keys/h", object{"type": hybrid})
		m.MustWrite("keys/s", object{"type": "ecdsa-p256"})
		m.MustWrite("keys/k", object{"type": hybrid, "purpose": "key-encapsulation"})
		m.MustWrite("keys/c", object{"type": "aes256-cmac"})
		items, isBatch := request["batch_input"].([]any)
		paths := []string{
			"encrypt/a", "decrypt/a", "rewrap/a", "hmac/a", "verify/a", "encrypt/h", "decrypt/h", "rewrap/h",
			"sign/s", "verify/s", "encapsulate/k", "decapsulate/k", "age-unwrap/h", "cmac/c", "verify/c",
		}
		for _, path := range paths {
			got := m.Do(t.Context(), logical.UpdateOperation, path, request)
			if got.Status == http.StatusInternalServerError || strings.Contains(m.Logs.String(), "panic") {
				t.Fatalf("%s: %d %s\n%s", path, got.Status, got.Message, m.Logs)
			}
			if list, ok := got.Data["batch_results"].([]any); isBatch && ok && len(list) != len(items) {
				t.Fatalf("%s: %d results for %d items", path, len(list), len(items))
			}
		}
	})
}
