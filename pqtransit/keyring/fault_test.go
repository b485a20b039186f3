package keyring_test

import (
	"errors"
	"fmt"
	"maps"
	"testing"

	"github.com/palisade-vault/palisade/backend/backendtest"
	"github.com/palisade-vault/palisade/pqtransit/keyring"
)

// change is one operation that writes, on a key named "k".
type change struct {
	name string
	do   func(m *mount) error
}

// state is a key before a change: how to make it, and what was encrypted under it.
type state struct {
	name       string
	entries    map[string][]byte // nil: there is no key
	ciphertext string            // of "old"
}

func states(t *testing.T) []state {
	t.Helper()
	build := func(name string, prepare func(m *mount)) state {
		m := newMount(t)
		prepare(m)
		ciphertext := m.encrypt("k", keyring.Parameters{}, "old")
		m.rotate("k", keyring.Rotation{})
		return state{name, m.storage.Snapshot(), ciphertext}
	}
	entries, ciphertext := sharedRSA()
	return []state{
		build("Community", func(m *mount) { m.create("k", keyring.Spec{Type: symmetric}) }),
		build("mixed", func(m *mount) {
			m.create("k", keyring.Spec{Type: symmetric})
			m.rotate("k", keyring.Rotation{Type: hybrid, AllowUnauthenticatedEncryption: true})
		}),
		build("hybrid", func(m *mount) { m.create("k", keyring.Spec{Type: hybrid}) }),
		{"RSA", maps.Clone(entries), ciphertext},
	}
}

func changes() []change {
	failing := func(_ any, err error) error { return err }
	return []change{
		{"rotate to hybrid", func(m *mount) error {
			return failing(m.keys.Rotate(m.Context(), m.storage, "k", keyring.Rotation{Type: hybrid, AllowUnauthenticatedEncryption: true}))
		}},
		{"rotate to symmetric", func(m *mount) error {
			return failing(m.keys.Rotate(m.Context(), m.storage, "k", keyring.Rotation{Type: symmetric}))
		}},
		{"configure", func(m *mount) error {
			return failing(m.keys.Configure(m.Context(), m.storage, "k", keyring.Configuration{Exportable: new(true)}))
		}},
	}
}

// faults are the ways in which the nth write of a change can go wrong.
var faults = map[string]func(storage *backendtest.Storage, nth int) (reached func() bool){
	"the process dies": func(storage *backendtest.Storage, nth int) func() bool {
		return failWrites(storage.FailWhen, func(seen int) bool { return seen >= nth }, nth)
	},
	"one write fails": func(storage *backendtest.Storage, nth int) func() bool {
		return failWrites(storage.FailWhen, func(seen int) bool { return seen == nth }, nth)
	},
	"one write happens and is answered with an error": func(storage *backendtest.Storage, nth int) func() bool {
		return failWrites(storage.FailAfter, func(seen int) bool { return seen == nth }, nth)
	},
}

func failWrites(inject func(func(operation, key string) bool), fail func(seen int) bool, nth int) func() bool {
	seen := 0
	inject(func(operation, _ string) bool {
		if operation != "put" && operation != "delete" {
			return false
		}
		seen++
		return fail(seen)
	})
	return func() bool { return seen >= nth }
}

// eachFault runs body once for every write that do makes, with that write failing.
func eachFault(t *testing.T, entries map[string][]byte, do func(m *mount) error, body func(t *testing.T, m *mount, err error)) {
	t.Helper()
	for kind, inject := range faults {
		for nth := 1; ; nth++ {
			m := over(t, entries)
			reached := inject(m.storage, nth)
			err := do(m)
			m.storage.FailWhen(nil)
			if !reached() {
				if err != nil {
					t.Fatalf("without a fault: %v", err)
				}
				if nth == 1 {
					t.Fatal("the change writes nothing")
				}
				break
			}
			t.Run(fmt.Sprintf("%s at %d", kind, nth), func(t *testing.T) { body(t, m, err) })
		}
	}
}

func TestChangesSurviveEveryFault(t *testing.T) {
	for _, state := range states(t) {
		for _, change := range changes() {
			t.Run(state.name+"/"+change.name, func(t *testing.T) {
				before := over(t, state.entries).get("k").Latest
				eachFault(t, state.entries, change.do, func(t *testing.T, m *mount, _ error) {
					checkReadable(t, m, state, before)
					// The same change goes through afterwards.
					if err := change.do(m); err != nil {
						t.Fatalf("repeated: %v", err)
					}
					checkReadable(t, m, state, before)
				})
			})
		}
	}
}

