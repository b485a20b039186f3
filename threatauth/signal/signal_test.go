package signal_test

import (
	"math"
	"net/netip"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/palisade-vault/palisade/threatauth/profile"
	"github.com/palisade-vault/palisade/threatauth/signal"
)

var (
	technique = regexp.MustCompile(`^T[0-9]{4}(\.[0-9]{3})?$`)
	name      = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)
	noon      = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
)

// Names are persisted in decisions and used in policies: none may change or go.
func TestNames(t *testing.T) {
	var names []string
	for _, s := range signal.All() {
		names = append(names, s.Name)
	}
	golden, err := os.ReadFile("testdata/names.golden")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(golden), strings.Join(names, "\n")+"\n"); diff != "" {
		t.Error(diff)
	}
}

func TestEverySignalIsDescribed(t *testing.T) {
	for _, s := range signal.All() {
		if !name.MatchString(s.Name) {
			t.Errorf("%q is no plain name", s.Name)
		}
		if s.Doc == "" || strings.ContainsAny(s.Doc, "\n.") || s.Doc != strings.TrimSpace(s.Doc) {
			t.Errorf("%s: doc %q is not one line without a full stop", s.Name, s.Doc)
		}
		if s.Technique != "" && !technique.MatchString(s.Technique) {
			t.Errorf("%s: %q is no ATT&CK technique", s.Name, s.Technique)
		}
	}
}

// With nothing to judge by, every signal says so, and never 0.
func TestUnknownOnNothing(t *testing.T) {
	findings, faults := signal.Assess(signal.All(), signal.Input{})
	if len(faults) > 0 || len(findings) != len(signal.All()) {
		t.Fatalf("%d findings, faults %v", len(findings), faults)
	}
	for _, f := range findings {
		if f.Known || f.Term != 0 || len(f.Rules) > 0 || f.Reason == "" {
			t.Errorf("%s knows something of nothing: %+v", f.Signal, f)
		}
	}
}

// Whatever the input, a finding is finite, says why, and has no term without knowledge.
func TestAnyInput(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := drawInput(t)
		before := cmp.Diff(in, signal.Input{}, cmp.Comparer(func(a, b netip.Addr) bool { return a == b }))
		findings, faults := signal.Assess(signal.All(), in)
		if len(faults) > 0 {
			t.Fatalf("faults %v on %+v", faults, in)
		}
		for _, f := range findings {
			if math.IsNaN(f.Term) || math.IsInf(f.Term, 0) || math.Abs(f.Term) > 50 {
				t.Fatalf("%s: term %v", f.Signal, f.Term)
			}
			if !f.Known && (f.Term != 0 || len(f.Rules) > 0) || f.Known && f.Term == 0 || f.Reason == "" {
				t.Fatalf("%s: %+v", f.Signal, f)
			}
			if len(f.Rules) > 0 && f.Term <= 0 {
				t.Fatalf("%s: a hard rule is met and the term %v speaks for the principal", f.Signal, f.Term)
			}
		}
		if after := cmp.Diff(in, signal.Input{}, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); after != before {
			t.Fatal("a signal changed its input")
		}
	})
}

func drawInput(t *rapid.T) signal.Input {
	addresses := []netip.Addr{{}, netip.MustParseAddr("203.0.113.1"), netip.MustParseAddr("2001:db8::1")}
	devices := []string{"", "a", "b", "c", "d", "e", "f", "g"}
	p := profile.Profile{Logins: rapid.IntRange(-1, math.MaxInt).Draw(t, "logins")}
	for _, id := range devices[1:rapid.IntRange(1, len(devices)).Draw(t, "known")] {
		p.Devices = append(p.Devices, profile.Device{ID: id, Logins: rapid.Int().Draw(t, "device logins")})
	}
	in := signal.Input{
		Event: signal.Event{
			Principal: "alice", Time: noon,
			Source: rapid.SampledFrom(addresses).Draw(t, "source"),
			Device: rapid.SampledFrom(devices).Draw(t, "device"),
		},
		Profile:    p,
		Reputation: signal.Reputation{Consulted: rapid.IntRange(0, 3).Draw(t, "consulted")},
	}
	for range rapid.IntRange(0, in.Reputation.Consulted).Draw(t, "listings") {
		in.Reputation.Listings = append(in.Reputation.Listings, signal.Listing{
			Feed: "f", Version: "1", Level: rapid.IntRange(1, math.MaxInt).Draw(t, "level"),
		})
	}
	return in
}

func assess(t *testing.T, name string, in signal.Input) signal.Finding {
	t.Helper()
	findings, _ := signal.Assess(signal.All(), in)
	for _, f := range findings {
		if f.Signal == name {
			return f
		}
	}
	t.Fatalf("no signal %s", name)
	return signal.Finding{}
}

func TestIPReputation(t *testing.T) {
	in := signal.Input{Event: signal.Event{Source: netip.MustParseAddr("203.0.113.1")}, Reputation: signal.Reputation{Consulted: 2}}
	last := assess(t, "ip_reputation", in)
	if !last.Known || last.Term >= 0 || len(last.Rules) > 0 {
		t.Errorf("on no list: %+v", last)
	}
	for level := 1; level <= 8; level++ {
		in.Reputation.Listings = []signal.Listing{{Feed: "ipsum", Version: "v", Level: level}}
		f := assess(t, "ip_reputation", in)
		if f.Term <= last.Term {
			t.Errorf("level %d weighs %v, no more than the one before", level, f.Term)
		}
		last = f
	}
	if diff := cmp.Diff([]string{"feed/ipsum"}, last.Rules); diff != "" || last.Version != "ipsum v" {
		t.Errorf("rules %v, version %q", last.Rules, last.Version)
	}
}

func TestNewDevice(t *testing.T) {
	p := profile.Profile{}
	for range 50 {
		p = p.Learn("laptop", noon)
	}
	known := assess(t, "new_device", signal.Input{Event: signal.Event{Device: "laptop"}, Profile: p})
	fresh := assess(t, "new_device", signal.Input{Event: signal.Event{Device: "phone"}, Profile: p})
	if known.Term >= 0 || len(known.Rules) > 0 || fresh.Term <= 0 || !cmp.Equal(fresh.Rules, []string{"new_device"}) {
		t.Errorf("known %+v, new %+v", known, fresh)
	}
	many := p
	for i := range 20 {
		many = many.Learn(string(rune('a'+i)), noon)
	}
	if f := assess(t, "new_device", signal.Input{Event: signal.Event{Device: "phone"}, Profile: many}); f.Term >= fresh.Term {
		t.Errorf("a new device of who changes often weighs %v, of who never does %v", f.Term, fresh.Term)
	}
}

func TestAFaultHidesNoFinding(t *testing.T) {
	broken := []signal.Signal{
		{Name: "panics", Assess: func(signal.Input) signal.Finding { panic("x") }},
		{Name: "infinite", Assess: func(signal.Input) signal.Finding { return signal.Finding{Known: true, Term: math.Inf(1)} }},
	}
	findings, faults := signal.Assess(append(broken, signal.All()...), signal.Input{})
	if len(findings) != len(signal.All()) || !cmp.Equal(faults, []string{"panics", "infinite"}) {
		t.Errorf("%d findings, faults %v", len(findings), faults)
	}
}
