package pqtransit_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend/backendtest"
)

// Every request is refused with a status of 400 and the text, and changes nothing.
func TestBadInput(t *testing.T) {
	m := newMount(t)
	m.MustWrite("keys/a", object{})
	m.MustWrite("keys/h", object{"type": hybrid})
	sound := encrypt(t, m, "a", "x")
	before := m.Storage.Snapshot()
	tests := []struct {
		name, path string
		data       object
		want       string
	}{
		{"no plaintext", "encrypt/a", object{}, "missing plaintext to encrypt"},
		{"null plaintext", "encrypt/a", object{"plaintext": nil}, "missing plaintext to encrypt"},
		{"plaintext is a map", "encrypt/a", object{"plaintext": object{"a": 1}}, "Field validation failed"},
		{"plaintext is a list", "encrypt/a", object{"plaintext": []any{"a", 1}}, "Field validation failed"},
		{"plaintext is no base64", "encrypt/a", object{"plaintext": "hello!"}, "illegal base64 data at input byte 5"},
		{"plaintext is url base64", "encrypt/a", object{"plaintext": "-_-_"}, "illegal base64 data"},
		{"context is no base64", "encrypt/a", object{"plaintext": "", "context": "!"}, "illegal base64 data"},
		{"version is a word", "encrypt/a", object{"plaintext": "", "key_version": "latest"}, "Field validation failed"},
		{"version is a map", "encrypt/a", object{"plaintext": "", "key_version": object{}}, "Field validation failed"},
		{"version is negative", "encrypt/a", object{"plaintext": "", "key_version": -1}, "requested version for encryption is negative"},
		{"version is huge", "encrypt/a", object{"plaintext": "", "key_version": 1 << 40}, "requested version for encryption is higher"},
		{"version is out of range", "encrypt/a", object{"plaintext": "", "key_version": 1e20}, "Field validation failed"},
		{"version is a fraction", "encrypt/a", object{"plaintext": "", "key_version": 1.5}, "Field validation failed"},
		{"partial is a word", "encrypt/a", object{"plaintext": "", "partial_failure_response_code": "all"}, "Field validation failed"},

		{"batch is empty", "encrypt/a", object{"batch_input": []any{}}, "missing batch input to process"},
		{"batch is a string", "encrypt/a", object{"batch_input": "x"}, "batch_input: expected a list, got string"},
		{"batch is a number", "encrypt/a", object{"batch_input": 7}, "expected a list"},
		{"batch is a map", "encrypt/a", object{"batch_input": object{"plaintext": 7}}, "expected a list"},
		{"item is a string", "encrypt/a", object{"batch_input": []any{"x"}}, "expected a map, got string"},
		{"item is null", "encrypt/a", object{"batch_input": []any{nil}}, "expected a map"},
		{"item is a list", "decrypt/a", object{"batch_input": []any{[]any{}}}, "expected a map"},
		{"item is empty", "encrypt/a", object{"batch_input": []any{object{}}}, "'[0].plaintext' missing plaintext to encrypt"},
		{"item plaintext is a number", "encrypt/a", object{"batch_input": []any{object{"plaintext": 7}}}, "plaintext' expected type 'string', got unconvertible type 'float64'"},
		{"item version is a string", "encrypt/a", object{"batch_input": []any{object{"plaintext": "", "key_version": "1"}}}, "key_version' expected type 'int', got unconvertible type 'string'"},
		{"item version is a fraction", "encrypt/a", object{"batch_input": []any{object{"plaintext": "", "key_version": 1.5}}}, "key_version' expected type 'int'"},
		{"item context is a map", "decrypt/a", object{"batch_input": []any{object{"ciphertext": sound, "context": object{}}}}, "context' expected type 'string'"},
		{"item reference is a number", "rewrap/a", object{"batch_input": []any{object{"ciphertext": sound, "reference": 1}}}, "reference' expected type 'string'"},
		{"item without ciphertext", "decrypt/a", object{"batch_input": []any{object{"plaintext": ""}}}, "'[0].ciphertext' missing ciphertext to decrypt"},
		{"some contexts", "decrypt/a", object{"batch_input": []any{object{"ciphertext": sound}, object{"ciphertext": sound, "context": "Yw=="}}}, "context should be set either in all the request blocks or in none"},

		{"no ciphertext", "decrypt/a", object{}, "missing ciphertext to decrypt"},
		{"no ciphertext", "rewrap/a", object{}, "missing ciphertext to decrypt"},
		{"ciphertext is a list", "decrypt/a", object{"ciphertext": []any{object{}}}, "Field validation failed"},
		{"unknown key", "decrypt/b", object{"ciphertext": sound}, "encryption key not found"},
		{"unknown key", "rewrap/b", object{"ciphertext": sound}, "encryption key not found"},
		{"another key's ciphertext", "decrypt/h", object{"ciphertext": sound}, "invalid ciphertext length"},
		{"AES ciphertext with padding", "decrypt/a", object{"ciphertext": sound, "padding_scheme": "pkcs1v15"}, "'[0].padding_scheme' invalid: unsupported key type aes256-gcm96 for padding scheme"},

		{"unknown type", "keys/b", object{"type": "rot13"}, "unknown key type rot13"},
		{"empty type", "keys/b", object{"type": ""}, "unknown key type "},
		{"unknown type of an existing key", "keys/a", object{"type": "x"}, "unknown key type x"},
		{"conflicting flags", "keys/b", object{"convergent_encryption": true}, "convergent encryption requires derivation to be enabled"},
		{"derived hybrid", "keys/b", object{"type": hybrid, "derived": true}, "key derivation and convergent encryption not supported for keys of type x25519-mlkem768"},
		{"flag is a word", "keys/b", object{"derived": "perhaps"}, "Field validation failed"},
		{"key size", "keys/b", object{"key_size": 16}, "key_size is not valid for algorithm aes256-gcm96"},
		{"short period", "keys/b", object{"auto_rotate_period": 3599}, "auto rotate period must be 0 to disable or at least an hour"},
		{"negative period", "keys/b", object{"auto_rotate_period": "-2h"}, "Field validation failed"},
		{"endless period", "keys/b", object{"auto_rotate_period": 1 << 40}, "Field validation failed"},
		{"period is a word", "keys/b", object{"auto_rotate_period": "often"}, "Field validation failed"},

		{"config of an unknown key", "keys/b/config", object{}, "no existing key named b could be found"},
		{"endless period", "keys/a/config", object{"auto_rotate_period": 1 << 40}, "Field validation failed"},
		{"minimum too high", "keys/a/config", object{"min_decryption_version": 2}, "cannot set min decryption version of 2, latest key version is 1"},
		{"minimum is a word", "keys/a/config", object{"min_decryption_version": "all"}, "Field validation failed"},
		{"rotation of an unknown key", "keys/b/rotate", object{}, "key not found"},
		{"rotation to public-key encryption", "keys/a/rotate", object{"type": hybrid}, "set allow_unauthenticated_encryption=true"},
		{"rotation to nowhere", "keys/a/rotate", object{"type": "x"}, "unknown key type x"},
	}
	for _, test := range tests {
		t.Run(test.path+"/"+test.name, func(t *testing.T) {
			got := m.Write(test.path, test.data)
			if got.Status != http.StatusBadRequest || !strings.Contains(got.Message, test.want) {
				t.Errorf("%d %q, want 400 %q", got.Status, got.Message, test.want)
			}
			if diff := cmp.Diff(before, m.Storage.Snapshot()); diff != "" {
				t.Errorf("storage was changed: %s", diff)
			}
		})
	}
	if got := m.Do(t.Context(), logical.ReadOperation, "keys/a", object{"context": "!"}); got.Status != 400 || got.Message != "failed to base64-decode context" {
		t.Errorf("%d %s", got.Status, got.Message)
	}
	if strings.Contains(m.Logs.String(), "panic") {
		t.Error(m.Logs)
	}
}

