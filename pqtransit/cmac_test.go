package pqtransit_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/palisade-vault/palisade/pqtransit/suite"
)

var cmacTypes = []string{"aes128-cmac", "aes192-cmac", "aes256-cmac"}

// cmacUnder is the CMAC of a message under an exported key.
func cmacUnder(t *testing.T, key, algorithm, message string) []byte {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(key)
	if err != nil {
		t.Fatal(err)
	}
	s, _ := suite.Lookup(algorithm)
	parsed, err := s.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	sum, err := parsed.(suite.MACer).MAC(suite.MACParams{}, []byte(message))
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

func TestCMAC(t *testing.T) {
	for _, algorithm := range cmacTypes {
		t.Run(algorithm, func(t *testing.T) {
			m := newMount(t)
			m.MustWrite("keys/c", object{"type": algorithm, "exportable": true})
			keys, _ := m.MustRead("export/cmac-key/c").Data["keys"].(map[string]any)
			key, _ := keys["1"].(string)
			sum := cmacUnder(t, key, algorithm, "hello")
			for length, path := range map[int]string{0: "cmac/c", 16: "cmac/c/16", 8: "cmac/c/8"} {
				want := sum
				if length > 0 {
					want = sum[:length]
				}
				code := "vault:v1:" + base64.StdEncoding.EncodeToString(want)
				if diff := cmp.Diff(object{"cmac": code}, m.MustWrite(path, object{"input": b64("hello"), "mac_length": 0}).Data); diff != "" {
					t.Errorf("%s: %s", path, diff)
				}
				if got := m.MustWrite("cmac/c", object{"input": b64("hello"), "mac_length": length}).Data["cmac"]; got != code {
					t.Errorf("mac_length %d: %v, want %s", length, got, code)
				}
				for input, valid := range map[string]bool{"hello": true, "hallo": false, "": false} {
					// hash_algorithm has a default that clients send, and no meaning here.
					got := m.MustWrite("verify/c", object{"input": b64(input), "cmac": code, "mac_length": length, "hash_algorithm": "sha2-256"}).Data
					if diff := cmp.Diff(object{"valid": valid}, got); diff != "" {
						t.Errorf("verify %q: %s", input, diff)
					}
				}
				if length == 8 {
					if got := m.MustWrite("verify/c", object{"input": b64("hello"), "cmac": code}).Data["valid"]; got != false {
						t.Error("a truncated code passes for a whole one")
					}
				}
			}
		})
	}
}

func TestCMACVersions(t *testing.T) {
	m := newMount(t)
	m.MustWrite("keys/c", object{"type": "aes128-cmac"})
	code := func(version int) string {
		t.Helper()
		text, _ := m.MustWrite("cmac/c", object{"input": "", "key_version": version}).Data["cmac"].(string)
		return text
	}
	first := code(0)
	m.MustWrite("keys/c/rotate", object{"type": "aes256-cmac"})
	m.Restart()
	if second := code(0); code(1) != first || second != code(2) || !strings.HasPrefix(second, "vault:v2:") || second[9:] == first[9:] {
		t.Errorf("%s, then %s and %s", first, code(1), second)
	}
	verify := func(text string) object { return object{"input": "", "cmac": text} }
	if got := m.MustWrite("verify/c", verify(first)).Data["valid"]; got != true {
		t.Error("version 1 is not recognised")
	}
	wantRefused(t, "too new", m.Write("verify/c", verify("vault:v3:AAAA")), "invalid CMAC: version is too new")
	m.MustWrite("keys/c/config", object{"min_encryption_version": 2})
	wantRefused(t, "old", m.Write("cmac/c", object{"input": "", "key_version": 1}), "requested version for CMAC is less than the minimum encryption key version")
	m.MustWrite("keys/c/config", object{"min_decryption_version": 2})
	wantRefused(t, "old", m.Write("verify/c", verify(first)), "cannot verify CMAC: version is too old (disallowed by policy)")
}

func TestCMACBatches(t *testing.T) {
	m := newMount(t)
	m.MustWrite("keys/c", object{"type": "aes192-cmac"})
	whole := m.MustWrite("cmac/c", object{"input": b64("x")}).Data["cmac"].(string)
	short := m.MustWrite("cmac/c/9", object{"input": b64("x")}).Data["cmac"]
	got := results(t, m.MustWrite("cmac/c", object{"input": "ignored!", "batch_input": []any{
		object{"input": b64("x"), "reference": "first"},
		object{"input": b64("x"), "mac_length": 9},
		object{"reference": "third"},
		object{"input": "!"},
		object{"input": b64("x"), "mac_length": 17},
	}}), 5)
	want := []object{
		{"cmac": whole, "valid": false, "reference": "first"},
		{"cmac": short, "valid": false, "reference": ""},
		{"error": "missing input for CMAC", "valid": false, "reference": "third"},
		{"error": "unable to decode input as base64: illegal base64 data at input byte 0", "valid": false, "reference": ""},
		{"error": "mac_length 17 is invalid, must be between 8 and 16", "valid": false, "reference": ""},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	got = results(t, m.MustWrite("verify/c", object{"mac_length": 9, "batch_input": []any{
		object{"input": b64("x"), "cmac": short},
		object{"input": b64("x"), "cmac": whole, "mac_length": 0},
		object{"input": b64("x"), "cmac": whole},
		object{"input": b64("x"), "cmac": "vault:v1"},
	}}), 4)
	want = []object{
		{"valid": true, "reference": ""},
		{"valid": true, "reference": ""},
		{"valid": false, "reference": ""},
		{"error": "invalid CMAC: wrong number of fields", "valid": false, "reference": ""},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestCMACRefuses(t *testing.T) {
	m := newMount(t)
	m.MustWrite("keys/c", object{"type": "aes128-cmac", "exportable": true})
	m.MustWrite("keys/h", object{"type": "hmac", "exportable": true})
	for _, test := range []struct {
		path string
		data object
		want string
	}{
		{"cmac/none", object{"input": ""}, "encryption key not found"},
		{"cmac/h", object{"input": ""}, "key type hmac does not support CMAC operations"},
		{"verify/h", object{"input": "", "cmac": "vault:v1:AAAA"}, "key type hmac does not support CMAC operations"},
		{"cmac/c", object{}, "missing input for CMAC"},
		{"cmac/c", object{"input": "!"}, "unable to decode input as base64"},
		{"cmac/c", object{"input": "", "mac_length": 7}, "mac_length 7 is invalid, must be between 8 and 16"},
		{"cmac/c", object{"input": "", "mac_length": -8}, "mac_length -8 is invalid"},
		{"cmac/c/17", object{"input": ""}, "mac_length 17 is invalid"},
		{"cmac/c/half", object{"input": ""}, `mac_length is not a number: "half"`},
		{"cmac/c", object{"input": "", "key_version": 2}, "requested version for CMAC is higher than the latest key version"},
		{"cmac/c", object{"input": "", "key_version": -1}, "requested version for CMAC is negative"},
		{"verify/c", object{"input": "", "cmac": "AAAA"}, "invalid CMAC to verify: no prefix"},
		{"verify/c", object{"input": "", "cmac": "vault:v1:AAAA", "hmac": "vault:v1:AAAA"}, "provide one of 'signature', 'hmac' or 'cmac'"},
		{"hmac/c", object{"input": ""}, "no HMAC key exists for that key version"},
	} {
		wantRefused(t, fmt.Sprint(test.path, test.data), m.Write(test.path, test.data), test.want)
	}
	wantRefused(t, "export", m.Read("export/hmac-key/c"), "unknown key type aes128-cmac for export type hmac-key")
	wantRefused(t, "export", m.Read("export/cmac-key/h"), "unknown key type hmac for export type cmac-key")
}
