// Package intel is what is known of network addresses from outside: reputation feeds,
// parsed strictly into immutable tables, kept in storage in pieces and looked up without
// any call to the network.
//
// A feed's text format is one file: a [Format] value registered by a package variable.
package intel

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

const (
	// MaxContent bounds a feed's text, in bytes: what Vault's listener lets through in one
	// string.
	MaxContent = 1 << 20
	// MaxLevel bounds an entry's level.
	MaxLevel = 1000
	// maxLine bounds a line: no entry comes near it.
	maxLine = 256
)

// Entry is one line of a feed.
type Entry struct {
	// Prefix is the listed network, one address as a prefix of full length. Its address
	// has no host bits and is no IPv4-mapped one.
	Prefix netip.Prefix
	// Level is the feed's weight for it, 1 to MaxLevel.
	Level int
}

// Format is one text form of a feed.
type Format struct {
	// Name is persisted and used in requests; it is never renamed.
	Name string
	// Doc is one line that says what a line of the feed looks like.
	Doc string
	// MinLevel is the level below which entries are left out unless the operator says
	// otherwise.
	MinLevel int
	// parse reads one line that is neither empty nor a comment.
	parse func(line string) (Entry, error)
	// write gives the only text of an entry that parse accepts.
	write func(Entry) string
}

// Format writes entries as a feed that Parse reads.
func (f Format) Format(entries []Entry) string {
	var text strings.Builder
	for _, entry := range entries {
		text.WriteString(f.write(entry))
		text.WriteByte('\n')
	}
	return text.String()
}

var formats []Format

func register(f Format) struct{} {
	if f.Name == "" || slices.ContainsFunc(formats, func(g Format) bool { return g.Name == f.Name }) {
		panic(fmt.Sprintf("internal error: feed format %q is empty or registered twice", f.Name))
	}
	formats = append(formats, f)
	return struct{}{}
}

// Formats is every format, ordered by name.
func Formats() []Format {
	all := slices.Clone(formats)
	slices.SortFunc(all, func(a, b Format) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

// LookupFormat is the format of that name.
func LookupFormat(name string) (Format, bool) {
	i := slices.IndexFunc(formats, func(f Format) bool { return f.Name == name })
	if i < 0 {
		return Format{}, false
	}
	return formats[i], true
}

// Parse reads a whole feed. Empty lines and lines that begin with "#" are skipped; every
// other line must be an entry in its one canonical text, no address may come twice, and at
// least one entry must be there. The first fault, with its line number, ends it.
func (f Format) Parse(content string) ([]Entry, error) {
	if len(content) > MaxContent {
		return nil, fmt.Errorf("feed has %d bytes, the limit is %d", len(content), MaxContent)
	}
	var entries []Entry
	seen := map[netip.Prefix]bool{}
	lines := bufio.NewScanner(strings.NewReader(content))
	lines.Buffer(make([]byte, 0, maxLine), maxLine)
	lines.Split(splitLines)
	for n := 1; lines.Scan(); n++ {
		line := lines.Text()
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		entry, err := f.line(line)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		if seen[entry.Prefix] {
			return nil, fmt.Errorf("line %d: %s comes twice", n, entry.Prefix)
		}
		seen[entry.Prefix] = true
		entries = append(entries, entry)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("a line is longer than %d bytes", maxLine)
	}
	if len(entries) == 0 {
		return nil, errors.New("feed has no entries")
	}
	return entries, nil
}

func (f Format) line(line string) (Entry, error) {
	entry, err := f.parse(line)
	if err != nil {
		return Entry{}, err
	}
	if f.write(entry) != line {
		return Entry{}, errors.New("not in canonical form")
	}
	return entry, nil
}

// splitLines is bufio.ScanLines without its kindness towards "\r\n".
func splitLines(data []byte, atEOF bool) (advance int, token []byte, err error) {
	if i := bytes.IndexByte(data, '\n'); i >= 0 {
		return i + 1, data[:i], nil
	}
	if atEOF && len(data) > 0 {
		return len(data), data, nil
	}
	return 0, nil, nil
}

// parsePrefix reads an address or a network in CIDR form.
func parsePrefix(text string) (netip.Prefix, error) {
	if strings.Contains(text, "/") {
		prefix, err := netip.ParsePrefix(text)
		if err != nil || prefix.Masked() != prefix || prefix.Addr().Is4In6() {
			return netip.Prefix{}, errors.New("not a network in CIDR form")
		}
		if prefix.IsSingleIP() || prefix.Bits() < minBits(prefix.Addr()) {
			return netip.Prefix{}, errors.New("a network of one address, or wider than /8 (IPv4) or /16 (IPv6)")
		}
		return prefix, nil
	}
	addr, err := netip.ParseAddr(text)
	if err != nil || addr.Zone() != "" || addr.Is4In6() {
		return netip.Prefix{}, errors.New("not an IP address")
	}
	return netip.PrefixFrom(addr, addr.BitLen()), nil
}

// minBits is the widest network a feed may list: a slip such as 0.0.0.0/1 would shut out
// half of the world.
func minBits(addr netip.Addr) int {
	if addr.Is4() {
		return 8
	}
	return 16
}

// formatPrefix is the canonical text of what parsePrefix reads.
func formatPrefix(p netip.Prefix) string {
	if p.IsSingleIP() {
		return p.Addr().String()
	}
	return p.String()
}

// parseLevel reads a level, 1 to MaxLevel.
func parseLevel(text string) (int, error) {
	level, err := strconv.Atoi(text)
	if err != nil || level < 1 || level > MaxLevel {
		return 0, fmt.Errorf("level is not a number from 1 to %d", MaxLevel)
	}
	return level, nil
}
