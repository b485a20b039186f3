package command

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestUnknownCommands(t *testing.T) {
	for _, words := range [][]string{{"nope"}, {"version", "nope"}, {}} {
		got := palisade(t, "", words...)
		if got.code != exitLocal || got.out != "" || got.err == "" {
			t.Errorf("%q: code %d, standard output %q, standard error %q", words, got.code, got.out, got.err)
		}
	}
	if got := palisade(t, "", "-help"); got.code != exitOK || !strings.Contains(got.out, "version") {
		t.Errorf("-help: code %d, %q", got.code, got.out)
	}
}

func TestNamesAreRegisteredOnce(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a second command of one name was registered")
		}
	}()
	register(command{name: "version"})
}

func TestFlagsStandAnywhere(t *testing.T) {
	for line, want := range map[string]string{
		"a b -n=1":      "a b",
		"-n=1 a b":      "a b",
		"a -n 1 b":      "a b",
		"a --n 1 -- -n": "a -n",
		"-":             "-",
		"":              "",
	} {
		set := flag.NewFlagSet("", flag.ContinueOnError)
		n := set.Int("n", 1, "")
		got, err := parse(set, strings.Fields(line))
		if err != nil || strings.Join(got, " ") != want || *n != 1 {
			t.Errorf("%q: arguments %q, n %d, %v", line, got, *n, err)
		}
	}
}

// probe asks Vault as a command does, with the words as flags.
func probe(t *testing.T, words ...string) (seen *http.Request, err error) {
	t.Helper()
	c := command{build: func(*flag.FlagSet) run {
		return func(ctx context.Context, c *call) error {
			client, err := c.client()
			if err != nil {
				return err
			}
			_, err = client.Logical().ReadWithContext(ctx, "a/b")
			return err
		}
	}}
	environment(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen = r
		_ = json.NewEncoder(w).Encode(map[string]any{"data": map[string]any{"x": 1}})
	}))
	if len(words) > 0 && words[0] == "logged in" {
		t.Setenv("VAULT_TOKEN", "")
		words = words[1:]
		path := filepath.Join(os.Getenv("HOME"), ".vault-token")
		if err := os.WriteFile(path, []byte("token-of-login"), 0o600); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := os.Remove(path); err != nil {
				t.Error(err)
			}
		})
	}
	err = (&dispatched{command: c, ctx: t.Context()}).do(&call{}, words)
	return seen, err
}

func TestTokenAndNamespaceReachVault(t *testing.T) {
	for name, test := range map[string]struct {
		words            []string
		token, namespace string
	}{
		"environment":  {nil, "token-of-the-test", ""},
		"token helper": {[]string{"logged in"}, "token-of-login", ""},
		"namespace":    {[]string{"-namespace=team"}, "token-of-the-test", "team"},
	} {
		t.Run(name, func(t *testing.T) {
			seen, err := probe(t, test.words...)
			if err != nil || seen == nil {
				t.Fatalf("nothing reached Vault: %v", err)
			}
			if token, space := seen.Header.Get("X-Vault-Token"), seen.Header.Get("X-Vault-Namespace"); token != test.token || space != test.namespace {
				t.Errorf("Vault saw token %q and namespace %q", token, space)
			}
		})
	}
}

func TestConnectionFlagsAreObeyed(t *testing.T) {
	for _, words := range [][]string{
		{"-ca-cert=/no/such/file"}, {"-ca-path=/no/such/folder"}, {"-client-cert=only-this"}, {"-address=http://127.0.0.1:1"},
	} {
		if seen, err := probe(t, words...); err == nil || seen != nil {
			t.Errorf("%q: error %v, and Vault was asked: %t", words, err, seen != nil)
		}
	}
}

func TestProgress(t *testing.T) {
	const step = 950 * time.Millisecond // never at the moment of a report
	run := func(c *call, total int64, steps int) string {
		var shown bytes.Buffer
		c.process.Err = &shown
		synctest.Test(t, func(*testing.T) {
			p := c.progress("counting", total)
			for range steps {
				<-time.After(step)
				p.add(10)
			}
			p.end()
		})
		return shown.String()
	}
	terminal := Streams{Terminal: true}
	for name, test := range map[string]struct {
		call  call
		total int64
		steps int
		want  string // the end of what is shown
	}{
		"short":    {call{process: terminal}, 100, 1, ""},
		"json":     {call{process: terminal, format: formJSON}, 100, 60, ""},
		"terminal": {call{process: terminal}, 100, 3, "counting: 20 of 100 (20 %), 7/s, 11s left\r\x1b[K"},
		"log":      {call{}, 1000, 13, "counting: 120 of 1000 (12 %), 10/s, 1m28s left\n"},
		"no total": {call{}, 0, 13, "counting: 120, 10/s\n"},
	} {
		got := run(&test.call, test.total, test.steps)
		if !strings.HasSuffix(got, test.want) || (got == "") != (test.want == "") {
			t.Errorf("%s: %q", name, got)
		}
	}
}
