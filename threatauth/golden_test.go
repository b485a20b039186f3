package threatauth_test

import (
	"bytes"
	"flag"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/palisade-vault/palisade/threatauth"
	"github.com/palisade-vault/palisade/threatauth/credential"
)

var update = flag.Bool("update", false, "write the golden files anew")

// requestIDs make a record's key and body differ from run to run.
var requestIDs = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)

// golden names a file for each kind of entry by the key it begins with.
var golden = map[string]string{
	"user/":                "user.json",
	"risk/config/":         "config.json",
	"risk/block/":          "block.json",
	"risk/device-key/":     "device-key.json",
	"risk/profile/":        "profile.json",
	"risk/feed/meta/":      "feed-meta.json",
	"risk/feed/chunk/":     "feed-chunk.txt",
	"risk/decision/right/": "decision-right.json",
	"risk/decision/wrong/": "decision-wrong.json",
}

// Every entry that the mount stores has its golden file, and no other entry is stored.
func TestGolden(t *testing.T) {
	m := newMount(t, threatauth.Options{Random: rand.NewChaCha8([32]byte{1}), Parallel: 1})
	m.MustWrite("users/alice", map[string]any{"password": "correct horse", "token_policies": "dev", "token_ttl": "1h", "token_bound_cidrs": "198.51.100.0/24"})
	m.MustWrite("risk/config", map[string]any{"actions": "feed/tor=restrict", "restricted_policies": "few"})
	m.MustWrite("risk/feeds/ipsum", map[string]any{"content": "# a list\n" + listed + "\t5\n10.0.0.1\t9\n", "version": "2026-08-22", "source": "test"})
	mustLogin(t, m)
	login(m, "nobody", "x")
	m.MustWrite("risk/block/mallory", map[string]any{"reason": "left the company"})
	drain(t, m)
	seen := map[string]bool{}
	for key, body := range m.Storage.Snapshot() {
		prefix := ""
		for p := range golden {
			if strings.HasPrefix(key, p) {
				prefix = p
			}
		}
		if prefix == "" {
			t.Errorf("entry %s has no golden file", key)
			continue
		}
		seen[prefix] = true
		checkGolden(t, golden[prefix], key, body)
	}
	for prefix := range golden {
		if !seen[prefix] {
			t.Errorf("no entry under %s was stored", prefix)
		}
	}
}

func checkGolden(t *testing.T, file, key string, body []byte) {
	t.Helper()
	got := requestIDs.ReplaceAllString(key+"\n"+string(bytes.TrimSpace(body))+"\n", "00000000-0000-0000-0000-000000000000")
	path := filepath.Join("testdata", "golden", file)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(testdata(t, path), got); diff != "" {
		t.Errorf("%s: %s", file, diff)
	}
}

// The cost of a stored password is part of what is promised.
func TestDefaultParams(t *testing.T) {
	if want := (credential.Params{MemoryKiB: 19456, Time: 2, Threads: 1}); credential.DefaultParams != want {
		t.Errorf("default parameters %+v, want %+v", credential.DefaultParams, want)
	}
}
