package keyring_test

import (
	"crypto/rand"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/palisade-vault/palisade/pqtransit/keyring"
	"github.com/palisade-vault/palisade/pqtransit/rotation"
)

var alice = rotation.Actor{EntityID: "e-1", DisplayName: "token-alice"}

func (m *mount) history(name string) []rotation.Record {
	m.Helper()
	history, err := m.keys.History(m.Context(), m.storage, m.get(name))
	if err != nil {
		m.Fatal(err)
	}
	return history
}

// wantHistory compares all but the times, which must be those of the versions.
func (m *mount) wantHistory(name string, want []rotation.Record) {
	m.Helper()
	got := m.history(name)
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(rotation.Record{}, "Time"), cmpopts.EquateEmpty()); diff != "" {
		m.Error(diff)
	}
	created := map[int]time.Time{}
	for _, version := range m.get(name).Versions() {
		created[version.Number] = version.Created
	}
	for _, record := range got {
		if at, ok := created[record.Version]; (ok && !at.Equal(record.Time)) || record.Time.IsZero() {
			m.Errorf("version %d was made at %v, its record says %v", record.Version, at, record.Time)
		}
	}
}

func TestHistory(t *testing.T) {
	m := newMount(t)
	m.create("k", keyring.Spec{Type: symmetric, AutoRotatePeriod: time.Hour})
	first := rotation.Record{Version: 1, Reason: rotation.Creation, To: symmetric}
	m.wantHistory("k", []rotation.Record{first})
	m.rotate("k", keyring.Rotation{Cause: rotation.Cause{Actor: alice}})
	if _, err := m.autoRotate(2 * time.Hour); err != nil {
		t.Fatal(err)
	}
	m.rotate("k", keyring.Rotation{Type: hybrid, AllowUnauthenticatedEncryption: true, Cause: rotation.Cause{Reason: rotation.Policy}})
	want := []rotation.Record{
		first,
		{Version: 2, Reason: rotation.Request, Actor: alice, From: symmetric, To: symmetric},
		{Version: 3, Reason: rotation.Period, From: symmetric, To: symmetric},
		{Version: 4, Reason: rotation.Policy, From: symmetric, To: hybrid},
	}
	m.wantHistory("k", want)
	m.fresh().wantHistory("k", want)
	// Versions that were destroyed stay in it, as far as they were recorded.
	m.configure("k", keyring.Configuration{MinDecryption: new(4), MinEncryption: new(4)})
	if _, err := m.keys.Trim(t.Context(), m.storage, "k", new(4)); err != nil {
		t.Fatal(err)
	}
	m.fresh().wantHistory("k", want[1:])
	m.rotate("k", keyring.Rotation{})
	m.fresh().wantHistory("k", append(want[1:], rotation.Record{Version: 5, Reason: rotation.Request, From: hybrid, To: hybrid}))
}

// What the built-in engine does is not recorded, and not made up.
func TestHistoryOfAnotherEngine(t *testing.T) {
	m := newMount(t)
	m.create("k", keyring.Spec{Type: symmetric})
	m.rotate("k", keyring.Rotation{})
	policy, _ := m.theirs("k")
	policy.Lock(true)
	err := policy.Rotate(t.Context(), m.storage, rand.Reader)
	policy.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	m.fresh().wantHistory("k", []rotation.Record{
		{Version: 1, Reason: rotation.Creation, To: symmetric},
		{Version: 2, Reason: rotation.Request, From: symmetric, To: symmetric},
		{Version: 3, Reason: rotation.Unknown, From: symmetric, To: symmetric},
	})
}

// A key that is made again has no history of the one before it.
func TestHistoryEndsWithTheKey(t *testing.T) {
	m := newMount(t)
	m.create("k", keyring.Spec{Type: symmetric})
	for range 3 {
		m.rotate("k", keyring.Rotation{})
	}
	leftover := m.storage.Snapshot()["palisade/history/k"]
	again := over(t, map[string][]byte{"palisade/history/k": leftover}) // as the built-in engine leaves it
	again.create("k", keyring.Spec{Type: hybrid})
	first := rotation.Record{Version: 1, Reason: rotation.Creation, To: hybrid}
	again.wantHistory("k", []rotation.Record{first})
	again.rotate("k", keyring.Rotation{})
	again.wantHistory("k", []rotation.Record{first, {Version: 2, Reason: rotation.Request, From: hybrid, To: hybrid}})
}

func TestHistoryIsBounded(t *testing.T) {
	m := newMount(t)
	m.create("k", keyring.Spec{Type: symmetric})
	for range keyring.HistoryLength + 2 {
		m.rotate("k", keyring.Rotation{})
	}
	latest := m.get("k").Latest
	m.configure("k", keyring.Configuration{MinDecryption: &latest, MinEncryption: &latest})
	if got := m.history("k"); len(got) != keyring.HistoryLength || got[0].Version != 4 || got[len(got)-1].Version != latest {
		t.Errorf("%d records, %v", len(got), got[0])
	}
}

// Whichever write of a rotation fails, the history has exactly the versions that the key has.
func TestHistoryTellsWhatHappened(t *testing.T) {
	for _, state := range states(t) {
		for _, change := range changes() {
			t.Run(state.name+"/"+change.name, func(t *testing.T) {
				eachFault(t, state.entries, change.do, func(t *testing.T, m *mount, _ error) {
					m.TB = t
					for _, m := range []*mount{m, m.fresh()} {
						wantWholeHistory(t, m)
					}
					if err := change.do(m); err != nil {
						t.Fatal(err)
					}
					wantWholeHistory(t, m.fresh())
				})
			})
		}
	}
}

func wantWholeHistory(t *testing.T, m *mount) {
	t.Helper()
	m.TB = t
	key := m.get("k")
	history := m.history("k")
	var got []string
	for _, record := range history {
		got = append(got, fmt.Sprint(record.Version, record.To, record.Time))
		if record.Reason == rotation.Unknown {
			t.Errorf("version %d was not recorded", record.Version)
		}
	}
	var want []string
	for _, version := range key.Versions() {
		want = append(want, fmt.Sprint(version.Number, version.Suite.Name, version.Created.UTC()))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// timed is a mount whose clock the test sets.
func timed(t testing.TB, now *time.Time, entries map[string][]byte) *mount {
	t.Helper()
	m := over(t, entries)
	m.keys = keyring.New(keyring.Options{Rand: rand.Reader, Now: func() time.Time { return *now }, Cache: true})
	return m
}

func TestStoredHistoryAndSettingsAreFrozen(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 678, time.UTC)
	m := timed(t, &now, nil)
	m.create("k", keyring.Spec{Type: symmetric, Rotation: rotation.Change{
		Schedule: new("0 3 * * 0"), Window: new(2 * time.Hour),
		MaxOperations: new(int64(5000)), MaxBytes: new(int64(0)),
		RetainVersions: new(3), DestroyAfter: new(24 * time.Hour), DestroyDecryptable: new(true),
	}})
	now = now.Add(time.Hour)
	m.rotate("k", keyring.Rotation{Cause: rotation.Cause{Actor: alice}})
	now = now.Add(time.Hour)
	m.rotate("k", keyring.Rotation{Type: hybrid, AllowUnauthenticatedEncryption: true, Cause: rotation.Cause{Reason: rotation.Policy}})
	entries := m.storage.Snapshot()
	checkGolden(t, "history.golden.json", entries["palisade/history/k"])
	checkGolden(t, "rotation.golden.json", entries["palisade/rotation/k"])
}
