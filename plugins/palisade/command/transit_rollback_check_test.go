package command

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

var _ = addSample("transit rollback-check", func(*testing.T) sample {
	return sample{words: []string{"transit"}, vault: answers(map[string]any{
		"transit/rollback-check": map[string]any{"total": 3, "next": "", "keys": []any{
			map[string]any{"name": "orders", "types": map[string]any{"1": "x25519-mlkem768"}, "reasons": []any{"because"}},
		}},
	})}
})

// answers stands in for Vault with fixed data by path.
func answers(data map[string]any) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		found, ok := data[strings.TrimPrefix(r.URL.Path, "/v1/")]
		if !ok {
			w.WriteHeader(http.StatusNotFound)
			_, _ = w.Write([]byte(`{"errors":[]}`))
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"data": found})
	})
}

func TestRollbackCheckTellsByItsExitCode(t *testing.T) {
	for _, test := range []struct {
		answer map[string]any
		code   int
		out    string
	}{
		{map[string]any{"transit/rollback-check": map[string]any{"total": 2, "next": "", "keys": []any{}}}, exitOK, "all 2 keys of transit"},
		{map[string]any{"transit/rollback-check": map[string]any{"total": 2, "next": "", "keys": []any{}, "settings_ignored": []string{"a", "b"}}}, exitOK, "has, of: a, b\n"},
		{nil, exitLocal, ""},
	} {
		environment(t, answers(test.answer))
		got := palisade(t, "", "transit", "rollback-check", "transit/")
		if got.code != test.code || !strings.Contains(got.out, test.out) {
			t.Errorf("%v: code %d: %q %q", test.answer, got.code, got.out, got.err)
		}
	}
	environment(t, samples["transit rollback-check"](t).vault)
	got := palisade(t, "", "transit", "rollback-check", "transit")
	if got.code != exitNo || !strings.Contains(got.out, "orders    because") || !strings.Contains(got.out, "1 of the 3 keys") || got.err != "" {
		t.Errorf("code %d: %q %q", got.code, got.out, got.err)
	}
}
