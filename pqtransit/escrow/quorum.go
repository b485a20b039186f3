package escrow

import (
	"time"
)

// quorum is whether every part of every package has its threshold of approvals,
// and when the last one came.
func (c Case) quorum(rules Rules) (at time.Time, reached bool) {
	approved := map[string]bool{}
	for _, recorded := range c.Decisions {
		if recorded.Decision.Verdict != Approve {
			continue
		}
		approved[recorded.Decision.Custodian] = true
		if satisfied(rules.Packages, func(entity string) bool { return approved[entity] }) {
			return recorded.At, true
		}
	}
	return time.Time{}, false
}

// possible reports whether those who have not refused still could be a quorum.
func (c Case) possible(rules Rules) bool {
	refused := map[string]bool{}
	for _, recorded := range c.Decisions {
		if recorded.Decision.Verdict != Approve {
			refused[recorded.Decision.Custodian] = true
		}
	}
	if !rules.Policy.RequesterMayBeCustodian {
		refused[c.Request.Requester] = true
	}
	return satisfied(rules.Packages, func(entity string) bool { return !refused[entity] })
}

// satisfied reports whether the custodians that count suffice for every package.
// No package is satisfied by nobody.
func satisfied(packages []*Package, counts func(entity string) bool) bool {
	for _, p := range packages {
		for _, part := range p.Parts {
			have := 0
			for _, share := range part.Shares {
				if counts(share.Custodian) {
					have++
				}
			}
			if have < part.Threshold {
				return false
			}
		}
	}
	return len(packages) > 0
}