// checkReadable holds that the running keyring and a fresh one agree, that old ciphertexts
// decrypt, that new ones come back, and that the built-in engine finds the name taken.
func checkReadable(t *testing.T, m *mount, state state, before int) {
	t.Helper()
	for _, m := range []*mount{m, m.fresh()} {
		m.TB = t
		m.mustDecrypt("k", keyring.Parameters{}, state.ciphertext, "old")
		m.mustDecrypt("k", keyring.Parameters{}, m.encrypt("k", keyring.Parameters{}, "new"), "new")
		if latest := m.get("k").Latest; latest < before || latest > before+2 {
			t.Errorf("latest version %d, was %d", latest, before)
		}
	}
	if running, stored := m.get("k"), m.fresh().get("k"); running.Latest != stored.Latest || running.Settings != stored.Settings {
		t.Errorf("the running keyring has version %d, storage has %d", running.Latest, stored.Latest)
	}
	if _, upserted := m.theirs("k"); upserted {
		t.Error("the built-in engine made the key anew")
	}
}

func TestCreationSurvivesEveryFault(t *testing.T) {
	for _, algorithm := range encryptingNames(quickToMake) {
		t.Run(algorithm, func(t *testing.T) {
			spec := keyring.Spec{Type: algorithm}
			create := func(m *mount) error {
				_, _, err := m.keys.Create(m.Context(), m.storage, "k", spec)
				return err
			}
			eachFault(t, nil, create, func(t *testing.T, m *mount, err error) {
				if err == nil {
					t.Fatal("no error")
				}
				if wantAllOrNothing(t, m) {
					return
				}
				// Another algorithm takes the name, whatever was left behind.
				for _, other := range []string{symmetric, hybrid} {
					m := over(t, m.storage.Snapshot())
					m.create("k", keyring.Spec{Type: other})
					m.fresh().mustDecrypt("k", keyring.Parameters{}, m.encrypt("k", keyring.Parameters{}, "x"), "x")
					if got := len(m.storage.Snapshot()); got != 2 {
						t.Errorf("%d entries", got)
					}
				}
			})
		})
	}
}

// wantAllOrNothing holds that the running keyring and a fresh one find the same key, whole, or
// none, and reports which.
func wantAllOrNothing(t *testing.T, m *mount) (exists bool) {
	t.Helper()
	m.TB = t
	running, runningErr := m.keys.Get(t.Context(), m.storage, "k")
	stored, storedErr := m.fresh().keys.Get(t.Context(), m.storage, "k")
	if runningErr != nil || storedErr != nil || (running == nil) != (stored == nil) {
		t.Fatalf("running %v, %v; stored %v, %v", running, runningErr, stored, storedErr)
	}
	if running == nil {
		return false
	}
	m.fresh().mustDecrypt("k", keyring.Parameters{}, m.encrypt("k", keyring.Parameters{}, "x"), "x")
	m.mustDecrypt("k", keyring.Parameters{}, m.fresh().encrypt("k", keyring.Parameters{}, "y"), "y")
	return true
}

func TestDeletionSurvivesEveryFault(t *testing.T) {
	for _, state := range states(t) {
		t.Run(state.name, func(t *testing.T) {
			allowed := over(t, state.entries)
			allowed.configure("k", keyring.Configuration{DeletionAllowed: new(true)})
			state.entries = allowed.storage.Snapshot()
			remove := func(m *mount) error { return m.keys.Delete(m.Context(), m.storage, "k") }
			eachFault(t, state.entries, remove, func(t *testing.T, m *mount, err error) {
				if err == nil {
					t.Fatal("no error")
				}
				exists := wantAllOrNothing(t, m)
				if exists {
					checkReadable(t, m, state, m.get("k").Latest)
				}
				err = m.keys.Delete(t.Context(), m.storage, "k")
				var refusal *keyring.Refusal
				if err != nil && (exists || !errors.As(err, &refusal)) {
					t.Fatalf("repeated: %v", err)
				}
				if left := m.storage.Snapshot(); len(left) != 0 {
					t.Errorf("left behind: %v", left)
				}
			})
		})
	}
}
