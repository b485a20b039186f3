package intel

import (
	"net/netip"
	"slices"
)

// Table answers which level an address has in one feed. It never changes after [NewTable],
// so that any number of logins may read it while the next one is being built.
type Table struct {
	levels map[netip.Prefix]int
	// bits4 and bits6 are the prefix lengths present, longest first.
	bits4, bits6 []int
}

// NewTable builds the table of the entries at or above minLevel that lie in the public
// address space. skipped counts those that do not: a feed that lists private, loopback or
// other special addresses would shut out the operator's own network.
func NewTable(entries []Entry, minLevel int) (table *Table, skipped int) {
	table = &Table{levels: make(map[netip.Prefix]int, len(entries))}
	for _, entry := range entries {
		switch {
		case entry.Level < minLevel:
		case !public(entry.Prefix):
			skipped++
		default:
			table.levels[entry.Prefix] = entry.Level
			table.addBits(entry.Prefix)
		}
	}
	return table, skipped
}

func (t *Table) addBits(p netip.Prefix) {
	bits := &t.bits6
	if p.Addr().Is4() {
		bits = &t.bits4
	}
	i, found := slices.BinarySearchFunc(*bits, p.Bits(), func(a, b int) int { return b - a })
	if !found {
		*bits = slices.Insert(*bits, i, p.Bits())
	}
}

// Len is how many networks and addresses the table holds.
func (t *Table) Len() int { return len(t.levels) }

// Level is the level of the longest listed network that holds addr, IPv4-mapped forms read
// as IPv4; 0 when there is none.
func (t *Table) Level(addr netip.Addr) int {
	addr = addr.Unmap().WithZone("")
	lengths := t.bits6
	if addr.Is4() {
		lengths = t.bits4
	}
	for _, bits := range lengths {
		prefix, err := addr.Prefix(bits)
		if err != nil {
			return 0
		}
		if level := t.levels[prefix]; level > 0 {
			return level
		}
	}
	return 0
}

// special are the networks that no reputation feed may list, and that never look like one
// host on the internet (IANA special-purpose registries, RFC 6890).
var special = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),
	netip.MustParsePrefix("10.0.0.0/8"),
	netip.MustParsePrefix("100.64.0.0/10"),
	netip.MustParsePrefix("127.0.0.0/8"),
	netip.MustParsePrefix("169.254.0.0/16"),
	netip.MustParsePrefix("172.16.0.0/12"),
	netip.MustParsePrefix("192.168.0.0/16"),
	netip.MustParsePrefix("224.0.0.0/3"),
	netip.MustParsePrefix("::/96"),
	netip.MustParsePrefix("::ffff:0:0/96"),
	netip.MustParsePrefix("fc00::/7"),
	netip.MustParsePrefix("fe80::/10"),
	netip.MustParsePrefix("ff00::/8"),
}

func public(p netip.Prefix) bool {
	return !slices.ContainsFunc(special, p.Overlaps)
}
