package pqtransit_test

import (
	"bytes"
	"crypto/hmac"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/vault/sdk/helper/keysutil"

	"github.com/palisade-vault/palisade/backend/backendtest"
)

// theirHMAC is made as the built-in engine makes it, with its own library's key and hash.
func theirHMAC(t testing.TB, m *backendtest.Mount, name, algorithm string, version int, input string) string {
	t.Helper()
	policy := policyOf(t, m, name)
	key, err := policy.HMACKey(version)
	if err != nil {
		t.Fatal(err)
	}
	state := hmac.New(keysutil.HashFuncMap[keysutil.HashTypeMap[algorithm]], key)
	state.Write([]byte(input))
	return fmt.Sprintf("vault:v%d:%s", version, base64.StdEncoding.EncodeToString(state.Sum(nil)))
}

func TestHMACIsTheBuiltInEngines(t *testing.T) {
	m := withRSA(t)
	m.MustWrite("keys/"+symmetric, object{})
	for _, name := range []string{symmetric, rsa} {
		m.MustWrite("keys/"+name+"/config", object{"deletion_allowed": true})
		for algorithm, hash := range keysutil.HashTypeMap {
			if hash == keysutil.HashTypeNone {
				continue
			}
			want := theirHMAC(t, m, name, algorithm, 1, "hello")
			for path, data := range map[string]object{
				"hmac/" + name:                   {"input": b64("hello"), "algorithm": algorithm},
				"hmac/" + name + "/" + algorithm: {"input": b64("hello"), "algorithm": "sha3-224"},
			} {
				if got := m.MustWrite(path, data).Data; got["hmac"] != want || len(got) != 1 {
					t.Errorf("%s: %v, want %s", path, got, want)
				}
			}
			for path, data := range map[string]object{
				"verify/" + name:                   {"input": b64("hello"), "hmac": want, "hash_algorithm": algorithm, "algorithm": "none"},
				"verify/" + name + "/" + algorithm: {"input": b64("hello"), "hmac": want, "hash_algorithm": "none"},
			} {
				if diff := cmp.Diff(object{"valid": true}, m.MustWrite(path, data).Data); diff != "" {
					t.Errorf("%s: %s", path, diff)
				}
			}
			if got := m.MustWrite("verify/"+name, object{"input": b64("hello"), "hmac": want, "algorithm": algorithm}).Data["valid"]; got != true {
				t.Errorf("%s by its old name: %v", algorithm, got)
			}
		}
	}
	if got := m.MustWrite("hmac/"+rsa, object{"input": b64("x")}).Data["hmac"]; got != theirHMAC(t, m, rsa, "sha2-256", 1, "x") {
		t.Errorf("by default %v", got)
	}
}

// Every version keeps its HMAC key, across rotations to other algorithms.
func TestHMACVersions(t *testing.T) {
	m := newMount(t)
	m.MustWrite("keys/a", object{})
	sum := func(version int) string {
		t.Helper()
		text, _ := m.MustWrite("hmac/a", object{"input": b64("x"), "key_version": version}).Data["hmac"].(string)
		return text
	}
	first := sum(0)
	m.MustWrite("keys/a/rotate", nil)
	m.MustWrite("keys/a/rotate", object{"type": hybrid, "allow_unauthenticated_encryption": true})
	third := sum(0)
	m.Restart()
	if sum(1) != first || sum(0) != third || sum(3) != third || !strings.HasPrefix(third, "vault:v3:") || first[len("vault:v1:"):] == third[len("vault:v3:"):] {
		t.Errorf("%s, then %s; %s", first, sum(1), third)
	}
	valid := func(code string) any {
		t.Helper()
		return m.MustWrite("verify/a", object{"input": b64("x"), "hmac": code}).Data["valid"]
	}
	if valid(first) != true || valid(third) != true || valid("vault:v2:"+first[len("vault:v1:"):]) != false || valid("vault:v1:") != false {
		t.Error("versions are mixed up")
	}
	m.MustWrite("keys/a/config", object{"min_encryption_version": 2})
	wantRefused(t, "old", m.Write("hmac/a", object{"input": "", "key_version": 1}), "cannot generate HMAC: version is too old (disallowed by policy)")
	if valid(first) != true {
		t.Error("min_encryption_version counts for verify")
	}
	m.MustWrite("keys/a/config", object{"min_decryption_version": 2})
	wantRefused(t, "old", m.Write("verify/a", object{"input": "", "hmac": first}), "cannot verify HMAC: version is too old (disallowed by policy)")
}