// Every truncation and a flip of every byte is refused, for each algorithm.
func TestDamagedCiphertexts(t *testing.T) {
	m := withRSA(t)
	for _, algorithm := range []string{symmetric, hybrid, rsa} {
		if algorithm != rsa {
			m.MustWrite("keys/"+algorithm, object{"type": algorithm})
		}
		ciphertext := encrypt(t, m, algorithm, "hello")
		body, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(ciphertext, "vault:v1:"))
		if err != nil {
			t.Fatal(err)
		}
		step := 1 + len(body)/200
		var input []any
		for i := 0; i < len(body); i += step {
			flipped := bytes.Clone(body)
			flipped[i] ^= 0x10
			for _, damaged := range [][]byte{body[:i], flipped, append(bytes.Clone(body), body[:1+i]...)} {
				input = append(input, object{"ciphertext": "vault:v1:" + base64.StdEncoding.EncodeToString(damaged)})
			}
		}
		got := m.Write("decrypt/"+algorithm, object{"batch_input": input})
		if got.Status != http.StatusBadRequest {
			t.Errorf("%s: status %d %s", algorithm, got.Status, got.Message)
		}
		for i, result := range results(t, got, len(input)) {
			if result["error"] == nil || result["plaintext"] != "" {
				t.Errorf("%s: damage %d: %v", algorithm, i, result)
			}
		}
	}
}

