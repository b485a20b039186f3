package client_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/vault/api"

	"github.com/palisade-vault/palisade/pqtransit/client"
)

// vault is a client of a server that stands in for Vault.
func vault(t *testing.T, handler http.HandlerFunc) *api.Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	config := api.DefaultConfig()
	config.Address, config.MaxRetries = server.URL, 0
	made, err := api.NewClient(config)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func TestSplitKey(t *testing.T) {
	for path, want := range map[string][2]string{
		"transit/orders":      {"transit", "orders"},
		"transit/keys/orders": {"transit", "orders"},
		"a/b/c/orders/":       {"a/b/c", "orders"},
		"keys/orders":         {"keys", "orders"},
	} {
		mount, key, err := client.SplitKey(path)
		if err != nil || [2]string{mount, key} != want {
			t.Errorf("%s: %q, %q, %v", path, mount, key, err)
		}
	}
	for _, path := range []string{"", "orders", "/orders", "orders/"} {
		if mount, key, err := client.SplitKey(path); err == nil {
			t.Errorf("%q: %q, %q", path, mount, key)
		}
	}
}

func TestRollbackCheckReadsEveryPage(t *testing.T) {
	pages := map[string]string{
		"":  `{"data":{"total":4,"next":"b","settings_ignored":["z"],"keys":[{"name":"a","types":{"1":"x"},"reasons":["r"]},{"name":"b"}]}}`,
		"b": `{"data":{"total":4,"next":"","keys":[{"name":"c"}]}}`,
	}
	seen := 0
	mount := client.NewMount(vault(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprint(w, pages[r.URL.Query().Get("after")])
	}), "/transit/")
	got, err := mount.RollbackCheck(t.Context(), func(n int) { seen += n })
	want := &client.Rollback{Mount: "transit", Total: 4, Keys: []client.Stranded{
		{Name: "a", Types: map[string]string{"1": "x"}, Reasons: []string{"r"}}, {Name: "b"}, {Name: "c"},
	}, Ignored: []string{"z"}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil || seen != 3 {
		t.Errorf("%v, seen %d, %s", err, seen, diff)
	}
}

func TestRollbackCheckDoesNotRunInCircles(t *testing.T) {
	for name, test := range map[string]struct{ body, want string }{
		"the same page": {`{"data":{"total":1,"next":"a","keys":[{"name":"a"}]}}`, "does not advance"},
		"nonsense":      {`{"data":{"total":"many"}}`, "failed to read"},
	} {
		_, err := client.NewMount(vault(t, func(w http.ResponseWriter, _ *http.Request) {
			_, _ = fmt.Fprint(w, test.body)
		}), "transit").RollbackCheck(t.Context(), nil)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRollbackCheckOfAnotherEngine(t *testing.T) {
	_, err := client.NewMount(vault(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNotFound)
		_ = json.NewEncoder(w).Encode(map[string]any{"errors": []string{"unsupported path"}})
	}), "transit").RollbackCheck(t.Context(), nil)
	if err == nil || !strings.Contains(err.Error(), "not served by pqtransit") {
		t.Error(err)
	}
}