func TestHMACBatches(t *testing.T) {
	m := newMount(t)
	m.MustWrite("keys/a", object{})
	got := results(t, m.MustWrite("hmac/a", object{"input": "ignored!", "batch_input": []any{
		object{"input": b64("x"), "reference": "first"},
		object{"reference": "second"},
		object{"input": "!"},
		object{"input": ""},
	}}), 4)
	want := []object{
		{"hmac": theirHMAC(t, m, "a", "sha2-256", 1, "x"), "valid": false, "reference": "first"},
		{"error": "missing input for HMAC", "valid": false, "reference": "second"},
		{"error": "unable to decode input as base64: illegal base64 data at input byte 0", "valid": false, "reference": ""},
		{"hmac": theirHMAC(t, m, "a", "sha2-256", 1, ""), "valid": false, "reference": ""},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	code := want[0]["hmac"]
	got = results(t, m.MustWrite("verify/a", object{"batch_input": []any{
		object{"input": b64("x"), "hmac": code, "reference": 7},
		object{"input": b64("y"), "hmac": code},
		object{"hmac": code},
		object{"input": b64("x"), "hmac": "x"},
		object{"input": b64("x"), "hmac": "vault:v2:AA=="},
	}}), 5)
	want = []object{
		{"valid": true, "reference": "7"},
		{"valid": false, "reference": ""},
		{"error": "missing input", "valid": false, "reference": ""},
		{"error": "invalid HMAC to verify: no prefix", "valid": false, "reference": ""},
		{"error": "invalid HMAC: version is too new", "valid": false, "reference": ""},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestHMACRefuses(t *testing.T) {
	m := newMount(t)
	m.MustWrite("keys/a", object{})
	code := theirHMAC(t, m, "a", "sha2-256", 1, "")
	tests := []struct {
		name, path string
		data       object
		want       string
	}{
		{"no input", "hmac/a", object{}, "missing input for HMAC"},
		{"not base64", "hmac/a", object{"input": "hello!"}, "unable to decode input as base64: illegal base64 data at input byte 5"},
		{"a map", "hmac/a", object{"input": object{}}, "Field validation failed"},
		{"unknown key", "hmac/b", object{"input": ""}, "encryption key not found"},
		{"none, which kills the built-in engine's request", "hmac/a/none", object{"input": ""}, `unsupported algorithm "none"`},
		{"unknown algorithm", "hmac/a", object{"input": "", "algorithm": "md5"}, `unsupported algorithm "md5"`},
		{"empty algorithm", "verify/a", object{"input": "", "hmac": "vault:v1:AAAA", "hash_algorithm": ""}, `unsupported algorithm ""`},
		{"negative version", "hmac/a", object{"input": "", "key_version": -1}, "key version does not exist (cannot be negative)"},
		{"new version", "hmac/a", object{"input": "", "key_version": 2}, "key version does not exist; latest key version is 1"},
		{"empty batch", "hmac/a", object{"batch_input": []any{}}, "missing batch input to process"},
		{"batch of numbers", "hmac/a", object{"batch_input": []any{1}}, "batch_input[0]: expected a map"},
		{"number as input", "hmac/a", object{"batch_input": []any{object{"input": 1}}}, "failed to parse batch input"},

		{"nothing", "verify/a", object{"input": ""}, "missing one of 'signature', 'hmac' or 'cmac' arguments to verify"},
		{"two", "verify/a", object{"hmac": code, "signature": "x"}, "provide one of 'signature', 'hmac' or 'cmac'"},
		{"signature", "verify/a", object{"signature": "x"}, "key type aes256-gcm96 does not support signing"},
		{"cmac", "verify/a", object{"cmac": "x"}, "key type aes256-gcm96 does not support CMAC operations"},
		{"unknown key", "verify/b", object{"hmac": code}, "encryption key not found"},
		{"none", "verify/a/none", object{"hmac": code}, `unsupported algorithm "none"`},
		{"not base64", "verify/a", object{"hmac": code, "input": "!"}, "unable to decode input as base64"},
		{"no prefix", "verify/a", object{"hmac": "AAAA"}, "invalid HMAC to verify: no prefix"},
		{"version 0", "verify/a", object{"hmac": "vault:v0:AAAA"}, "cannot verify HMAC: version is too old (disallowed by policy)"},
		{"too new", "verify/a", object{"hmac": "vault:v2:AAAA"}, "invalid HMAC: version is too new"},
		{"empty batch", "verify/a", object{"batch_input": []any{}}, "missing batch input to process"},
		{"nothing in a batch", "verify/a", object{"batch_input": []any{object{"input": ""}}}, "no batch_input elements have 'signature', 'hmac' or 'cmac'"},
		{"mixed batch", "verify/a", object{"batch_input": []any{object{"hmac": code}, object{"cmac": code}}}, "elements of batch_input must all provide either 'signature', 'hmac' or 'cmac'"},
		{"missing in a batch", "verify/a", object{"batch_input": []any{object{"hmac": code}, object{}}}, "some elements of batch_input are missing 'hmac'"},
		{"number in a batch", "verify/a", object{"batch_input": []any{object{"hmac": 1}}}, "failed to parse batch input"},
	}
	for _, test := range tests {
		wantRefused(t, test.path+" "+test.name, m.Write(test.path, test.data), test.want)
	}
	if strings.Contains(m.Logs.String(), "panic") {
		t.Error(m.Logs)
	}
	// A missing input is empty, as in transit, in a single request.
	if got := m.MustWrite("verify/a", object{"hmac": code}).Data["valid"]; got != true {
		t.Errorf("%v", got)
	}
}

func TestDamagedHMACs(t *testing.T) {
	m := newMount(t)
	m.MustWrite("keys/a", object{})
	text, _ := m.MustWrite("hmac/a", object{"input": b64("x")}).Data["hmac"].(string)
	sum, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(text, "vault:v1:"))
	if err != nil || len(sum) != 32 {
		t.Fatal(len(sum), err)
	}
	var input []any
	for at := range sum {
		flipped := bytes.Clone(sum)
		flipped[at] ^= 1
		for _, damaged := range [][]byte{sum[:at], flipped, append(bytes.Clone(sum), 0)} {
			input = append(input, object{"input": b64("x"), "hmac": "vault:v1:" + base64.StdEncoding.EncodeToString(damaged)})
		}
	}
	for i, result := range results(t, m.MustWrite("verify/a", object{"batch_input": input}), len(input)) {
		if result["valid"] != false {
			t.Errorf("damage %d is valid", i)
		}
	}
}
