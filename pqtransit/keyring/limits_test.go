package keyring_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/palisade-vault/palisade/backend"
	"github.com/palisade-vault/palisade/backend/backendtest"
	"github.com/palisade-vault/palisade/pqtransit/keyring"
	"github.com/palisade-vault/palisade/pqtransit/rotation"
)

// reserve makes room for a batch, and answers the version that will do it.
func (m *mount) reserve(name string, operations, bytesEach int) (int, error) {
	m.Helper()
	var work keyring.Work
	for range operations {
		work.Add(0, bytesEach)
	}
	key, err := m.keys.Reserve(m.Context(), m.storage, m.get(name), work)
	if err != nil {
		return 0, err
	}
	return key.Latest, nil
}

func (m *mount) mustReserve(name string, operations, bytesEach, want int) {
	m.Helper()
	if got, err := m.reserve(name, operations, bytesEach); got != want || err != nil {
		m.Errorf("%d operations on %d bytes with version %d, %v, want %d", operations, bytesEach, got, err, want)
	}
}

func limitedTo(operations, bytes int64) keyring.Spec {
	return keyring.Spec{Type: symmetric, Rotation: rotation.Change{MaxOperations: &operations, MaxBytes: &bytes}}
}

func TestLimitOfOperations(t *testing.T) {
	m := newMount(t)
	m.create("k", limitedTo(1000, 0))
	before := m.storage.Counts().Put
	for range 1000 {
		m.mustReserve("k", 1, 1<<30, 1)
	}
	if got := m.storage.Counts().Put - before; got > 17 {
		t.Errorf("%d puts for 1000 operations", got)
	}
	m.mustReserve("k", 1, 0, 2)
	m.mustReserve("k", 999, 0, 2)
	m.mustReserve("k", 1, 0, 3)
	// A batch is not divided, and one that is too large for any version has one of its own.
	m.mustReserve("k", 600, 0, 3)
	m.mustReserve("k", 600, 0, 4)
	m.mustReserve("k", 5000, 0, 5)
	m.mustReserve("k", 1, 0, 6)
	history := m.history("k")
	for _, record := range history[1:] {
		if record.Reason != rotation.Operations {
			t.Errorf("%+v", record)
		}
	}
}

func TestLimitOfBytes(t *testing.T) {
	m := newMount(t)
	m.create("k", limitedTo(0, 1<<20))
	m.mustReserve("k", 1024, 1000, 1)
	m.mustReserve("k", 24, 1024, 1)
	m.mustReserve("k", 1, 1, 2)
	if history := m.history("k"); history[1].Reason != rotation.Bytes {
		t.Errorf("%+v", history)
	}
}

// The default is half of what the algorithm is safe for, where its nonces are random.
func TestDefaultLimits(t *testing.T) {
	const reserved = 1<<31 - 1
	for _, test := range []struct {
		name string
		spec keyring.Spec
		want int
	}{
		{"AES-GCM", keyring.Spec{Type: "aes256-gcm96"}, 2},
		{"AES-GCM-128", keyring.Spec{Type: "aes128-gcm96"}, 2},
		{"ChaCha20-Poly1305", keyring.Spec{Type: "chacha20-poly1305"}, 2},
		{"derived", keyring.Spec{Type: symmetric, Derived: true}, 2},
		{"convergent", keyring.Spec{Type: symmetric, Derived: true, Convergent: true}, 1},
		{"no limit", limitedTo(0, 0), 1},
		{"HPKE", keyring.Spec{Type: hybrid}, 1},
		{"signatures", keyring.Spec{Type: "ed25519"}, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := newMount(t)
			m.create("k", test.spec)
			m.setReserved("k", reserved, 0)
			m.mustReserve("k", 1, 0, 1)
			m.mustReserve("k", 1, 0, test.want)
		})
	}
	m := newMount(t)
	m.create("k", keyring.Spec{Type: symmetric})
	m.setReserved("k", 0, 1<<51-10)
	m.mustReserve("k", 1, 10, 1)
	m.mustReserve("k", 1, 1, 2)
}

// setReserved stores what counts as used of the latest version.
func (m *mount) setReserved(name string, operations, bytes int64) {
	m.Helper()
	version := m.get(name).Versions()[0]
	store := backend.NewStore[map[string]any]("palisade/usage/", 1)
	none := map[string]any{"operations": 0, "bytes": 0, "last": "0001-01-01T00:00:00Z"}
	if err := store.Put(m.Context(), m.storage, name, &map[string]any{"versions": []any{map[string]any{
		"version": version.Number, "created": version.Created, "protected": none, "processed": none,
		"reserved_operations": operations, "reserved_bytes": bytes,
	}}}); err != nil {
		m.Fatal(err)
	}
}

// An imported key that may not rotate works on; a version that the caller names does too.
func TestLimitsThatCannotRotate(t *testing.T) {
	m := newMount(t)
	policy := theirsCreate(t, m.storage, keyring.Spec{Type: symmetric})
	policy.Imported = true
	if err := policy.Persist(t.Context(), m.storage); err != nil {
		t.Fatal(err)
	}
	m.configure("k", keyring.Configuration{Rotation: rotation.Change{MaxOperations: new(int64(1000))}})
	for range 3 {
		m.mustReserve("k", 600, 0, 1)
	}
	m.create("old", limitedTo(1000, 0))
	m.rotate("old", keyring.Rotation{})
	for range 3 {
		var work keyring.Work
		for range 600 {
			work.Add(1, 0)
		}
		key, err := m.keys.Reserve(t.Context(), m.storage, m.get("old"), work)
		if err != nil || key.Latest != 2 {
			t.Errorf("%v", err)
		}
	}
}

