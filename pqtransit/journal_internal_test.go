package pqtransit

import (
	"bytes"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend/backendtest"
	"github.com/palisade-vault/palisade/backend/journal"
)

// keyEntries are the parts of storage that are a key's; records are those about it, which need
// no entry in the journal.
var (
	keyEntries = []string{"policy/", "archive/", "palisade/key/", "palisade/rotation/"}
	records    = []string{"palisade/journal/", "palisade/history/", "palisade/usage/"}
)

// TestEveryBackgroundMutationIsJournaled runs all that is done without a request over keys of
// every kind of setting, and compares what changed in storage with what the journal says.
// Whoever adds such work has to add here what makes it due.
func TestEveryBackgroundMutationIsJournaled(t *testing.T) {
	m, b, tick := newTimed(t)
	if diff := cmp.Diff([]string{"automatic rotation", "inventory", "usage counts"}, slices.Sorted(maps.Keys(b.unasked()))); diff != "" {
		t.Fatalf("there is other work: make it due here. %s", diff)
	}
	for name, settings := range map[string]map[string]any{
		"period":   {"auto_rotate_period": "1h"},
		"hybrid":   {"auto_rotate_period": "2h", "type": "x25519-mlkem768"},
		"schedule": {"rotation_schedule": "*/30 * * * *"},
		"retain":   {"auto_rotate_period": "1h", "retain_versions": 2, "destroy_decryptable": true},
		"destroy":  {"rotation_schedule": "0 * * * *", "destroy_after": "1h", "destroy_decryptable": true, "type": "ed25519"},
		"kept":     {"auto_rotate_period": "1h", "retain_versions": 1},
		"limited":  {"auto_rotate_max_operations": 1000},
		"plain":    {},
		"weak":     {"type": "aes128-gcm96"},
	} {
		m.MustWrite("keys/"+name, settings)
	}
	m.MustWrite("config/crypto-policy", map[string]any{
		"forbidden_types": "aes128-gcm96", "existing_keys": "auto-rotate", "successors": "aes128-gcm96=aes256-gcm96",
	})
	kinds := map[string]bool{}
	for range 8 {
		m.MustWrite("encrypt/limited", map[string]any{"plaintext": "AAAA"})
		before, head := m.Storage.Snapshot(), journalHead(t, b, m.Storage)
		tick(45 * time.Minute)
		changed := changedKeys(t, before, m.Storage.Snapshot())
		page, err := b.keys.Journal().Read(t.Context(), m.Storage, head.Index, 1000)
		if err != nil {
			t.Fatal(err)
		}
		told := map[string]bool{}
		for _, entry := range page.Entries {
			told[entry.Subject], kinds[entry.Kind] = true, true
		}
		if diff := cmp.Diff(changed, told); diff != "" {
			t.Errorf("changed keys and journal differ: %s", diff)
		}
	}
	if diff := cmp.Diff([]string{"key-rotated", "minimums-raised", "versions-destroyed"}, slices.Sorted(maps.Keys(kinds))); diff != "" {
		t.Error(diff)
	}
}

func journalHead(t *testing.T, b *pqBackend, storage logical.Storage) journal.Anchor {
	t.Helper()
	_, head, err := b.keys.Journal().Verify(t.Context(), storage)
	if err != nil {
		t.Fatal(err)
	}
	return head
}

// changedKeys are the names of the keys of which an entry was written or removed. An entry that
// is neither a key's nor a record fails the test.
func changedKeys(t *testing.T, before, after map[string][]byte) map[string]bool {
	t.Helper()
	changed := map[string]bool{}
	all := maps.Clone(before)
	maps.Copy(all, after)
	for path := range all {
		if bytes.Equal(before[path], after[path]) {
			continue
		}
		name, isKey := cutPrefixes(path, keyEntries)
		if _, isRecord := cutPrefixes(path, records); !isKey && !isRecord {
			t.Errorf("%s was changed: say here whether it needs an entry in the journal", path)
		}
		if isKey {
			changed[name] = true
		}
	}
	return changed
}

func cutPrefixes(path string, prefixes []string) (rest string, ok bool) {
	for _, prefix := range prefixes {
		if rest, ok := strings.CutPrefix(path, prefix); ok {
			return rest, true
		}
	}
	return "", false
}

func TestJournalPaths(t *testing.T) {
	m, _, tick := newTimed(t)
	empty := m.MustRead("journal/verify").Data
	if empty["valid"] != true || empty["head"].(map[string]any)["index"] != 0.0 {
		t.Errorf("%v", empty)
	}
	m.MustWrite("keys/k", map[string]any{"auto_rotate_period": "1h"})
	for range 3 {
		tick(61 * time.Minute)
	}
	read := func(data map[string]any) (first, count float64, next any) {
		t.Helper()
		answer := m.Do(t.Context(), logical.ReadOperation, "journal", data)
		if answer.Status != http.StatusOK {
			t.Fatalf("%d %s", answer.Status, answer.Message)
		}
		entries, _ := answer.Data["entries"].([]any)
		for _, entry := range entries {
			if details := entry.(map[string]any)["details"].(map[string]any); details["reason"] != "period" {
				t.Errorf("%v", entry)
			}
		}
		return answer.Data["after"].(map[string]any)["index"].(float64), float64(len(entries)), answer.Data["head"].(map[string]any)["index"]
	}
	for _, test := range []struct {
		data         map[string]any
		first, count float64
	}{{nil, 0, 3}, {map[string]any{"limit": 2}, 0, 2}, {map[string]any{"after": 2}, 2, 1}, {map[string]any{"after": "1", "limit": "1"}, 1, 1}} {
		if first, count, head := read(test.data); first != test.first || count != test.count || head != 3.0 {
			t.Errorf("%v: %v entries after %v of %v", test.data, count, first, head)
		}
	}
	for _, data := range []map[string]any{{"limit": 0}, {"limit": 1001}, {"after": -1}} {
		if got := m.Do(t.Context(), logical.ReadOperation, "journal", data); got.Status != http.StatusBadRequest {
			t.Errorf("%v: %d", data, got.Status)
		}
	}
	forge(t, m, `"reason":"period"`, `"reason":"policy"`)
	m.Restart()
	data := m.MustRead("journal/verify").Data
	if data["valid"] != false || !strings.HasPrefix(data["fault"].(string), "entry 1 was changed") || data["head"].(map[string]any)["index"] != 0.0 {
		t.Errorf("%v", data)
	}
}

// forge changes what the journal says behind its back.
func forge(t *testing.T, m *backendtest.Mount, old, forged string) {
	t.Helper()
	const path = "palisade/journal/00000000000000000001"
	body := m.Storage.Snapshot()[path]
	changed := bytes.Replace(body, []byte(old), []byte(forged), 1)
	if bytes.Equal(body, changed) {
		t.Fatalf("no %s in %s", old, body)
	}
	if err := m.Storage.Put(t.Context(), &logical.StorageEntry{Key: path, Value: changed}); err != nil {
		t.Fatal(err)
	}
}
