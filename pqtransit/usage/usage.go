// Package usage counts what each version of a key does and remembers when it last did it. A
// use is a few atomic additions: no lock, no storage. Whoever keeps the counts drains a
// [Meter] from time to time and adds what it gives to what it has stored.
package usage

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Kind tells the two sides of a key's use apart (NIST SP 800-57 Part 1, section 5.3.5).
type Kind int

// The kinds of use.
const (
	// Protect is the originator's use: encrypt, sign, authenticate, encapsulate.
	Protect Kind = iota
	// Process is the recipient's use: decrypt, verify, decapsulate.
	Process
	kinds
)

// Total is what uses of one kind came to. The zero value is no use.
type Total struct {
	// Operations counts those that succeeded; each item of a batch is one.
	Operations int64
	// Bytes is the length of the plaintexts and messages in them.
	Bytes int64
	// Last is when the last one happened, to the second.
	Last time.Time
}

// Plus is both together.
func (t Total) Plus(more Total) Total {
	t.Operations += more.Operations
	t.Bytes += more.Bytes
	if more.Last.After(t.Last) {
		t.Last = more.Last
	}
	return t
}

// Use is what one version of a key was used for.
type Use struct{ Protected, Processed Total }

// Plus is both together.
func (u Use) Plus(more Use) Use {
	return Use{Protected: u.Protected.Plus(more.Protected), Processed: u.Processed.Plus(more.Processed)}
}

// IsZero reports whether there was no use.
func (u Use) IsZero() bool { return u == Use{} }

// Version tells one version from all others that a key of that name ever had: a key that was
// deleted and made again has another time of creation.
type Version struct {
	Number  int
	created int64 // nanoseconds since 1970
}

// NewVersion names a version.
func NewVersion(number int, created time.Time) Version {
	return Version{Number: number, created: created.UnixNano()}
}

// Created is when the version was made, to the nanosecond.
func (v Version) Created() time.Time { return time.Unix(0, v.created).UTC() }

// Meter counts the uses of every key of one mount since they were last drained. It may be
// used by many goroutines.
type Meter struct {
	now  func() time.Time
	keys sync.Map // name -> *Key
}

// NewMeter makes an empty meter that reads the time from now.
func NewMeter(now func() time.Time) *Meter { return &Meter{now: now} }

// Key is the counts of the key of that name. It is asked for once, when a key is loaded, and
// kept with the key.
func (m *Meter) Key(name string) *Key {
	if found, ok := m.keys.Load(name); ok {
		return found.(*Key)
	}
	found, _ := m.keys.LoadOrStore(name, &Key{meter: m, name: name})
	return found.(*Key)
}

// Peek is [Meter.Key] without making one: nil for a key that nothing was counted of.
func (m *Meter) Peek(name string) *Key {
	found, ok := m.keys.Load(name)
	if !ok {
		return nil
	}
	return found.(*Key)
}

// Forget drops the counts of a key that is no more. What is still in use of it counts into
// the void.
func (m *Meter) Forget(name string) { m.keys.Delete(name) }

// Due is at most limit keys that have something to drain and were not drained since before,
// those drained longest ago first.
func (m *Meter) Due(before time.Time, limit int) []*Key {
	var due []*Key
	m.keys.Range(func(_, found any) bool {
		if key := found.(*Key); key.dirty.Load() && key.drained.Load() < before.UnixNano() {
			due = append(due, key)
		}
		return true
	})
	slices.SortFunc(due, func(a, b *Key) int {
		return cmp.Or(cmp.Compare(a.drained.Load(), b.drained.Load()), cmp.Compare(a.name, b.name))
	})
	return due[:min(limit, len(due))]
}

// All are the keys that have something to drain or hold a grant.
func (m *Meter) All() []*Key {
	var all []*Key
	m.keys.Range(func(_, found any) bool {
		if key := found.(*Key); key.dirty.Load() || key.Holds() {
			all = append(all, key)
		}
		return true
	})
	return all
}

// Key counts the uses of one key.
type Key struct {
	meter    *Meter
	name     string
	versions sync.Map // Version -> *Counter
	dirty    atomic.Bool
	drained  atomic.Int64 // when, in nanoseconds since 1970; 0 for never
}

// Name is the key's.
func (k *Key) Name() string { return k.name }

// Version is the counter of one version, to be kept with it. It stays the same one until
// [Key.Keep] does not want it.
func (k *Key) Version(version Version) *Counter {
	if found, ok := k.versions.Load(version); ok {
		return found.(*Counter)
	}
	found, _ := k.versions.LoadOrStore(version, &Counter{key: k})
	return found.(*Counter)
}

