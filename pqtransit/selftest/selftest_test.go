package selftest_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/palisade-vault/palisade/pqtransit/selftest"
	"github.com/palisade-vault/palisade/pqtransit/suite"
)

var errBroken = errors.New("wrong result")

// harness counts the runs of each suite's test, and fails those it is told to.
type harness struct {
	mu     sync.Mutex
	runs   map[string]int
	broken map[string]error
	logged []string
	now    time.Time
	tests  *selftest.Tests
}

func newHarness(t *testing.T, names ...string) *harness {
	t.Helper()
	h := &harness{runs: map[string]int{}, broken: map[string]error{}}
	var suites []*suite.Suite
	for _, name := range names {
		suites = append(suites, find(t, name))
	}
	h.tests = selftest.New(selftest.Options{
		Suites: suites,
		Run: func(s *suite.Suite) error {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.runs[s.Name]++
			h.now = h.now.Add(3 * time.Millisecond)
			if errors.Is(h.broken[s.Name], errPanic) {
				panic("secret")
			}
			return h.broken[s.Name]
		},
		Now:    func() time.Time { return h.now },
		Failed: func(s *suite.Suite, err error) { h.logged = append(h.logged, s.Name+": "+err.Error()) },
	})
	return h
}

var errPanic = errors.New("panic")

func find(t *testing.T, name string) *suite.Suite {
	t.Helper()
	s, ok := suite.Lookup(name)
	if !ok {
		t.Fatalf("%s is not registered", name)
	}
	return s
}

func TestCheckRunsEachTestOnceAtItsFirstUse(t *testing.T) {
	h := newHarness(t, "ml-kem-768", "rsa-2048")
	if len(h.runs) != 0 {
		t.Fatal("tests ran before anybody used anything")
	}
	var group sync.WaitGroup
	var refused atomic.Int32
	for range 20 {
		group.Go(func() {
			if h.tests.Check(find(t, "ml-kem-768")) != nil {
				refused.Add(1)
			}
		})
	}
	group.Wait()
	if refused.Load() != 0 || h.runs["ml-kem-768"] != 1 || h.runs["rsa-2048"] != 0 {
		t.Errorf("%d refused, runs %v", refused.Load(), h.runs)
	}
}

func TestFailureIsForGood(t *testing.T) {
	h := newHarness(t, "ml-kem-768", "rsa-2048")
	h.broken["ml-kem-768"] = errBroken
	for range 2 {
		err := h.tests.Check(find(t, "ml-kem-768"))
		if err == nil || !strings.Contains(err.Error(), "ml-kem-768 has failed its self-test") {
			t.Fatalf("error %v", err)
		}
	}
	delete(h.broken, "ml-kem-768")
	results, err := h.tests.All(t.Context())
	if err != nil || len(results) != 2 {
		t.Fatalf("%d results, %v", len(results), err)
	}
	if !errors.Is(results[0].Err, errBroken) || results[1].Err != nil || results[0].Duration != 3*time.Millisecond {
		t.Errorf("results %+v", results)
	}
	if h.tests.Check(find(t, "ml-kem-768")) == nil {
		t.Error("a suite that failed is used again")
	}
	if len(h.logged) != 1 || !strings.Contains(h.logged[0], "ml-kem-768: wrong result") {
		t.Errorf("logged %v, want one failure once", h.logged)
	}
}

func TestLaterFailureCounts(t *testing.T) {
	h := newHarness(t, "ml-kem-768")
	if err := h.tests.Check(find(t, "ml-kem-768")); err != nil {
		t.Fatal(err)
	}
	h.broken["ml-kem-768"] = errBroken
	if _, err := h.tests.All(t.Context()); err != nil {
		t.Fatal(err)
	}
	if h.tests.Check(find(t, "ml-kem-768")) == nil {
		t.Error("a suite that failed on request is still used")
	}
}

func TestPanicIsAFailureThatTellsNothing(t *testing.T) {
	h := newHarness(t, "ml-kem-768")
	h.broken["ml-kem-768"] = errPanic
	if h.tests.Check(find(t, "ml-kem-768")) == nil {
		t.Error("a suite whose test panics is used")
	}
	if len(h.logged) != 1 || strings.Contains(h.logged[0], "secret") {
		t.Errorf("logged %v", h.logged)
	}
}

func TestUnknownSuiteIsRefused(t *testing.T) {
	if newHarness(t, "ml-kem-768").tests.Check(find(t, "rsa-2048")) == nil {
		t.Error("a suite without a test is used")
	}
}

func TestAllEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := newHarness(t, "ml-kem-768").tests.All(ctx); err == nil {
		t.Error("ran on after the caller went")
	}
}

// Under FIPS mode or not, the suites' own tests pass, and the module says which it is.
func TestGoModule(t *testing.T) {
	module := selftest.GoModule()
	if module.Version == "" || module.Enforced && !module.Enabled {
		t.Errorf("module %+v", module)
	}
}
