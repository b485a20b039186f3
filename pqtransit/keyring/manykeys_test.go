package keyring_test

import (
	"bytes"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend/backendtest"
	"github.com/palisade-vault/palisade/pqtransit/keyring"
)

// fill puts copies of one key into a mount, and names them.
func fill(tb testing.TB, m *mount, count int) []string {
	tb.Helper()
	model := newMount(tb)
	model.create("model", keyring.Spec{Type: symmetric})
	names := make([]string, count)
	for i := range names {
		names[i] = fmt.Sprintf("key-%06d", i)
		for path, value := range model.storage.Snapshot() {
			entry := &logical.StorageEntry{
				Key:   strings.Replace(path, "model", names[i], 1),
				Value: bytes.Replace(value, []byte(`"model"`), []byte(`"`+names[i]+`"`), 1),
			}
			if err := m.storage.Put(tb.Context(), entry); err != nil {
				tb.Fatal(err)
			}
		}
	}
	return names
}

const (
	fewKeys  = 100
	manyKeys = 100_000
)

// cost is the storage calls of something.
func cost(m *mount, do func()) backendtest.Counts {
	before := m.storage.Counts()
	do()
	after := m.storage.Counts()
	return backendtest.Counts{
		Get: after.Get - before.Get, Put: after.Put - before.Put,
		Delete: after.Delete - before.Delete, List: after.List - before.List,
	}
}

// What is done with one key costs the same storage calls however many keys the mount has, and
// the periodic work none once it has seen them all.
func TestCostsDoNotGrowWithTheNumberOfKeys(t *testing.T) {
	many := manyKeys
	if testing.Short() {
		many = 10_000
	}
	costs := map[int][]backendtest.Counts{}
	for _, count := range []int{fewKeys, many} {
		m := newMount(t)
		names := fill(t, m, count)
		name, now := names[count/2], time.Now()
		costs[count] = []backendtest.Counts{
			cost(m, func() { m.get(name) }),
			cost(m, func() { m.mustDecrypt(name, keyring.Parameters{}, m.encrypt(name, keyring.Parameters{}, "x"), "x") }),
			cost(m, func() { m.rotate(name, keyring.Rotation{}) }),
			cost(m, func() { m.create("another", keyring.Spec{Type: hybrid}) }),
			cost(m, func() {
				if listed, err := m.keys.List(t.Context(), m.storage); err != nil || len(listed) != count+1 {
					t.Errorf("%d keys, %v", len(listed), err)
				}
			}),
		}
		for calls := 0; ; calls++ {
			looked := cost(m, func() {
				if done, err := m.keys.Maintain(t.Context(), m.storage, now); err != nil || len(done) != 0 {
					t.Fatalf("%d done, %v", len(done), err)
				}
			})
			if looked == (backendtest.Counts{}) {
				break
			}
			if looked.Get > 10_000 || looked.Put > 0 || calls > many {
				t.Fatalf("call %d of the periodic work cost %+v", calls, looked)
			}
		}
	}
	if !slices.Equal(costs[fewKeys], costs[many]) {
		t.Errorf("with %d keys %+v, with %d %+v", fewKeys, costs[fewKeys], many, costs[many])
	}
	if warm := costs[many][1]; warm != (backendtest.Counts{}) {
		t.Errorf("a warm operation cost %+v", warm)
	}
}

// BenchmarkManyKeys compares mounts of 100 and of 100 000 keys by turns in one run: "ratio" is how
// many times as long the second took.
func BenchmarkManyKeys(b *testing.B) {
	mounts, names := map[int]*mount{}, map[int][]string{}
	for _, count := range []int{fewKeys, manyKeys} {
		mounts[count] = newMount(b)
		names[count] = fill(b, mounts[count], count)
	}
	heap := heapInUse()
	for _, name := range names[manyKeys] {
		mounts[manyKeys].get(name)
	}
	cached := heapInUse() - heap
	for _, name := range names[fewKeys] {
		mounts[fewKeys].get(name)
	}
	for _, operation := range []struct {
		name string
		keys int // of how many the benchmark takes one after the other
		do   func(m *mount, name string)
	}{
		{"use the same cached keys", fewKeys, func(m *mount, name string) { m.encrypt(name, keyring.Parameters{}, "x") }},
		{"use any cached key", manyKeys, func(m *mount, name string) { m.encrypt(name, keyring.Parameters{}, "x") }},
		{"load a key", manyKeys, func(m *mount, name string) { m.fresh().get(name) }},
		{"rotate a key", fewKeys, func(m *mount, name string) { m.rotate(name, keyring.Rotation{}) }},
	} {
		b.Run(operation.name, func(b *testing.B) {
			var times [2][]time.Duration
			for step := 0; b.Loop(); step += 7919 {
				for i, count := range []int{fewKeys, manyKeys} {
					m, chosen := mounts[count], names[count][step%min(count, operation.keys)]
					m.TB = b
					start := time.Now()
					operation.do(m, chosen)
					times[i] = append(times[i], time.Since(start))
				}
			}
			few, many := middle(times[0]), middle(times[1])
			b.ReportMetric(few, "us-of-100")
			b.ReportMetric(many, "us-of-100000")
			b.ReportMetric(many/few, "ratio")
			b.ReportMetric(0, "ns/op")
		})
	}
	b.Run("list", func(b *testing.B) {
		var times [2][]time.Duration
		for range 5 {
			for i, count := range []int{fewKeys, manyKeys} {
				start := time.Now()
				if _, err := mounts[count].keys.List(b.Context(), mounts[count].storage); err != nil {
					b.Fatal(err)
				}
				times[i] = append(times[i], time.Since(start))
			}
		}
		b.ReportMetric(middle(times[0])/fewKeys, "us-per-key-of-100")
		b.ReportMetric(middle(times[1])/manyKeys, "us-per-key-of-100000")
		b.ReportMetric(float64(cached)/manyKeys, "B-of-memory/cached-key")
		b.ReportMetric(0, "ns/op")
	})
}

func heapInUse() uint64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

// middle is the median, in microseconds.
func middle(times []time.Duration) float64 {
	slices.Sort(times)
	return float64(times[len(times)/2].Nanoseconds()) / 1000
}
