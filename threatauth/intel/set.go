package intel

import (
	"cmp"
	"net/netip"
	"slices"

	"github.com/palisade-vault/palisade/threatauth/signal"
)

// Feed is one loaded feed.
type Feed struct {
	Meta  Meta
	Table *Table
}

// Set is all loaded feeds at one moment. It never changes; a new feed makes a new Set.
type Set struct {
	feeds []Feed // ordered by name
	// damage is what is wrong with the stored feeds that are not in the set.
	damage error
}

// NewSet is the set of feeds. damage, if not nil, tells of those that could not be built.
func NewSet(feeds []Feed, damage error) *Set {
	feeds = slices.Clone(feeds)
	slices.SortFunc(feeds, func(a, b Feed) int { return cmp.Compare(a.Meta.Name, b.Meta.Name) })
	return &Set{feeds: feeds, damage: damage}
}

// Damage is nil, or names the stored feeds that are missing from the set because what is
// stored of them is not whole. Reading them again would not help; writing them anew does.
func (s *Set) Damage() error { return s.damage }

// Look is what all feeds say of the address. An address that Vault did not give consults
// nothing.
func (s *Set) Look(addr netip.Addr) signal.Reputation {
	if !addr.IsValid() {
		return signal.Reputation{}
	}
	found := signal.Reputation{Consulted: len(s.feeds)}
	for _, feed := range s.feeds {
		if level := feed.Table.Level(addr); level > 0 {
			found.Listings = append(found.Listings, signal.Listing{
				Feed: feed.Meta.Name, Version: feed.Meta.Version, Level: level,
			})
		}
	}
	return found
}
