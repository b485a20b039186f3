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
}

// NewSet is the set of feeds.
func NewSet(feeds []Feed) *Set {
	feeds = slices.Clone(feeds)
	slices.SortFunc(feeds, func(a, b Feed) int { return cmp.Compare(a.Meta.Name, b.Meta.Name) })
	return &Set{feeds: feeds}
}

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