func TestLongestPlaintext(t *testing.T) {
	m := newMount(t)
	plaintext := strings.Repeat("x", 1<<20/4*3) // what 1 MiB of base64 holds
	for _, algorithm := range []string{symmetric, hybrid} {
		m.MustWrite("keys/"+algorithm, object{"type": algorithm})
		wantPlaintext(t, m, algorithm, encrypt(t, m, algorithm, plaintext), plaintext)
	}
}

// Names are whatever Vault's pattern lets through, to the letter.
func TestNames(t *testing.T) {
	m := newMount(t)
	names := []string{"a", "A", "_", "0", "a.b", "a-b", "a--.b", "_._", "config", "rotate", "k1.0-rc_2", strings.Repeat("n", 500)}
	for _, name := range names {
		for _, algorithm := range []string{symmetric, hybrid} {
			m.MustWrite("keys/"+name, object{"type": algorithm})
			wantPlaintext(t, m, name, encrypt(t, m, name, "x"), "x")
			if got := m.MustWrite("keys/"+name+"/rotate", nil).Data; got["latest_version"] != 2.0 || got["name"] != name {
				t.Errorf("%s: %v", name, got)
			}
			m.MustWrite("keys/"+name+"/config", object{"deletion_allowed": true})
			if got := m.Delete("keys/" + name); got.Status != http.StatusNoContent {
				t.Errorf("%s: %d %s", name, got.Status, got.Message)
			}
		}
	}
	for _, name := range []string{"", ".", "..", "a.", ".a", "-a", "a-", "a b", "a/b", "a%", "ä", "a\x00b", "a\n", "../policy/a", "a/config/config"} {
		for _, path := range []string{"keys/", "encrypt/", "decrypt/", "rewrap/"} {
			got := m.Write(path+name, object{"plaintext": "", "ciphertext": "x"})
			if got.Status != http.StatusNotFound && got.Status != http.StatusMethodNotAllowed && got.Status != http.StatusBadRequest {
				t.Errorf("%q: %d %s", path+name, got.Status, got.Message)
			}
		}
	}
	// Vault's pattern lets this through, and its storage does not.
	for path, data := range map[string]object{"keys/a..b": {}, "encrypt/a..b": {"plaintext": ""}, "decrypt/a..b": {"ciphertext": "x"}, "keys/a..b/rotate": {}} {
		if got := m.Write(path, data); got.Status != http.StatusBadRequest || got.Message != "relative paths not supported" {
			t.Errorf("%s: %d %q", path, got.Status, got.Message)
		}
	}
	if left := m.Storage.Snapshot(); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

// No fault of storage gets out, and no plaintext or key into an error or the log.
func TestFaultsTellNothing(t *testing.T) {
	m := newMount(t)
	for _, algorithm := range []string{symmetric, hybrid} {
		m.MustWrite("keys/"+algorithm, object{"type": algorithm})
	}
	ciphertext := encrypt(t, m, symmetric, "hunter2")
	secrets := []string{"hunter2", b64("hunter2"), ciphertext, "hunter2!"}
	m.Restart()
	m.Storage.FailWhen(func(string, string) bool { return true })
	requests := map[string]object{
		"keys/" + symmetric:             {},
		"keys/" + symmetric + "/rotate": {},
		"keys/" + hybrid + "/config":    {"exportable": true},
		"encrypt/" + symmetric:          {"plaintext": b64("hunter2")},
		"encrypt/new":                   {"batch_input": []any{object{"plaintext": b64("hunter2")}}},
		"decrypt/" + symmetric:          {"ciphertext": ciphertext},
		"rewrap/" + hybrid:              {"ciphertext": ciphertext},
	}
	for path, data := range requests {
		checkFault(t, path, m.Write(path, data))
	}
	checkFault(t, "read", m.Read("keys/"+hybrid))
	checkFault(t, "list", m.List("keys/"))
	checkFault(t, "delete", m.Delete("keys/"+hybrid))
	m.Storage.FailWhen(nil)
	for _, data := range []object{{"plaintext": "hunter2!"}, {"plaintext": object{"hunter2": 1}}, {"plaintext": []any{"hunter2", 1}}, {"plaintext": "", "associated_data": []any{object{"hunter2": 1}}}, {"batch_input": []any{"hunter2"}}, {"batch_input": "hunter2"}, {"plaintext": "", "context": "hunter2!"}} {
		got := m.Write("encrypt/"+symmetric, data)
		if got.Status != 400 || strings.Contains(got.Message, "hunter2") {
			t.Errorf("%d %s", got.Status, got.Message)
		}
	}
	for _, secret := range secrets {
		if strings.Contains(m.Logs.String(), secret) {
			t.Errorf("the log has %q", secret)
		}
	}
}

func checkFault(t *testing.T, what string, got *backendtest.Answer) {
	t.Helper()
	if got.Status != http.StatusInternalServerError || !strings.Contains(got.Message, "internal error") || strings.Contains(got.Message, "injected") {
		t.Errorf("%s: %d %s", what, got.Status, got.Message)
	}
}

func TestWarmOperationsMakeNoStorageCall(t *testing.T) {
	m := newMount(t)
	m.MustWrite("keys/a", object{"type": hybrid})
	m.MustWrite("keys/s", object{"type": "ml-dsa-65"})
	m.MustWrite("keys/k", object{"type": hybrid, "purpose": "key-encapsulation"})
	before := m.Storage.Counts()
	for i := range 3 {
		wantPlaintext(t, m, "a", encrypt(t, m, "a", fmt.Sprint(i)), fmt.Sprint(i))
	}
	signed := object{"input": b64("x"), "signature": sign(t, m, "s", object{"input": b64("x")})}
	wantValid(t, m, "s", signed, true)
	made := m.MustWrite("encapsulate/k", object{}).Data
	m.MustWrite("decapsulate/k", object{"ciphertext": made["ciphertext"], "confirmation": made["confirmation"]})
	if after := m.Storage.Counts(); after != before {
		t.Errorf("%+v, then %+v", before, after)
	}
	m.Backend().InvalidateKey(context.Background(), "policy/a")
	encrypt(t, m, "a", "x")
	if after := m.Storage.Counts(); after.Get != before.Get+2 {
		t.Errorf("%+v, then %+v", before, after)
	}
}
