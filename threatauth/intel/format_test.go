package intel_test

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/palisade-vault/palisade/threatauth/intel"
)

// fixtures are the real lists by their format.
var fixtures = map[string]string{"ipsum": "ipsum-top3000.txt", "iplist": "ipsum-level3.txt"}

func fixture(t testing.TB, format string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("testdata", fixtures[format]))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func parse(t *testing.T, format, content string) ([]intel.Entry, error) {
	t.Helper()
	f, ok := intel.LookupFormat(format)
	if !ok {
		t.Fatalf("no format %s", format)
	}
	return f.Parse(content)
}

// Format names are persisted: none may change or go. Each has a real list here.
func TestFormats(t *testing.T) {
	var names []string
	for _, f := range intel.Formats() {
		names = append(names, f.Name)
		if f.Doc == "" || f.MinLevel < 1 {
			t.Errorf("%s: doc %q, level %d", f.Name, f.Doc, f.MinLevel)
		}
		entries, err := f.Parse(fixture(t, f.Name))
		if err != nil || len(entries) < 3000 {
			t.Errorf("%s: %d entries, %v", f.Name, len(entries), err)
		}
	}
	if diff := cmp.Diff([]string{"iplist", "ipsum"}, names); diff != "" {
		t.Error(diff)
	}
}

func TestParse(t *testing.T) {
	entries, err := parse(t, "ipsum", "# comment\n\n203.0.113.1\t10\n198.51.100.0/24\t3\n2001:db8::1\t1000")
	want := []intel.Entry{
		{Prefix: netip.MustParsePrefix("203.0.113.1/32"), Level: 10},
		{Prefix: netip.MustParsePrefix("198.51.100.0/24"), Level: 3},
		{Prefix: netip.MustParsePrefix("2001:db8::1/128"), Level: 1000},
	}
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, entries, cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })); diff != "" {
		t.Error(diff)
	}
}

func TestParseRefuses(t *testing.T) {
	for _, line := range []string{
		"203.0.113.1", "203.0.113.1 5", "203.0.113.1\t", "203.0.113.1\t0", "203.0.113.1\t-1", "203.0.113.1\t+5", "203.0.113.1\t05",
		"203.0.113.1\t5\t", "203.0.113.1\t5 ", " 203.0.113.1\t5", "203.0.113.1\t5\r", "203.0.113.1\t1001", "203.0.113.1\t9999999999999999999",
		"203.0.113.01\t5", "203.0.113\t5", "203.0.113.256\t5", "2001:DB8::1\t5", "2001:db8:0::1\t5", "::ffff:203.0.113.1\t5", "fe80::1%eth0\t5",
		"203.0.113.1/24\t5", "203.0.113.1/32\t5", "0.0.0.0/0\t5", "8.0.0.0/7\t5", "2000::/15\t5", "203.0.113.0/024\t5", "203.0.113.0/33\t5",
		"<html>", "\x00", "a,b", strings.Repeat("1", 300),
	} {
		if _, err := parse(t, "ipsum", "203.0.113.7\t5\n"+line+"\n"); err == nil {
			t.Errorf("%q was accepted", line)
		} else if !strings.Contains(err.Error(), "line") {
			t.Errorf("%q: error %q names no line", line, err)
		}
	}
	for name, content := range map[string]string{
		"empty": "", "comments": "# a\n#b\n", "twice": "203.0.113.1\t5\n203.0.113.1\t6\n", "too long": strings.Repeat("# 456789\n", 120_000),
	} {
		if _, err := parse(t, "ipsum", content); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}

// What parses is canonical: writing the entries again gives the lines that were read.
func FuzzParse(f *testing.F) {
	seeds := 0
	for _, format := range intel.Formats() {
		lines := strings.SplitAfter(fixture(f, format.Name), "\n")
		f.Add(format.Name, strings.Join(lines[:50], ""))
		f.Add(format.Name, "# c\n\n198.51.100.0/24\n2001:db8::/32\t7\n203.0.113.9\t4")
		seeds += 2
	}
	if seeds < 4 {
		f.Fatal("the seed corpus is empty")
	}
	f.Fuzz(func(t *testing.T, name, content string) {
		format, ok := intel.LookupFormat(name)
		if !ok {
			return
		}
		entries, err := format.Parse(content)
		if err != nil {
			if entries != nil {
				t.Fatal("entries beside an error")
			}
			return
		}
		var kept []string
		for line := range strings.SplitSeq(content, "\n") {
			if line != "" && !strings.HasPrefix(line, "#") {
				kept = append(kept, line)
			}
		}
		if got := format.Format(entries); got != strings.Join(kept, "\n")+"\n" {
			t.Fatalf("%q is written again as %q", content, got)
		}
		table, skipped := intel.NewTable(entries, 1)
		if table.Len()+skipped != len(entries) {
			t.Fatalf("%d entries became %d and %d skipped", len(entries), table.Len(), skipped)
		}
	})
}

func TestTable(t *testing.T) {
	entries, err := parse(t, "ipsum", "203.0.113.0/24\t4\n203.0.113.9\t7\n203.0.113.8/30\t5\n2001:db8::/32\t6\n192.0.2.1\t2\n10.1.2.3\t9\n172.16.0.0/12\t9\n")
	if err != nil {
		t.Fatal(err)
	}
	table, skipped := intel.NewTable(entries, 3)
	if table.Len() != 4 || skipped != 2 {
		t.Errorf("%d entries, %d skipped", table.Len(), skipped)
	}
	for address, level := range map[string]int{
		"203.0.113.1": 4, "203.0.113.9": 7, "203.0.113.10": 5, "203.0.114.1": 0, "::ffff:203.0.113.9": 7,
		"2001:db8:ffff::1": 6, "2001:db9::1": 0, "2001:db8::1%eth0": 6, "192.0.2.1": 0, "10.1.2.3": 0, "172.20.0.1": 0,
	} {
		if got := table.Level(netip.MustParseAddr(address)); got != level {
			t.Errorf("%s: level %d, want %d", address, got, level)
		}
	}
	if got := table.Level(netip.Addr{}); got != 0 {
		t.Errorf("no address: level %d", got)
	}
}

func TestSet(t *testing.T) {
	var feeds []intel.Feed
	for i, name := range []string{"b", "a", "c"} {
		feed, err := intel.Build(intel.Meta{Name: name, Format: "ipsum", Version: "v" + name, MinLevel: 1}, fmt.Sprintf("203.0.113.%d\t5\n203.0.113.99\t%d\n", i+1, i+1))
		if err != nil {
			t.Fatal(err)
		}
		feeds = append(feeds, feed)
	}
	set := intel.NewSet(feeds, nil)
	found := set.Look(netip.MustParseAddr("203.0.113.99"))
	if found.Consulted != 3 || len(found.Listings) != 3 || found.Listings[0].Feed != "a" || found.Listings[0].Level != 2 || found.Listings[0].Version != "va" {
		t.Errorf("%+v", found)
	}
	if found := set.Look(netip.MustParseAddr("203.0.113.50")); found.Consulted != 3 || len(found.Listings) != 0 {
		t.Errorf("%+v", found)
	}
	if found := set.Look(netip.Addr{}); found.Consulted != 0 {
		t.Errorf("an unknown address was looked up: %+v", found)
	}
}
