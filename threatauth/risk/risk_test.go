package risk_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/palisade-vault/palisade/threatauth/risk"
	"github.com/palisade-vault/palisade/threatauth/signal"
)

func TestDecide(t *testing.T) {
	listed := signal.Finding{Signal: "ip_reputation", Known: true, Term: 6, Rules: []string{"feed/ipsum"}}
	fresh := signal.Finding{Signal: "new_device", Known: true, Term: 2, Rules: []string{"new_device"}}
	quiet := signal.Finding{Signal: "rhythm", Known: true, Term: 40}
	unknown := signal.Finding{Signal: "travel"}
	defaults := risk.Policy{Rules: risk.DefaultRules(signal.All()), Fault: risk.Restrict}
	rules := func(pairs ...string) risk.Policy {
		p := risk.Policy{Rules: risk.DefaultRules(signal.All()), Fault: risk.Restrict}
		for i := 0; i < len(pairs); i += 2 {
			p.Rules[pairs[i]] = risk.Action(pairs[i+1])
		}
		return p
	}
	for _, test := range []struct {
		name     string
		policy   risk.Policy
		findings []signal.Finding
		faults   []string
		want     risk.Action
	}{
		{name: "nothing", policy: defaults, want: risk.Allow},
		{name: "terms alone do not act yet", policy: defaults, findings: []signal.Finding{quiet, unknown}, want: risk.Allow},
		{name: "new device", policy: defaults, findings: []signal.Finding{fresh}, want: risk.Restrict},
		{name: "listed", policy: defaults, findings: []signal.Finding{listed}, want: risk.Deny},
		{name: "the strictest counts", policy: defaults, findings: []signal.Finding{listed, fresh}, want: risk.Deny},
		{name: "in any order", policy: defaults, findings: []signal.Finding{fresh, listed}, want: risk.Deny},
		{name: "a name goes before its kind", policy: rules("feed/ipsum", "ignore"), findings: []signal.Finding{listed}, want: risk.Allow},
		{name: "another name does not", policy: rules("feed/tor", "ignore"), findings: []signal.Finding{listed}, want: risk.Deny},
		{name: "a rule without an action denies", policy: risk.Policy{Fault: risk.Allow}, findings: []signal.Finding{fresh}, want: risk.Deny},
		{name: "an unknown action denies", policy: rules("feed", "maybe"), findings: []signal.Finding{listed}, want: risk.Deny},
		{name: "a fault restricts", policy: defaults, faults: []string{"profile"}, want: risk.Restrict},
		{name: "a fault softens nothing", policy: defaults, findings: []signal.Finding{listed}, faults: []string{"profile"}, want: risk.Deny},
		{name: "an unset fault action denies", policy: risk.Policy{}, faults: []string{"profile"}, want: risk.Deny},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := risk.Decide(test.policy, test.findings, test.faults)
			if d.Action != test.want {
				t.Errorf("action %s, want %s", d.Action, test.want)
			}
		})
	}
}

func TestScoreAndOrder(t *testing.T) {
	d := risk.Decide(risk.Policy{}, []signal.Finding{
		{Signal: "unknown"},
		{Signal: "mild", Known: true, Term: -1},
		{Signal: "strong", Known: true, Term: 9},
		{Signal: "rule", Known: true, Term: 2, Rules: []string{"rule"}},
	}, nil)
	var order []string
	for _, f := range d.Findings {
		order = append(order, f.Signal)
	}
	if diff := cmp.Diff([]string{"rule", "strong", "mild", "unknown"}, order); diff != "" || d.Score != 10 {
		t.Errorf("score %v, order %s", d.Score, diff)
	}
}

func TestFail(t *testing.T) {
	before := risk.Decide(risk.Policy{Fault: risk.Restrict}, nil, nil)
	after := before.Fail(risk.Policy{Fault: risk.Restrict}, "record")
	if before.Action != risk.Allow || len(before.Faults) != 0 || after.Action != risk.Restrict || !cmp.Equal(after.Faults, []string{"record"}) {
		t.Errorf("before %+v, after %+v", before, after)
	}
}

// Whatever a signal asks for by default is an action.
func TestDefaultRulesAreActions(t *testing.T) {
	rules := risk.DefaultRules(signal.All())
	for rule, action := range rules {
		if !action.Valid() {
			t.Errorf("%s asks for %q", rule, action)
		}
	}
	if rules["feed"] != risk.Deny || rules["new_device"] != risk.Restrict {
		t.Errorf("defaults %v", rules)
	}
}
