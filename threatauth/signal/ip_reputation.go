package signal

import (
	"fmt"
	"math"
	"strings"
)

var _ = register(Signal{
	Name:      "ip_reputation",
	Doc:       "the source address stands on a loaded reputation list",
	Technique: "T1090",
	Rules:     map[string]string{"feed": "deny"},
	Assess:    assessReputation,
})

// The shipped prior, until a mount's own logins refit it. 76 of the 140 account takeovers
// in the RBA data set came from no listed address or from one not yet listed (Wiefling et
// al., TOPS 2022), so 55 % listed is what an attacker shows at most; a legitimate login
// stands on a list of level 3 in about 3 of 1000 cases.
const (
	listedIfAttack     = 0.55
	listedIfLegitimate = 0.003
	// perLevel is what each further blacklist adds, up to maxLevel of them.
	perLevel = 0.25
	maxLevel = 8
)

func assessReputation(in Input) Finding {
	switch {
	case !in.Event.Source.IsValid():
		return Unknown("the source address is not known")
	case in.Reputation.Consulted == 0:
		return Unknown("no reputation list is loaded")
	case len(in.Reputation.Listings) == 0:
		return Finding{
			Known:  true,
			Term:   math.Log((1 - listedIfAttack) / (1 - listedIfLegitimate)),
			Reason: fmt.Sprintf("source %s is on none of %d reputation lists", in.Event.Source, in.Reputation.Consulted),
		}
	}
	return listed(in)
}

func listed(in Input) Finding {
	finding := Finding{Known: true}
	var level int
	var names, versions []string
	for _, listing := range in.Reputation.Listings {
		level = max(level, min(listing.Level, maxLevel))
		finding.Rules = append(finding.Rules, "feed/"+listing.Feed)
		names = append(names, fmt.Sprintf("%s (level %d)", listing.Feed, listing.Level))
		versions = append(versions, strings.TrimSpace(listing.Feed+" "+listing.Version))
	}
	finding.Term = math.Log(listedIfAttack/listedIfLegitimate) + perLevel*float64(level)
	finding.Reason = fmt.Sprintf("source %s is on reputation list %s", in.Event.Source, strings.Join(names, ", "))
	finding.Version = strings.Join(versions, ", ")
	return finding
}
