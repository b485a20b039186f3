package journal_test

import (
	"encoding/json"
	"flag"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/palisade-vault/palisade/backend/journal"
)

var update = flag.Bool("update", false, "write the golden file anew")

var start = time.Date(2026, 1, 2, 3, 4, 5, 678, time.UTC)

func chain(events ...journal.Event) []journal.Entry {
	var entries []journal.Entry
	last := journal.Anchor{}
	for _, event := range events {
		entry := last.Next(event)
		entries, last = append(entries, entry), entry.Anchor
	}
	return entries
}

func sample() []journal.Entry {
	return chain(
		journal.Event{Time: start, Kind: "key-rotated", Subject: "orders", Details: map[string]string{"version": "2", "reason": "period"}},
		journal.Event{Time: start.In(time.FixedZone("east", 3600)), Kind: "versions-destroyed", Subject: "orders"},
		journal.Event{Time: start.Add(time.Hour), Kind: "k", Subject: "ü\n\"", Details: map[string]string{"": "", "a": "b"}},
	)
}

// The hashes are what others verify, so a change of them is a change of version.
func TestChainIsFrozen(t *testing.T) {
	got, err := json.MarshalIndent(sample(), "", " ")
	if err != nil {
		t.Fatal(err)
	}
	const path = "testdata/chain.golden.json"
	if *update {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Error(diff)
	}
	var entries []journal.Entry
	if err := json.Unmarshal(want, &entries); err != nil {
		t.Fatal(err)
	}
	if _, err := journal.Verify(journal.Anchor{}, entries); err != nil {
		t.Error(err)
	}
}

// Any part of a chain verifies from the place before it, and from no other.
func TestVerify(t *testing.T) {
	entries := sample()
	places := []journal.Anchor{{}}
	for _, entry := range entries {
		places = append(places, entry.Anchor)
	}
	for from := range places {
		for to := from; to < len(places); to++ {
			head, err := journal.Verify(places[from], entries[from:to])
			if err != nil || head != places[to] {
				t.Errorf("%d to %d: %v, %v", from, to, head, err)
			}
			if from == to {
				continue
			}
			for other, place := range places {
				if _, err := journal.Verify(place, entries[from:to]); (err == nil) != (other == from) {
					t.Errorf("%d to %d after %d: %v", from, to, other, err)
				}
			}
		}
	}
}

// Whatever is changed in a chain, it no longer verifies.
func TestEveryChangeIsFound(t *testing.T) {
	event := rapid.Custom(func(t *rapid.T) journal.Event {
		return journal.Event{
			Time:    start.Add(time.Duration(rapid.Int32().Draw(t, "time"))),
			Kind:    rapid.StringN(0, 3, -1).Draw(t, "kind"),
			Subject: rapid.StringN(0, 3, -1).Draw(t, "subject"),
			Details: rapid.MapOfN(rapid.StringN(0, 2, -1), rapid.StringN(0, 2, -1), 0, 3).Draw(t, "details"),
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		entries := chain(rapid.SliceOfN(event, 2, 5).Draw(t, "events")...)
		head, err := journal.Verify(journal.Anchor{}, entries)
		if err != nil {
			t.Fatal(err)
		}
		forged := slices.Clone(entries)
		at := rapid.IntRange(0, len(forged)-1).Draw(t, "at")
		switch rapid.SampledFrom([]string{"event", "remove", "repeat", "swap", "hash", "tail"}).Draw(t, "forgery") {
		case "event":
			other := event.Draw(t, "other")
			if cmp.Equal(other, forged[at].Event) || (len(other.Details)+len(forged[at].Details) == 0 && other.Kind == forged[at].Kind) {
				return
			}
			forged[at].Event = other
		case "remove":
			forged = slices.Delete(forged, at, at+1)
			if at == len(entries)-1 { // only a head kept elsewhere tells
				got, err := journal.Verify(journal.Anchor{}, forged)
				if err != nil || got == head {
					t.Fatalf("%v %v", got, err)
				}
				return
			}
		case "repeat":
			forged = slices.Insert(forged, at, forged[at])
		case "swap":
			other := (at + 1) % len(forged)
			forged[at], forged[other] = forged[other], forged[at]
		case "hash":
			forged[at].Hash[rapid.IntRange(0, 31).Draw(t, "byte")] ^= 1
		case "tail":
			last := forged[at].Anchor
			forged = append(forged[:at+1:at+1], last.Next(event.Draw(t, "other")))
			if got, err := journal.Verify(journal.Anchor{}, forged); err != nil || (got == head) != cmp.Equal(forged, entries) {
				t.Fatalf("%v, %v", got, err)
			}
			return
		}
		if _, err := journal.Verify(journal.Anchor{}, forged); err == nil {
			t.Fatalf("not found: %v", forged)
		}
	})
}

func TestHashText(t *testing.T) {
	var hash journal.Hash
	text := sample()[0].Hash.String()
	if err := hash.UnmarshalText([]byte(text)); err != nil || hash != sample()[0].Hash {
		t.Error(err)
	}
	for _, wrong := range []string{"", text[1:], text + "0", strings.ToUpper(text), "x" + text[1:]} {
		if err := hash.UnmarshalText([]byte(wrong)); err == nil {
			t.Errorf("read %q", wrong)
		}
	}
}

// Details reach the hash in no order but their own.
func TestDetailsHaveNoOrder(t *testing.T) {
	details := map[string]string{}
	for name := range strings.FieldsSeq("a b c d e f g h") {
		details[name] = name + name
	}
	for range 20 {
		again := maps.Clone(details)
		a, b := journal.Anchor{}.Next(journal.Event{Details: details}), journal.Anchor{}.Next(journal.Event{Details: again})
		if a.Hash != b.Hash {
			t.Fatal("differ")
		}
	}
}

// FuzzVerify feeds arbitrary entries: whatever verifies is written again as itself and
// verifies, so that there is one text for one chain.
func FuzzVerify(f *testing.F) {
	whole, err := json.Marshal(sample())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add([]byte(`[]`))
	f.Add([]byte(`[{"index":1,"hash":"00","time":"2026-01-02T03:04:05Z","kind":"","subject":"","details":null}]`))
	f.Add([]byte(`[{"index":18446744073709551615}]`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var entries []journal.Entry
		if json.Unmarshal(text, &entries) != nil {
			return
		}
		head, err := journal.Verify(journal.Anchor{}, entries)
		if err != nil {
			return
		}
		again, err := json.Marshal(entries)
		if err != nil {
			return // a time that JSON cannot write
		}
		var read []journal.Entry
		if err := json.Unmarshal(again, &read); err != nil {
			t.Fatal(err)
		}
		if got, err := journal.Verify(journal.Anchor{}, read); err != nil || got != head {
			t.Errorf("%v, %v", got, err)
		}
	})
}
