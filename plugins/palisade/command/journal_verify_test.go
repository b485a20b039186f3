package command

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/palisade-vault/palisade/backend/journal"
)

// journalOf stands in for a mount with that journal.
func journalOf(entries []journal.Entry) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		after, err := strconv.Atoi(r.URL.Query().Get("after"))
		if r.URL.Path != "/v1/pqtransit/journal" || err != nil {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		page := map[string]any{"after": journal.Anchor{}, "entries": []journal.Entry{}}
		if after > 0 && after <= len(entries) {
			page["after"] = entries[after-1].Anchor
		}
		if after < len(entries) {
			page["entries"] = entries[after:min(after+2, len(entries))]
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"data": page})
	})
}

func journalSample() []journal.Entry {
	var entries []journal.Entry
	last := journal.Anchor{}
	for second := range 5 {
		at := time.Date(2026, 1, 2, 3, 4, second, 0, time.UTC)
		entry := last.Next(journal.Event{Time: at, Kind: "key-rotated", Subject: "orders", Details: map[string]string{"reason": "period"}})
		entries, last = append(entries, entry), entry.Anchor
	}
	return entries
}

var _ = addSample("journal verify", func(*testing.T) sample {
	return sample{words: []string{"pqtransit"}, vault: journalOf(journalSample())}
})

func TestJournalVerify(t *testing.T) {
	whole := journalSample()
	forged := journalSample()
	forged[2].Details["reason"] = "schedule"
	head := whole[4].Hash.String()
	for _, test := range []struct {
		name    string
		entries []journal.Entry
		words   []string
		code    int
		want    string
	}{
		{"whole", whole, nil, exitOK, "is whole: 5 entries"},
		{"empty", nil, nil, exitOK, "is whole: 0 entries"},
		{"with a kept head", whole, []string{"-head", "5:" + head}, exitOK, "Head                 5    " + head},
		{"with an older one", whole, []string{"-head", "3:" + whole[2].Hash.String()}, exitOK, "is whole"},
		{"changed", forged, nil, exitNo, "entry 3 was changed"},
		{"cut off", whole[:3], []string{"-head", "5:" + head}, exitNo, "no entry 5 with the hash " + head},
		{"made anew", whole, []string{"-head", "5:" + strings.Repeat("0", 64)}, exitNo, "no entry 5"},
		{"no head", whole, []string{"-head", "5"}, exitLocal, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			environment(t, journalOf(test.entries))
			got := palisade(t, "", append(append([]string{"journal", "verify"}, test.words...), "pqtransit")...)
			if got.code != test.code || !strings.Contains(got.out, test.want) {
				t.Errorf("code %d, want %d: %q %q", got.code, test.code, got.out, got.err)
			}
		})
	}
}
