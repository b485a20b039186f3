package command

import (
	"net/http"
	"strings"
	"testing"
)

var _ = addSample("transit migrate", func(*testing.T) sample {
	return sample{words: []string{"-dry-run", "transit", "pqtransit"}, vault: migratable()}
})

// migratable stands in for a mount with a key of each sort.
func migratable() http.Handler {
	return answers(map[string]any{
		"sys/internal/ui/mounts/transit":   map[string]any{"type": "transit"},
		"sys/internal/ui/mounts/pqtransit": map[string]any{"type": "pqtransit"},
		"transit/keys":                     map[string]any{"keys": []string{"a", "b", "c"}},
		"transit/keys/a":                   map[string]any{"name": "a", "type": "aes256-gcm96", "latest_version": 1, "exportable": true, "allow_plaintext_backup": true},
		"transit/keys/b":                   map[string]any{"name": "b", "type": "aes256-gcm96", "latest_version": 1, "exportable": true},
		"transit/keys/c":                   map[string]any{"name": "c", "type": "aes256-gcm96", "latest_version": 1},
	})
}

func TestMigrateShowsWhatWouldBeDone(t *testing.T) {
	environment(t, migratable())
	got := palisade(t, "", "transit", "migrate", "-dry-run", "transit", "pqtransit")
	for _, want := range []string{
		"a      aes256-gcm96    backup    would move     -",
		"b      aes256-gcm96    import    would move     -                    without creation times",
		"c      aes256-gcm96    -         cannot move    -                    it is not exportable",
		"0 of the 3 keys of transit are in pqtransit: 0 moved, 2 would move, 0 were there, 1 cannot move, 0 failed.",
	} {
		if !strings.Contains(got.out, want) || got.code != exitNo {
			t.Errorf("code %d, %q is not in\n%s%s", got.code, want, got.out, got.err)
		}
	}
	got = palisade(t, "", "transit", "migrate", "-dry-run", "-key=a", "-key=b", "transit", "pqtransit")
	if got.code != exitOK || strings.Contains(got.out, "\nc ") {
		t.Errorf("code %d\n%s%s", got.code, got.out, got.err)
	}
}

func TestMigrateChecksItsUsage(t *testing.T) {
	environment(t, migratable())
	for _, words := range [][]string{
		{"transit", "/transit/"},
		{"-key=nope", "transit", "pqtransit"},
		{"transit", "nosuch"},
		{"nosuch", "pqtransit"},
		{"-to-ca-cert=/no/such/file", "transit", "pqtransit"},
	} {
		if got := palisade(t, "", append([]string{"transit", "migrate"}, words...)...); got.code != exitLocal || got.out != "" || got.err == "" {
			t.Errorf("%q: code %d: %q %q", words, got.code, got.out, got.err)
		}
	}
}

// The other Vault is asked with its own token, in its own namespace.
func TestMigrateToAnotherVault(t *testing.T) {
	environment(t, migratable())
	seen := map[string]string{}
	other := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen[r.URL.Path] = r.Header.Get("X-Vault-Token") + " " + r.Header.Get("X-Vault-Namespace")
		answers(map[string]any{"sys/internal/ui/mounts/transit": map[string]any{"type": "transit"}}).ServeHTTP(w, r)
	}))
	t.Setenv(toToken, "")
	refused := palisade(t, "", "transit", "migrate", "-dry-run", "-key=a", "-to-address="+other, "transit", "transit")
	if refused.code != exitLocal || len(seen) != 0 || !strings.Contains(refused.err, toToken) {
		t.Errorf("without a token of its own: code %d, asked %v\n%s", refused.code, seen, refused.err)
	}
	t.Setenv(toToken, "token-of-the-other")
	got := palisade(t, "", "transit", "migrate", "-dry-run", "-key=a", "-to-address="+other, "-to-namespace=team", "transit", "transit")
	if got.code != exitOK || len(seen) != 3 || seen["/v1/transit/keys/a"] != "token-of-the-other team" {
		t.Errorf("code %d, %v\n%s%s", got.code, seen, got.out, got.err)
	}
}