// What was done before a limit was set counts, and a change of the limit is heeded at once.
func TestLimitsAreChanged(t *testing.T) {
	m := newMount(t)
	m.create("k", keyring.Spec{Type: hybrid})
	for range 3 {
		m.mustReserve("k", 400, 0, 1)
	}
	limit := func(operations int64) {
		m.configure("k", keyring.Configuration{Rotation: rotation.Change{MaxOperations: &operations}})
	}
	limit(5000)
	m.mustReserve("k", 3000, 0, 1)
	limit(4000)
	m.mustReserve("k", 1, 0, 2)
	limit(0)
	m.mustReserve("k", 9000, 0, 2)
	limit(4000)
	m.mustReserve("k", 1, 0, 3)
}

// After a clean stop the count is exact; after a crash it is too high, by a block at most.
func TestCountsSurvive(t *testing.T) {
	m := newMount(t)
	m.create("k", limitedTo(1600, 0))
	for range 7 {
		m.mustReserve("k", 100, 0, 1)
		if err := m.keys.EndUsage(t.Context(), m.storage); err != nil {
			t.Fatal(err)
		}
		m = m.fresh()
	}
	m.mustReserve("k", 900, 0, 1)
	m.mustReserve("k", 1, 0, 2)
	crashes := 0
	for m.get("k").Latest == 2 {
		m = m.fresh()
		if _, err := m.reserve("k", 1, 0); err != nil {
			t.Fatal(err)
		}
		crashes++
	}
	if crashes < 15 || crashes > 17 {
		t.Errorf("%d crashes used the limit up", crashes)
	}
}

// Whatever crashes, stops and fails in between, no version does more than its limit.
func TestNoVersionDoesMoreThanItMay(t *testing.T) {
	const limit = 1000
	rapid.Check(t, func(rt *rapid.T) {
		m := newMount(t)
		m.create("k", limitedTo(limit, 0))
		done := map[int]int{}
		for range 60 {
			switch rapid.IntRange(0, 9).Draw(rt, "event") {
			case 0:
				m = m.fresh() // a crash
			case 1:
				if err := m.keys.EndUsage(t.Context(), m.storage); err != nil {
					rt.Fatal(err)
				}
				m = m.fresh()
			case 2:
				m.mustFlush()
			case 3:
				m.storage.FailWrite(rapid.IntRange(1, 4).Draw(rt, "write"))
			default:
				size := rapid.IntRange(1, 400).Draw(rt, "size")
				version, err := m.reserve("k", size, 0)
				m.storage.FailWhen(nil)
				if err == nil {
					done[version] += size
				} else if !errors.Is(err, backendtest.ErrInjected) {
					rt.Fatal(err)
				}
			}
			m.storage.FailWhen(nil)
		}
		for version, operations := range done {
			if operations > limit {
				rt.Fatalf("version %d did %d operations", version, operations)
			}
		}
	})
}

// The same with everybody at once, and most of the limit is used.
func TestLimitsHoldForAllAtOnce(t *testing.T) {
	m := newMount(t)
	const limit, workers, each = 1000, 8, 700
	m.create("k", limitedTo(limit, 0))
	var done [100]atomic.Int64
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for range each {
				version, err := m.reserve("k", 1, 0)
				if err != nil {
					t.Error(err)
					return
				}
				done[version].Add(1)
			}
		})
	}
	group.Wait()
	latest := m.get("k").Latest
	for version := 1; version <= latest; version++ {
		if got := done[version].Load(); got > limit || (version < latest && got < limit-workers) {
			t.Errorf("version %d of %d did %d operations", version, latest, got)
		}
	}
}

// Nothing is done that is not written down.
func TestFaultsReserveNothing(t *testing.T) {
	m := newMount(t)
	m.create("k", limitedTo(1000, 0))
	for _, broken := range []string{"get palisade/usage/k", "put palisade/usage/k"} {
		m.storage.FailWhen(func(operation, key string) bool { return operation+" "+key == broken })
		if _, err := m.reserve("k", 100, 0); !errors.Is(err, backendtest.ErrInjected) {
			t.Errorf("%s: %v", broken, err)
		}
		m.storage.FailWhen(nil)
	}
	m.mustReserve("k", 100, 0, 1)
	before := m.storage.Snapshot()
	m.storage.FailWhen(func(string, string) bool { return true })
	m.mustReserve("k", 1, 0, 1) // within the block
	m.storage.FailWhen(nil)
	if diff := cmp.Diff(before, m.storage.Snapshot()); diff != "" {
		t.Error(diff)
	}
}

func BenchmarkReserve(b *testing.B) {
	m := newMount(b)
	m.create("k", keyring.Spec{Type: symmetric})
	key := m.get("k")
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			var work keyring.Work
			work.Add(0, 16)
			if _, err := m.keys.Reserve(b.Context(), m.storage, key, work); err != nil {
				b.Fatal(err)
			}
		}
	})
}
