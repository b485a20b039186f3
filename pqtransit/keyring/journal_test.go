package keyring_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/palisade-vault/palisade/backend/journal"
	"github.com/palisade-vault/palisade/pqtransit/keyring"
	"github.com/palisade-vault/palisade/pqtransit/rotation"
)

// journal is every entry, verified, as "subject kind version-or-oldest reason".
func (m *mount) journal() []string {
	m.Helper()
	page, err := m.keys.Journal().Read(m.Context(), m.storage, 0, 1000)
	if err != nil {
		m.Fatal(err)
	}
	if _, err := journal.Verify(page.After, page.Entries); err != nil {
		m.Error(err)
	}
	var lines []string
	for _, entry := range page.Entries {
		details := entry.Details
		lines = append(lines, strings.TrimSpace(fmt.Sprint(entry.Subject, " ", entry.Kind, " ",
			details["version"], details["oldest_version"], details["min_decryption_version"], " ", details["reason"], details["outcome"])))
	}
	return lines
}

func (m *mount) wantJournal(want ...string) {
	m.Helper()
	for _, m := range []*mount{m, m.fresh()} {
		if diff := cmp.Diff(want, m.journal()); diff != "" {
			m.Error(diff)
		}
	}
	for path := range m.storage.Snapshot() {
		if strings.HasPrefix(path, "palisade/pending/") {
			m.Errorf("%s is left", path)
		}
	}
}

// Everything that the engine does to a key by itself is in the journal, and nothing that was
// asked for.
func TestJournal(t *testing.T) {
	now := sunday
	m := timed(t, &now, nil)
	m.create("period", keyring.Spec{Type: symmetric, AutoRotatePeriod: time.Hour})
	m.create("schedule", keyring.Spec{Type: hybrid, Rotation: rotation.Change{Schedule: new("0 3 * * *")}})
	m.create("trim", keyring.Spec{Type: symmetric, Rotation: rotation.Change{RetainVersions: new(1), DestroyDecryptable: new(true)}})
	m.create("worn", limitedTo(1000, 1<<20))
	m.rotate("trim", keyring.Rotation{})
	m.configure("trim", keyring.Configuration{Exportable: new(true)})
	m.wantJournal()
	now = now.Add(24 * time.Hour)
	m.maintain(now)
	m.mustReserve("worn", 1001, 0, 1)
	m.mustReserve("worn", 1, 0, 2)
	m.mustReserve("worn", 1, 1<<20+1, 3)
	m.wantJournal(
		"period key-rotated 2 period",
		"schedule key-rotated 2 schedule",
		"trim minimums-raised 2",
		"trim versions-destroyed 2",
		"worn key-rotated 2 operations",
		"worn key-rotated 3 bytes",
	)
	checkGolden(t, "journal.golden.json", m.storage.Snapshot()["palisade/journal/00000000000000000001"])
}

// Whichever write fails, the journal says nothing that did not happen, and after the next
// periodic call everything that did.
func TestJournalTellsWhatHappened(t *testing.T) {
	for name, test := range map[string]struct {
		spec keyring.Spec
		do   func(m *mount) error
	}{
		"rotation": {keyring.Spec{AutoRotatePeriod: time.Hour}, func(m *mount) error {
			_, err := m.keys.Maintain(m.Context(), m.storage, time.Now().Add(2*time.Hour))
			return err
		}},
		"destruction": {keyring.Spec{Rotation: rotation.Change{RetainVersions: new(1), DestroyDecryptable: new(true)}}, func(m *mount) error {
			_, err := m.keys.Maintain(m.Context(), m.storage, time.Now().Add(2*time.Hour))
			return err
		}},
		"limit": {keyring.Spec{Rotation: rotation.Change{MaxOperations: new(int64(1000))}}, func(m *mount) error {
			_, err := m.reserve("k", 600, 0)
			return err
		}},
	} {
		for _, algorithm := range []string{symmetric, hybrid} {
			t.Run(name+"/"+algorithm, func(t *testing.T) {
				m := newMount(t)
				test.spec.Type = algorithm
				m.create("k", test.spec)
				m.rotate("k", keyring.Rotation{})
				m.mustReserve("k", 600, 0, 2)
				if err := m.keys.EndUsage(t.Context(), m.storage); err != nil {
					t.Fatal(err)
				}
				before := m.get("k")
				eachFault(t, m.storage.Snapshot(), test.do, func(t *testing.T, m *mount, _ error) {
					m.TB = t
					want := happened(before, m.fresh().get("k"))
					for _, m := range []*mount{m, m.fresh()} {
						if got := m.journal(); len(got) > len(want) || !slices.Equal(got, want[:len(got)]) {
							t.Errorf("the journal says %v, what happened is %v", got, want)
						}
					}
					for range 2 { // the second has nothing to add
						m = m.fresh()
						if _, err := m.keys.Maintain(t.Context(), m.storage, time.Now()); err != nil {
							t.Fatal(err)
						}
						want = happened(before, m.get("k"))
						m.wantJournal(want...)
					}
					wantWholeHistory(t, m)
				})
			})
		}
	}
}

// happened is what the journal has to say of the way from one state of a key to the other.
func happened(before, after *keyring.Key) (want []string) {
	if after.Latest > before.Latest {
		reason := "operations"
		if after.AutoRotatePeriod > 0 {
			reason = "period"
		}
		want = append(want, fmt.Sprintf("k key-rotated %d %s", after.Latest, reason))
	}
	if after.MinDecryption > before.MinDecryption {
		want = append(want, fmt.Sprintf("k minimums-raised %d", after.MinDecryption))
	}
	if after.MinAvailable > before.MinAvailable {
		want = append(want, fmt.Sprintf("k versions-destroyed %d", after.MinAvailable))
	}
	return want
}

// Of a key that was deleted before the journal was made whole, nobody knows.
func TestJournalOfADeletedKey(t *testing.T) {
	m := newMount(t)
	m.create("k", keyring.Spec{Type: symmetric, AutoRotatePeriod: time.Hour})
	m.storage.FailWhen(func(operation, key string) bool {
		return strings.HasPrefix(key, "palisade/journal/") && operation == "put"
	})
	if _, err := m.autoRotate(2 * time.Hour); err != nil {
		t.Fatal(err)
	}
	m.storage.FailWhen(nil)
	m.configure("k", keyring.Configuration{DeletionAllowed: new(true)})
	if err := m.keys.Delete(t.Context(), m.storage, "k"); err != nil {
		t.Fatal(err)
	}
	if _, err := m.autoRotate(0); err != nil {
		t.Fatal(err)
	}
	m.wantJournal("k key-rotated 2 periodunknown")
}

func TestPendingEventIsFrozen(t *testing.T) {
	now := sunday
	m := timed(t, &now, nil)
	m.create("k", keyring.Spec{Type: symmetric, AutoRotatePeriod: time.Hour})
	now = now.Add(2 * time.Hour)
	m.storage.FailWhen(func(operation, key string) bool { return operation == "put" && key == "policy/k" })
	if _, err := m.keys.Maintain(t.Context(), m.storage, now); err == nil {
		t.Fatal("no error")
	}
	checkGolden(t, "pending.golden.json", m.storage.Snapshot()["palisade/pending/k"])
}
