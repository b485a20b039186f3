package pqtransit_test

import (
	"encoding/base64"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// keySize is the length of a data key in an answer.
func keySize(t *testing.T, pair object) int {
	t.Helper()
	text, _ := pair["plaintext"].(string)
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return len(raw)
}

func TestDataKey(t *testing.T) {
	m := withRSA(t)
	m.MustWrite("keys/"+symmetric, object{})
	m.MustWrite("keys/"+hybrid, object{"type": hybrid})
	m.MustWrite("keys/derived", object{"derived": true})
	for _, name := range []string{symmetric, rsa, hybrid, "derived"} {
		context := b64("c")
		if name == rsa {
			context = ""
		}
		for bits, size := range map[any]int{nil: 32, 128: 16, "256": 32, 512: 64} {
			data := object{"bits": bits, "context": context}
			if bits == nil {
				delete(data, "bits")
			}
			got := m.MustWrite("datakey/plaintext/"+name, data).Data
			if keySize(t, got) != size || got["key_version"] != 1.0 || len(got) != 3 {
				t.Errorf("%s, %v bits: %v", name, bits, slices.Sorted(maps.Keys(got)))
			}
			back := m.MustWrite("decrypt/"+name, object{"ciphertext": got["ciphertext"], "context": context})
			if back.Data["plaintext"] != got["plaintext"] {
				t.Errorf("%s: decrypts to another key", name)
			}
		}
		got := m.MustWrite("datakey/wrapped/"+name, object{"context": context}).Data
		if diff := cmp.Diff([]string{"ciphertext", "key_version"}, slices.Sorted(maps.Keys(got))); diff != "" {
			t.Error(diff)
		}
	}
	m.MustWrite("keys/"+symmetric+"/rotate", nil)
	if got := m.MustWrite("datakey/wrapped/"+symmetric, object{"key_version": 1}).Data["key_version"]; got != 1.0 {
		t.Errorf("version %v", got)
	}
	got := m.MustWrite("datakey/plaintext/"+rsa, object{"padding_scheme": "pkcs1v15"}).Data
	if back := m.MustWrite("decrypt/"+rsa, object{"ciphertext": got["ciphertext"], "padding_scheme": "pkcs1v15"}); back.Data["plaintext"] != got["plaintext"] {
		t.Error("padding_scheme has no effect")
	}
}

func TestDataKeys(t *testing.T) {
	m := newMount(t)
	m.MustWrite("keys/a", object{})
	got := m.MustWrite("datakeys/plaintext/a", object{"count": 3, "bits": 128}).Data
	pairs, _ := got["key_pairs"].([]any)
	if len(pairs) != 3 || got["key_version"] != 1.0 {
		t.Fatalf("%v", got)
	}
	seen := map[any]bool{}
	for _, value := range pairs {
		pair, _ := value.(object)
		back := m.MustWrite("decrypt/a", object{"ciphertext": pair["ciphertext"]})
		if keySize(t, pair) != 16 || back.Data["plaintext"] != pair["plaintext"] || seen[pair["plaintext"]] {
			t.Errorf("%v", pair)
		}
		seen[pair["plaintext"]] = true
	}
	pairs, _ = m.MustWrite("datakeys/wrapped/a", object{"count": 1}).Data["key_pairs"].([]any)
	if pair, _ := pairs[0].(object); len(pairs) != 1 || len(pair) != 1 || pair["ciphertext"] == "" {
		t.Errorf("%v", pairs)
	}
}

func TestDerivedKeys(t *testing.T) {
	m := newMount(t)
	m.MustWrite("keys/a", object{})
	m.MustWrite("keys/b", object{"derived": true})
	derive := func(path string, change object) map[string]string {
		t.Helper()
		data := object{"salt": "2026-11-21", "key_index_from": 2, "key_index_to": 5, "context": b64("c")}
		maps.Copy(data, change)
		keys := map[string]string{}
		for index, value := range m.MustWrite(path, data).Data {
			pair, isPair := value.(object)
			if !isPair {
				continue
			}
			text, _ := pair["plaintext"].(string)
			keys[index] = text
			back := m.MustWrite("decrypt/"+path[len("derivedkeys/plaintext/"):], object{"ciphertext": pair["ciphertext"], "context": b64("c")})
			if back.Data["plaintext"] != text {
				t.Errorf("%s: decrypts to another key", index)
			}
		}
		return keys
	}
	first := derive("derivedkeys/plaintext/a", nil)
	if diff := cmp.Diff([]string{"2", "3", "4"}, slices.Sorted(maps.Keys(first))); diff != "" {
		t.Fatal(diff)
	}
	m.Restart()
	if diff := cmp.Diff(first, derive("derivedkeys/plaintext/a", nil)); diff != "" {
		t.Error("not the same keys again")
	}
	if diff := cmp.Diff(first["4"], derive("derivedkeys/plaintext/a", object{"key_index_from": 4})["4"]); diff != "" {
		t.Error("a key depends on where the series starts")
	}
	m.MustWrite("keys/a/rotate", nil)
	seen := map[string]string{}
	for name, keys := range map[string]map[string]string{
		"as first":     first,
		"another key":  derive("derivedkeys/plaintext/b", nil),
		"new version":  derive("derivedkeys/plaintext/a", nil),
		"another salt": derive("derivedkeys/plaintext/a", object{"salt": "2026-11-22", "key_version": 1}),
		"some info":    derive("derivedkeys/plaintext/a", object{"info": "x", "key_version": 1}),
		"shorter":      derive("derivedkeys/plaintext/a", object{"bits": 128, "key_version": 1}),
	} {
		for index, key := range keys {
			if other, taken := seen[key[:16]]; taken {
				t.Errorf("%s %s is the same as %s", name, index, other)
			}
			seen[key[:16]] = name + " " + index
		}
	}
	if diff := cmp.Diff(first, derive("derivedkeys/plaintext/a", object{"key_version": 1})); diff != "" {
		t.Error("version 1 derives otherwise after a rotation")
	}
	got := m.MustWrite("derivedkeys/wrapped/a", object{"salt": "s", "key_index_from": 0, "key_index_to": 1}).Data
	if pair, _ := got["0"].(object); len(got) != 2 || len(pair) != 1 {
		t.Errorf("%v", got)
	}
}

func TestDataKeysRefuse(t *testing.T) {
	m := newMount(t)
	m.MustWrite("keys/a", object{})
	m.MustWrite("keys/d", object{"derived": true})
	sound := object{"salt": "s", "key_index_from": 0, "key_index_to": 1}
	with := func(change object) object {
		data := maps.Clone(sound)
		maps.Copy(data, change)
		return data
	}
	tests := []struct {
		path string
		data object
		want string
	}{
		{"datakey/plain/a", object{}, "Invalid path, must be 'plaintext' or 'wrapped'"},
		{"datakey/plaintext/none", object{}, "encryption key not found"},
		{"datakey/plaintext/a", object{"bits": 64}, "invalid bit length"},
		{"datakey/plaintext/a", object{"bits": -256}, "invalid bit length"},
		{"datakey/plaintext/a", object{"bits": "all"}, "Field validation failed"},
		{"datakey/plaintext/a", object{"context": "!"}, "failed to base64-decode context"},
		{"datakey/plaintext/a", object{"nonce": "!"}, "failed to base64-decode nonce"},
		{"datakey/plaintext/a", object{"nonce": "AAAA"}, "provided nonce not allowed for this key"},
		{"datakey/plaintext/a", object{"key_version": 2}, "requested version for encryption is higher than the latest key version"},
		{"datakey/plaintext/a", object{"padding_scheme": "oaep"}, "padding_scheme argument invalid: unsupported key type aes256-gcm96 for padding scheme"},
		{"datakey/plaintext/d", object{}, "missing 'context' for key derivation"},
		{"datakeys/plaintext/a", object{}, "count must be between 1 and 10000"},
		{"datakeys/plaintext/a", object{"count": 10001}, "count must be between 1 and 10000"},
		{"datakeys/plaintext/none", object{"count": 1}, "encryption key not found"},
		{"datakeys/open/a", object{"count": 1}, "Invalid path"},
		{"datakeys/wrapped/d", object{"count": 1}, "missing 'context' for key derivation"},
		{"derivedkeys/plaintext/a", object{}, "missing salt"},
		{"derivedkeys/plaintext/a", object{"salt": "s"}, "missing key_index_from or key_index_to"},
		{"derivedkeys/plaintext/a", with(object{"key_index_to": 0}), "key_index_from must not be negative"},
		{"derivedkeys/plaintext/a", with(object{"key_index_from": -1}), "key_index_from must not be negative"},
		{"derivedkeys/plaintext/a", with(object{"key_index_to": 10001}), "key_index_to must be at most 10000 greater"},
		{"derivedkeys/plaintext/a", with(object{"key_version": -1}), "requested version for encryption is negative"},
		{"derivedkeys/plaintext/none", sound, "encryption key not found"},
		{"derivedkeys/wrapped/d", sound, "missing 'context' for key derivation"},
	}
	for _, test := range tests {
		wantRefused(t, test.path, m.Write(test.path, test.data), test.want)
	}
}
