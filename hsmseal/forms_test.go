package hsmseal_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/palisade-vault/palisade/hsmseal"
)

var update = flag.Bool("update", false, "write the golden files")

func goldenState() hsmseal.State {
	key := func(token, fingerprint string) hsmseal.StateKey {
		return hsmseal.StateKey{Token: token, Fingerprint: fingerprint, Mechanism: "aes-gcm", ID: "08fee48ee3fea6226500caabb52f3c96"}
	}
	at := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	return hsmseal.State{
		Form: 1, Tenant: hsmseal.StateTenant{Namespace: "ns1", MountPath: "transit", KeyName: "vault-dev"}, Current: 2,
		Versions: []hsmseal.StateVersion{
			{KeyID: "v1-92c68353", Created: at, Keys: []hsmseal.StateKey{key("softhsm", "ce196378284fd2c1")}},
			{KeyID: "v2-0123abcd", Created: at.Add(time.Hour), Keys: []hsmseal.StateKey{
				key("softhsm", "ce196378284fd2c1"), key("luna", "0011223344556677"),
			}},
		},
	}
}

// golden compares with a file in testdata, or writes it.
func golden(t *testing.T, path string, data []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(data)); diff != "" {
		t.Errorf("%s: the form changed without a change of version:\n%s", path, diff)
	}
}

func TestStateForm(t *testing.T) {
	data, err := goldenState().Encode()
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/tenant-state-v1.json", data)
	back, err := hsmseal.ParseState(data)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(goldenState(), back); diff != "" {
		t.Error(diff)
	}
}

func TestParseStateRefuses(t *testing.T) {
	data, err := goldenState().Encode()
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ name, old, new, want string }{
		{"later form", `"form": 1`, `"form": 2`, "form 2"},
		{"unknown field", `"form": 1`, `"form": 1, "x": 1`, "unknown field"},
		{"wrong type", `"form": 1`, `"form": "1"`, "not a tenant state"},
		{"current not there", `"current": 2`, `"current": 3`, "version 3"},
		{"versions out of order", `v1-92c68353`, `v3-92c68353`, "out of order"},
		{"malformed key id", `v1-92c68353`, `v1`, "key id"},
		{"malformed fingerprint", `0011223344556677`, `0011`, "fingerprint"},
		{"malformed CKA_ID", `08fee48e`, `zz`, "key id"},
		{"token twice", `luna`, `softhsm`, "two keys"},
		{"no mechanism", `"aes-gcm"`, `""`, "without token or mechanism"},
		{"upper case", `ce196378284fd2c1`, `CE196378284FD2C1`, ""},
		{"other spacing", `"form": 1`, `"form":1`, "form the daemon writes"},
		{"trailing data", "\n}\n", "\n}\n{}", "form the daemon writes"},
	} {
		t.Run(test.name, func(t *testing.T) {
			changed := strings.Replace(string(data), test.old, test.new, 1)
			if changed == string(data) {
				t.Fatal("the case changes nothing")
			}
			if _, err := hsmseal.ParseState([]byte(changed)); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestHashesForm(t *testing.T) {
	config := testConfig(t)
	token, err := hsmseal.IssueClientToken(config, "one", strings.NewReader(strings.Repeat("r", 32)))
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(config.StateDir + "/client-tokens/one")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/client-tokens-v1.txt", data)
	if want := "hsmseal.cnJycnJycnJycnJycnJycnJycnJycnJycnJycnJycnI"; token.Reveal() != want {
		t.Errorf("token %s, want %s", token.Reveal(), want)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		if got := fmt.Sprintf(verb, token); got != "[redacted]" {
			t.Errorf("%s prints %s", verb, got)
		}
		if got := fmt.Sprintf(verb, &token); strings.Contains(got, token.Reveal()) {
			t.Errorf("%s of a pointer prints %s", verb, got)
		}
	}
	if _, err := hsmseal.IssueClientToken(config, "nobody", strings.NewReader("")); err == nil {
		t.Error("a token for a tenant that is not there")
	}
}

func FuzzParseState(f *testing.F) {
	data, err := goldenState().Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Fuzz(func(t *testing.T, data []byte) {
		state, err := hsmseal.ParseState(data)
		if err != nil {
			return
		}
		again, err := state.Encode()
		if err != nil || !bytes.Equal(again, data) {
			t.Fatalf("%q encodes to %q, %v", data, again, err)
		}
	})
}

func FuzzParseHashes(f *testing.F) {
	data, err := os.ReadFile("testdata/client-tokens-v1.txt")
	if err != nil || len(data) < 64 {
		f.Fatalf("the corpus holds no real file: %v", err)
	}
	f.Add(data)
	f.Fuzz(func(t *testing.T, data []byte) {
		hashes, err := hsmseal.ParseHashes(data)
		if err == nil && !bytes.HasPrefix(data, []byte("palisade hsmseal client tokens 1\n")) {
			t.Fatalf("accepted %q as %d hashes", data, len(hashes))
		}
	})
}