// Counter counts the uses of one version since they were last drained. A nil Counter counts
// nothing.
type Counter struct {
	key   *Key
	kinds [kinds]struct{ operations, bytes, last atomic.Int64 }
	class atomic.Pointer[Class]

	// What was taken in this process, and what was granted of it.
	taken, granted struct{ operations, bytes atomic.Int64 }

	// What follows is for whoever grants or drains, who excludes others.
	begun   bool
	base    Demand // what counts of the time before this process
	drained Demand // what of this process's counts was drained and not returned
}

// Class counts the operations of many versions together, such as all of one algorithm, since
// the process started. The zero value is ready.
type Class struct{ operations [kinds]atomic.Int64 }

// Operations is how many there were of a kind.
func (c *Class) Operations(kind Kind) int64 { return c.operations[kind].Load() }

// In has what is counted from now on counted for a class too.
func (c *Counter) In(class *Class) { c.class.Store(class) }

// Count notes one operation on so many bytes.
func (c *Counter) Count(kind Kind, bytes int) {
	if c == nil {
		return
	}
	counted := &c.kinds[kind]
	counted.operations.Add(1)
	counted.bytes.Add(int64(bytes))
	if class := c.class.Load(); class != nil {
		class.operations[kind].Add(1)
	}
	// Plain stores of equal values would still make processors contend.
	if now := c.key.meter.now().Unix(); counted.last.Load() < now {
		counted.last.Store(now)
	}
	if !c.key.dirty.Load() {
		c.key.dirty.Store(true)
	}
}

// Pending is what was counted and not drained yet, of versions that have something.
func (k *Key) Pending() map[Version]Use {
	if k == nil {
		return nil
	}
	return k.collect((*atomic.Int64).Load)
}

// Drain is Pending, and starts to count from zero. What could not be stored goes back with
// [Key.Return].
func (k *Key) Drain() map[Version]Use {
	k.dirty.Store(false)
	k.drained.Store(k.meter.now().UnixNano())
	uses := k.collect(func(value *atomic.Int64) int64 { return value.Swap(0) })
	k.move(uses, 1)
	return uses
}

// move keeps account of what was drained.
func (k *Key) move(uses map[Version]Use, sign int64) {
	for version, use := range uses {
		counter := k.Version(version)
		counter.drained = counter.drained.Plus(Demand{
			Operations: sign * use.Protected.Operations,
			Bytes:      sign * use.Protected.Bytes,
		})
	}
}

// Return adds what was drained and not stored.
func (k *Key) Return(uses map[Version]Use) {
	k.move(uses, -1)
	for version, use := range uses {
		counts := &k.Version(version).kinds
		for kind, total := range use.totals() {
			counts[kind].operations.Add(total.Operations)
			counts[kind].bytes.Add(total.Bytes)
			if last := total.Last.Unix(); !total.Last.IsZero() && counts[kind].last.Load() < last {
				counts[kind].last.Store(last)
			}
		}
		k.dirty.Store(true)
	}
}

// Holds reports whether something is granted that was not taken.
func (k *Key) Holds() bool {
	holds := false
	k.versions.Range(func(_, found any) bool {
		counter := found.(*Counter)
		holds = !load(&counter.granted).Within(load(&counter.taken))
		return !holds
	})
	return holds
}

// Counters are those of all versions.
func (k *Key) Counters() map[Version]*Counter {
	counters := map[Version]*Counter{}
	k.versions.Range(func(version, found any) bool {
		counters[version.(Version)] = found.(*Counter)
		return true
	})
	return counters
}

// Keep forgets the versions that keep does not want, such as those that were destroyed.
func (k *Key) Keep(keep func(Version) bool) {
	k.versions.Range(func(version, _ any) bool {
		if !keep(version.(Version)) {
			k.versions.Delete(version)
		}
		return true
	})
}

func (k *Key) collect(take func(*atomic.Int64) int64) map[Version]Use {
	uses := map[Version]Use{}
	k.versions.Range(func(version, found any) bool {
		counts := &found.(*Counter).kinds
		var totals [kinds]Total
		for kind := range counts {
			totals[kind] = Total{
				Operations: take(&counts[kind].operations),
				Bytes:      take(&counts[kind].bytes),
				Last:       timeOf(take(&counts[kind].last)),
			}
		}
		if use := (Use{Protected: totals[Protect], Processed: totals[Process]}); !use.IsZero() {
			uses[version.(Version)] = use
		}
		return true
	})
	return uses
}

func (u Use) totals() [kinds]Total { return [kinds]Total{Protect: u.Protected, Process: u.Processed} }

func timeOf(seconds int64) time.Time {
	if seconds == 0 {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}
