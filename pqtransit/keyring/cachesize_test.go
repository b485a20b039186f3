package keyring_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/palisade-vault/palisade/pqtransit/keyring"
)

func TestCacheSizeBoundsWhatIsCached(t *testing.T) {
	m := newMount(t)
	const limit = 10
	for i := range limit + 1 {
		m.create(fmt.Sprintf("k%d", i), keyring.Spec{Type: symmetric})
	}
	reads := func(name string) int {
		before := m.storage.Counts().Get
		m.get(name)
		return m.storage.Counts().Get - before
	}
	if got := reads("k0"); got != 0 {
		t.Fatalf("%d reads without a limit", got)
	}
	m.keys.SetCacheSize(limit)
	if got := m.keys.CacheSize(); got != limit {
		t.Fatalf("size %d", got)
	}
	for i := range limit {
		if got := reads(fmt.Sprintf("k%d", i)); got == 0 {
			t.Errorf("k%d outlived a change of the size", i)
		}
	}
	reads("k0") // so that k1 is now the one whose use is longest ago
	for _, step := range []struct {
		name   string
		cached bool
	}{{"k10", false}, {"k0", true}, {"k9", true}, {"k1", false}, {"k10", true}} {
		if got := reads(step.name); (got == 0) != step.cached {
			t.Errorf("%s: %d reads, cached should be %v", step.name, got, step.cached)
		}
	}
	m.keys.SetCacheSize(0)
	for i := range limit + 1 {
		reads(fmt.Sprintf("k%d", i))
	}
	if got := reads("k0"); got != 0 || m.keys.CacheSize() != 0 {
		t.Errorf("%d reads without a limit", got)
	}
}

// A key that is deleted or invalidated makes room.
func TestCacheCountsOnlyWhatIsThere(t *testing.T) {
	m := newMount(t)
	m.keys.SetCacheSize(1)
	m.create("a", keyring.Spec{Type: symmetric})
	m.create("b", keyring.Spec{Type: symmetric})
	m.keys.Invalidate("policy/b")
	m.get("a")
	before := m.storage.Counts()
	m.get("a")
	if after := m.storage.Counts(); after != before {
		t.Errorf("%+v, then %+v", before, after)
	}
}

func TestCacheSizeChangesWhileOthersUse(t *testing.T) {
	m := newMount(t)
	for i := range 5 {
		m.create(fmt.Sprintf("k%d", i), keyring.Spec{Type: symmetric})
	}
	var group sync.WaitGroup
	for i := range 5 {
		name := fmt.Sprintf("k%d", i)
		group.Go(func() {
			for round := range 200 {
				if err := useOnce(t, m.keys, m.storage, name); err != nil {
					t.Error(err)
				}
				if round%20 == 0 {
					m.keys.SetCacheSize(round / 20 % 4)
				}
			}
		})
	}
	group.Wait()
}
