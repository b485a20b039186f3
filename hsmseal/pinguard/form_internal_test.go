package pinguard

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func corpus(t testing.TB) [][]byte {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", "*.json"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no seeds: %v, %v", paths, err)
	}
	var seeds [][]byte
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		seeds = append(seeds, text)
	}
	return seeds
}

func TestParseRefuses(t *testing.T) {
	good := string(corpus(t)[0])
	if _, err := parse([]byte(good)); err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, old, replacement string }{
		{"version", `"version":1`, `"version":2`},
		{"state", `"accepted"`, `"fine"`},
		{"attempts without pending", `"attempts":0`, `"attempts":1`},
		{"pending without attempts", `"accepted"`, `"pending"`},
		{"pending thrice", `"accepted","attempts":0`, `"pending","attempts":3`},
		{"unknown field", `{"version"`, `{"extra":1,"version"`},
		{"duplicate field", `{"version"`, `{"version":1,"version"`},
		{"blank", `{"version"`, `{ "version"`},
		{"trailing", "}\n", "}\n\n"},
		{"no newline", "}\n", "}"},
		{"two documents", "}\n", "}{}\n"},
		{"short salt", `"salt":"AAAA`, `"salt":"`},
		{"long", `"token":"`, `"token":"` + strings.Repeat("x", maxForm)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			spoilt := strings.Replace(good, test.old, test.replacement, 1)
			if spoilt == good {
				t.Fatal("nothing was spoilt")
			}
			if f, err := parse([]byte(spoilt)); err == nil {
				t.Fatalf("taken: %+v", f)
			}
		})
	}
	for length := range len(good) {
		if _, err := parse([]byte(good[:length])); err == nil {
			t.Fatalf("%d bytes taken", length)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range corpus(f) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		parsed, err := parse(text)
		if err != nil {
			return
		}
		again, err := marshal(parsed)
		if err != nil || !bytes.Equal(again, text) {
			t.Fatalf("%q re-encodes to %q, %v", text, again, err)
		}
	})
}
