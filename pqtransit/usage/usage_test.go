package usage_test

import (
	"fmt"
	"math"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/palisade-vault/palisade/pqtransit/usage"
)

var (
	start  = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	first  = usage.NewVersion(1, start)
	second = usage.NewVersion(2, start.Add(time.Hour))
)

// clock is a time that a test sets.
type clock struct{ now time.Time }

func (c *clock) Now() time.Time { return c.now }

func TestCounts(t *testing.T) {
	clock := &clock{now: start}
	meter := usage.NewMeter(clock.Now)
	key := meter.Key("k")
	if meter.Key("k") != key || meter.Peek("k") != key || meter.Peek("other") != nil {
		t.Fatal("a name has more than one counter, or one before it is used")
	}
	key.Version(first).Count(usage.Protect, 10)
	clock.now = start.Add(90 * time.Second)
	key.Version(first).Count(usage.Protect, 0)
	key.Version(first).Count(usage.Process, 7)
	key.Version(second).Count(usage.Process, 1)
	later := clock.now
	want := map[usage.Version]usage.Use{
		first:  {Protected: usage.Total{Operations: 2, Bytes: 10, Last: later}, Processed: usage.Total{Operations: 1, Bytes: 7, Last: later}},
		second: {Processed: usage.Total{Operations: 1, Bytes: 1, Last: later}},
	}
	if diff := cmp.Diff(want, key.Pending(), cmp.AllowUnexported(usage.Version{})); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(want, key.Drain(), cmp.AllowUnexported(usage.Version{})); diff != "" {
		t.Error(diff)
	}
	if got := key.Pending(); len(got) != 0 {
		t.Errorf("after draining: %v", got)
	}
	key.Return(want)
	key.Keep(func(version usage.Version) bool { return version == second })
	if diff := cmp.Diff(map[usage.Version]usage.Use{second: want[second]}, key.Pending(), cmp.AllowUnexported(usage.Version{})); diff != "" {
		t.Error(diff)
	}
	if !first.Created().Equal(start) {
		t.Error(first.Created())
	}
}

// A key that was deleted and made again has other versions, though their numbers are the same.
func TestVersionsOfAnotherLife(t *testing.T) {
	if usage.NewVersion(1, start) == usage.NewVersion(1, start.Add(1)) {
		t.Error("equal")
	}
	meter := usage.NewMeter(time.Now)
	old := meter.Key("k")
	meter.Forget("k")
	old.Version(first).Count(usage.Protect, 1)
	if got := meter.Key("k").Pending(); len(got) != 0 {
		t.Errorf("%v", got)
	}
}

func TestNothingIsCountedOfNoKey(t *testing.T) {
	var none *usage.Counter
	none.Count(usage.Protect, 1)
	var key *usage.Key
	if key.Pending() != nil {
		t.Error("something pending")
	}
}

// Those drained longest ago come first, so that a bound starves none.
func TestDue(t *testing.T) {
	clock := &clock{now: start}
	meter := usage.NewMeter(clock.Now)
	for i := range 5 {
		clock.now = start.Add(time.Duration(i) * time.Minute)
		key := meter.Key(fmt.Sprintf("k%d", 4-i))
		key.Drain()
		if i != 2 {
			key.Version(first).Count(usage.Protect, 1)
		}
	}
	names := func(before time.Time, limit int) (names []string) {
		for _, key := range meter.Due(before, limit) {
			names = append(names, key.Name())
		}
		return names
	}
	for _, step := range []struct {
		before time.Duration
		limit  int
		want   []string
	}{
		{0, 9, nil},
		{time.Minute, 9, []string{"k4"}},
		{time.Hour, 9, []string{"k4", "k3", "k1", "k0"}},
		{time.Hour, 2, []string{"k4", "k3"}},
	} {
		if diff := cmp.Diff(step.want, names(start.Add(step.before), step.limit)); diff != "" {
			t.Errorf("before %v, at most %d: %s", step.before, step.limit, diff)
		}
	}
}

// Whatever is drained, returned and counted at once, nothing is lost and nothing is twice.
func TestNothingIsLost(t *testing.T) {
	meter := usage.NewMeter(time.Now)
	key := meter.Key("k")
	const each = 2000
	var group, drains sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for range each {
				key.Version(first).Count(usage.Protect, 3)
			}
		})
	}
	var total usage.Use
	stop := make(chan struct{})
	drains.Go(func() {
		for round := 0; ; round++ {
			select {
			case <-stop:
				return
			default:
			}
			if drained := key.Drain(); round%2 == 0 {
				key.Return(drained)
			} else {
				total = total.Plus(drained[first])
			}
		}
	})
	group.Wait()
	close(stop)
	drains.Wait()
	total = total.Plus(key.Drain()[first])
	if total.Protected.Operations != 4*each || total.Protected.Bytes != 4*each*3 {
		t.Errorf("%+v", total)
	}
}

func TestPlus(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(label string) usage.Total {
			return usage.Total{
				Operations: rapid.Int64Range(0, math.MaxInt32).Draw(t, label),
				Bytes:      rapid.Int64Range(0, math.MaxInt32).Draw(t, label),
				Last:       start.Add(time.Duration(rapid.Int32().Draw(t, label))),
			}
		}
		a, b := draw("a"), draw("b")
		if a.Plus(b) != b.Plus(a) || a.Plus(usage.Total{}) != a {
			t.Errorf("%v %v", a, b)
		}
		sum := a.Plus(b)
		if sum.Operations != a.Operations+b.Operations || sum.Last.Before(a.Last) || sum.Last.Before(b.Last) {
			t.Errorf("%v", sum)
		}
	})
}

func BenchmarkCount(b *testing.B) {
	counter := usage.NewMeter(time.Now).Key("k").Version(first)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			counter.Count(usage.Protect, 16)
		}
	})
}
