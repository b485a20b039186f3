package command

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
)

// sample is a call of a command that works, in the words after the command's name. Each
// command adds one in its own test file, and the conformance tests run it.
type sample struct {
	words []string
	in    string       // standard input
	vault http.Handler // stands in for Vault; nil for a command that calls none
}

// TestMain gives all tests one home, since the token helper's library remembers where it is.
func TestMain(m *testing.M) {
	home, err := os.MkdirTemp("", "palisade-home-")
	if err != nil {
		panic(err)
	}
	if err := os.Setenv("HOME", home); err != nil {
		panic(err)
	}
	code := m.Run()
	if err := os.RemoveAll(home); err != nil {
		panic(err)
	}
	os.Exit(code)
}

var samples = map[string]func(*testing.T) sample{}

func addSample(name string, build func(*testing.T) sample) bool {
	samples[name] = build
	return true
}

// outcome is what a run of palisade left.
type outcome struct {
	code     int
	out, err string
}

// palisade runs a command line as a shell would.
func palisade(t *testing.T, in string, words ...string) outcome {
	t.Helper()
	var out, err bytes.Buffer
	code := Main(words, Streams{In: strings.NewReader(in), Out: &out, Err: &err})
	return outcome{code, out.String(), err.String()}
}

// environment is that of a user with a token, for a server that stands in for Vault.
func environment(t *testing.T, vault http.Handler) {
	t.Helper()
	for name, value := range map[string]string{
		"VAULT_ADDR": serve(t, vault), "VAULT_TOKEN": "token-of-the-test", "VAULT_MAX_RETRIES": "0",
		"VAULT_CACERT": "", "VAULT_NAMESPACE": "", "VAULT_FORMAT": "",
	} {
		t.Setenv(name, value)
	}
}

// serve starts a server and returns its address.
func serve(t *testing.T, vault http.Handler) string {
	t.Helper()
	server := httptest.NewServer(vault)
	t.Cleanup(server.Close)
	return server.URL
}

// words puts a command's name before its own words.
func (c command) words(rest ...string) []string { return append(strings.Fields(c.name), rest...) }

func forEach(t *testing.T, check func(*testing.T, command)) {
	t.Helper()
	if len(all()) == 0 {
		t.Fatal("no command is registered")
	}
	for _, c := range all() {
		t.Run(c.name, func(t *testing.T) { check(t, c) })
	}
}

func refuseAll(http.ResponseWriter, *http.Request) {}

func TestEveryCommandExplainsItself(t *testing.T) {
	forEach(t, func(t *testing.T, c command) {
		if c.synopsis == "" || len(c.synopsis) > 80 || strings.HasSuffix(c.synopsis, ".") {
			t.Errorf("the synopsis %q is not one line without a full stop", c.synopsis)
		}
		if c.description == "" || len(c.examples) == 0 {
			t.Error("description or examples are missing")
		}
		for _, e := range c.examples {
			if !strings.Contains(e.line, "palisade "+c.name) || e.does == "" {
				t.Errorf("the example %q does not call %s, or says not what it does", e.line, c.name)
			}
		}
		for _, word := range []string{"-help", "--help", "-h"} {
			got := palisade(t, "", c.words(word)...)
			if got.code != exitOK || got.err != "" || strings.TrimSpace(got.out) != c.help() {
				t.Errorf("%s: code %d, to standard error %q, and not the help", word, got.code, got.err)
			}
		}
		for line := range strings.Lines(c.help()) {
			if len([]rune(line)) > 120 {
				t.Errorf("a line of the help is longer than 120 characters: %s", line)
			}
		}
		set, _ := c.flags(&call{})
		set.VisitAll(func(f *flag.Flag) {
			if f.Usage == "" || !strings.HasSuffix(f.Usage, ".") || !strings.Contains(c.help(), "  -"+f.Name) {
				t.Errorf("flag %s has no sentence that says what it is", f.Name)
			}
		})
	})
}

func TestEveryCommandRefusesWrongUsage(t *testing.T) {
	forEach(t, func(t *testing.T, c command) {
		environment(t, http.HandlerFunc(refuseAll))
		right := samples[c.name](t).words
		wrong := map[string][]string{
			"an unknown flag":         append(slices.Clone(right), "-no-such-flag"),
			"an argument too many":    append(slices.Clone(right), strings.Fields(strings.Repeat("more ", 5))...),
			"a format that is none":   append(slices.Clone(right), "-format=xml"),
			"a flag without argument": append(slices.Clone(right), "-format"),
		}
		if strings.Contains(c.arguments, "...") {
			delete(wrong, "an argument too many")
		}
		if c.arguments != "" && !strings.HasPrefix(c.arguments, "[") {
			wrong["no argument"] = nil
		}
		for name, words := range wrong {
			got := palisade(t, "", c.words(words...)...)
			if got.code != exitLocal || got.out != "" || !strings.Contains(got.err, "palisade "+c.name+" -help") {
				t.Errorf("%s: code %d, standard output %q, standard error %q", name, got.code, got.out, got.err)
			}
		}
	})
}

func TestEveryCommandAnswersInBothForms(t *testing.T) {
	forEach(t, func(t *testing.T, c command) {
		build, ok := samples[c.name]
		if !ok {
			t.Fatal("the command has no sample")
		}
		for _, form := range []string{formTable, formJSON} {
			s := build(t)
			handler := s.vault
			if c.offline {
				handler = http.HandlerFunc(refuseAll)
			}
			environment(t, handler)
			words := slices.Clone(s.words)
			if !c.raw {
				words = append(words, "-format="+form)
			}
			got := palisade(t, s.in, c.words(words...)...)
			if got.code != exitOK && got.code != exitNo || got.out == "" {
				t.Errorf("%s: code %d, standard output %q, standard error %q", form, got.code, got.out, got.err)
			}
			if form == formJSON && !c.raw && !json.Valid([]byte(got.out)) {
				t.Errorf("what should be JSON is %s", got.out)
			}
			if form == formTable && json.Valid([]byte(got.out)) && !c.raw {
				t.Errorf("what should be a table is JSON: %s", got.out)
			}
		}
	})
}

func TestEveryCommandReportsVaultsRefusal(t *testing.T) {
	forEach(t, func(t *testing.T, c command) {
		if c.offline {
			return
		}
		s := samples[c.name](t)
		environment(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusForbidden)
			_, _ = w.Write([]byte(`{"errors":["permission denied"]}`))
		}))
		got := palisade(t, s.in, c.words(s.words...)...)
		if got.code != exitRemote || got.out != "" || !strings.Contains(got.err, "permission denied") {
			t.Errorf("refused: code %d, standard output %q, standard error %q", got.code, got.out, got.err)
		}
		s = samples[c.name](t)
		t.Setenv("VAULT_ADDR", "http://127.0.0.1:1") // where nothing listens
		got = palisade(t, s.in, c.words(s.words...)...)
		if got.code != exitRemote || got.out != "" || got.err == "" {
			t.Errorf("not reached: code %d, standard output %q, standard error %q", got.code, got.out, got.err)
		}
		s = samples[c.name](t)
		t.Setenv("VAULT_TOKEN", "")
		got = palisade(t, s.in, c.words(s.words...)...)
		if got.code != exitLocal || got.out != "" || !strings.Contains(got.err, "vault login") {
			t.Errorf("no token: code %d, standard output %q, standard error %q", got.code, got.out, got.err)
		}
	})
}
