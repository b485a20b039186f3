package escrow_test

import (
	"strings"
	"testing"

	"github.com/palisade-vault/palisade/pqtransit/escrow"
)

func TestPoliciesThatFailOpenAreRefused(t *testing.T) {
	good := func() escrow.Policy {
		return escrow.Policy{
			Name: "p", Version: 1, Groups: []escrow.Quorum{{Group: "a", Threshold: 2}},
			Purposes: []string{escrow.Drill}, RequestSeconds: 60, ReleaseSeconds: 60,
		}
	}
	if err := good().Check(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, want string
		change     func(*escrow.Policy)
	}{
		{"no approvals", "one custodian alone", func(p *escrow.Policy) { p.Groups = nil }},
		{"one approval", "one custodian alone", func(p *escrow.Policy) { p.Groups[0].Threshold = 1 }},
		{"zero approvals", "threshold 0", func(p *escrow.Policy) { p.Groups[0].Threshold = 0 }},
		{"negative approvals", "threshold -3", func(p *escrow.Policy) { p.Groups[0].Threshold = -3 }},
		{"too many approvals", "threshold 256", func(p *escrow.Policy) { p.Groups[0].Threshold = 256 }},
		{"a group twice", "there twice", func(p *escrow.Policy) { p.Groups = append(p.Groups, p.Groups[0]) }},
		{"a group without a name", "without a name", func(p *escrow.Policy) { p.Groups[0].Group = "" }},
		{"a custodian twice", "there twice", func(p *escrow.Policy) { p.Mandatory = []string{"e", "f", "e"} }},
		{"a custodian without entity", "without an entity", func(p *escrow.Policy) { p.Mandatory = []string{""} }},
		{"no purpose", "at least one purpose", func(p *escrow.Policy) { p.Purposes = nil }},
		{"unknown purpose", `no purpose "any"`, func(p *escrow.Policy) { p.Purposes = []string{"any"} }},
		{"purpose twice", "there twice", func(p *escrow.Policy) { p.Purposes = []string{escrow.Drill, escrow.Drill} }},
		{"unknown exit", `no exit "all"`, func(p *escrow.Policy) { p.Allowed = []string{"all"} }},
		{"negative delay", "delay_seconds", func(p *escrow.Policy) { p.DelaySeconds = -1 }},
		{"negative veto", "veto_seconds", func(p *escrow.Policy) { p.VetoSeconds = -1 }},
		{"requests that never expire", "request_seconds", func(p *escrow.Policy) { p.RequestSeconds = 0 }},
		{"releases that never expire", "release_seconds", func(p *escrow.Policy) { p.ReleaseSeconds = 1 << 40 }},
	} {
		t.Run(c.name, func(t *testing.T) {
			policy := good()
			c.change(&policy)
			if err := policy.Check(); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("got %v, want an error with %q", err, c.want)
			}
		})
	}
}
