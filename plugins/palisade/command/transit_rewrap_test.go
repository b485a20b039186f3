package command

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var _ = addSample("transit rewrap", func(t *testing.T) sample {
	return sample{
		words: []string{"-output=" + filepath.Join(t.TempDir(), "out"), "transit/orders"},
		in:    "vault:v1:a\n",
		vault: rewrapper(),
	}
})

// rewrapper stands in for a mount whose key has two versions, and cannot open "bad".
func rewrapper() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var asked struct {
			Items []map[string]any `json:"batch_input"`
		}
		_ = json.NewDecoder(r.Body).Decode(&asked)
		results := []any{}
		for _, item := range asked.Items {
			if text, _ := item["ciphertext"].(string); strings.HasSuffix(text, ":bad") {
				results = append(results, map[string]any{"error": "invalid ciphertext"})
			} else {
				results = append(results, map[string]any{"ciphertext": strings.Replace(text, "v1", "v2", 1), "key_version": 2})
			}
		}
		answers(map[string]any{
			"transit/keys/orders":   map[string]any{"name": "orders", "latest_version": 2},
			"transit/rewrap/orders": map[string]any{"batch_results": results},
		}).ServeHTTP(w, r)
	})
}

func TestRewrapAsAFilter(t *testing.T) {
	environment(t, rewrapper())
	got := palisade(t, "vault:v1:a\nvault:v1:bad\nvault:v2:c", "transit", "rewrap", "transit/orders")
	if diff := cmp.Diff("vault:v2:a\nvault:v1:bad\nvault:v2:c\n", got.out); diff != "" || got.code != exitNo {
		t.Errorf("code %d: %s", got.code, diff)
	}
	for _, want := range []string{"transit/orders    3        1            1                 0        1", "line 2: invalid ciphertext"} {
		if !strings.Contains(got.err, want) {
			t.Errorf("%q is not in %s", want, got.err)
		}
	}
}

func TestRewrapOfAFile(t *testing.T) {
	environment(t, rewrapper())
	folder := t.TempDir()
	in, out := filepath.Join(folder, "in"), filepath.Join(folder, "out")
	if err := os.WriteFile(in, []byte(strings.Repeat("vault:v1:a\n", 30)+strings.Repeat("vault:v1:bad\n", 30)), 0o600); err != nil {
		t.Fatal(err)
	}
	got := palisade(t, "", "transit", "rewrap", "-batch-size=7", "-output="+out, "transit/keys/orders", in)
	if got.code != exitNo || got.err != "" || !strings.Contains(got.out, "and 10 more lines") {
		t.Errorf("code %d: %s%s", got.code, got.out, got.err)
	}
	written, err := os.ReadFile(out)
	if err != nil || strings.Count(string(written), "vault:v2:a\n") != 30 {
		t.Errorf("%v, %s", err, written)
	}
	if got := palisade(t, "", "transit", "rewrap", "-output="+out, "transit/orders", in); got.code != exitLocal || got.out != "" {
		t.Errorf("a finished output: code %d: %s%s", got.code, got.out, got.err)
	}
}

func TestRewrapChecksItsUsage(t *testing.T) {
	environment(t, rewrapper())
	for _, words := range [][]string{
		{"orders"},
		{"-batch-size=0", "transit/orders"},
		{"-batch-size=10001", "transit/orders"},
		{"-parallel=0", "transit/orders"},
		{"-key-version=-1", "transit/orders"},
		{"transit/orders", "/no/such/file"},
		{"transit/other"},
	} {
		if got := palisade(t, "vault:v1:a\n", append([]string{"transit", "rewrap"}, words...)...); got.code != exitLocal || got.out != "" || got.err == "" {
			t.Errorf("%q: code %d: %q %q", words, got.code, got.out, got.err)
		}
	}
}
