package pqtransit_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/vault/sdk/logical"
)

func TestBatchKeepsOrderAndReferences(t *testing.T) {
	m := newMount(t)
	m.MustWrite("keys/a", object{})
	m.MustWrite("keys/a/rotate", object{})
	encrypted := results(t, m.MustWrite("encrypt/a", object{
		"plaintext": "ignored", "key_version": 7, // outside the batch
		"batch_input": []any{
			object{"plaintext": b64("one"), "reference": "first", "key_version": 1},
			object{"plaintext": ""},
			object{"plaintext": b64("three"), "reference": "third", "key_version": 2.0, "unknown": true},
		},
	}), 3)
	var input []any
	for i, want := range []object{{"reference": "first", "key_version": 1.0}, {"reference": "", "key_version": 2.0}, {"reference": "third", "key_version": 2.0}} {
		got := encrypted[i]
		want["ciphertext"] = got["ciphertext"]
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("item %d: %s", i, diff)
		}
		input = append(input, object{"ciphertext": got["ciphertext"], "reference": want["reference"]})
	}
	want := []object{
		{"plaintext": b64("one"), "reference": "first"},
		{"plaintext": "", "reference": ""},
		{"plaintext": b64("three"), "reference": "third"},
	}
	if diff := cmp.Diff(want, results(t, m.MustWrite("decrypt/a", object{"batch_input": input}), 3)); diff != "" {
		t.Error(diff)
	}
	for i, got := range results(t, m.MustWrite("rewrap/a", object{"batch_input": input}), 3) {
		text, _ := got["ciphertext"].(string)
		if got["key_version"] != 2.0 || got["reference"] != want[i]["reference"] || !strings.HasPrefix(text, "vault:v2:") {
			t.Errorf("item %d: %v", i, got)
		}
	}
}

func TestBatchStatus(t *testing.T) {
	m := newMount(t)
	m.MustWrite("keys/a", object{})
	good, bad := object{"plaintext": b64("x")}, object{"plaintext": "!"}
	// transit does not count these two faults.
	padding, data := object{"plaintext": "", "padding_scheme": "oaep"}, object{"plaintext": "", "associated_data": b64("x"), "padding_scheme": "none"}
	tests := []struct {
		name    string
		items   []any
		partial any
		status  int
	}{
		{"all good", []any{good, good}, nil, 200},
		{"all good, with a status", []any{good, good}, 207, 200},
		{"one bad", []any{good, bad}, nil, 400},
		{"one bad, with a status", []any{good, bad}, 207, 207},
		{"one bad, with a high status", []any{good, bad}, 599, 599},
		{"one bad, status out of range", []any{good, bad}, 600, 400},
		{"one bad, with a low status", []any{good, bad}, 200, 200},
		{"one bad, status below 200", []any{good, bad}, 199, 400},
		{"one bad, status without a body", []any{good, bad}, 204, 400},
		{"one bad, status without a body", []any{good, bad}, 304, 400},
		{"one bad, status zero", []any{good, bad}, 0, 400},
		{"all bad, with a status", []any{bad, bad}, 207, 400},
		{"uncounted", []any{padding, data}, nil, 200},
		{"uncounted among good", []any{padding, good}, 207, 200},
		{"uncounted among bad", []any{padding, bad}, 207, 400},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			request := object{"batch_input": test.items}
			if test.partial != nil {
				request["partial_failure_response_code"] = test.partial
			}
			got := m.Write("encrypt/a", request)
			if got.Status != test.status {
				t.Errorf("status %d, want %d", got.Status, test.status)
			}
			results(t, got, len(test.items))
		})
	}
	body, _ := m.Write("encrypt/a", object{"batch_input": []any{good, bad}, "partial_failure_response_code": 600}).Response.Data[logical.HTTPRawBody].(string)
	if !strings.Contains(body, "invalid HTTP response code override from partial_failure_response_code, reverting to 400") {
		t.Errorf("no warning in %s", body)
	}
}

func TestItemErrors(t *testing.T) {
	m := newMount(t)
	m.MustWrite("keys/a", object{})
	m.MustWrite("keys/d", object{"derived": true})
	sound := encrypt(t, m, "a", "x")
	tests := []struct {
		name, path string
		item       object
		want       string
	}{
		{"plaintext not base64", "encrypt/a", object{"plaintext": "a"}, "illegal base64 data at input byte 0"},
		{"nonce not base64", "encrypt/a", object{"plaintext": "", "nonce": "*"}, "illegal base64 data at input byte 0"},
		{"associated data not base64", "encrypt/a", object{"plaintext": "", "associated_data": "*"}, "illegal base64 data at input byte 0"},
		{"version too new", "encrypt/a", object{"plaintext": "", "key_version": 2}, "requested version for encryption is higher than the latest key version"},
		{"nonce", "encrypt/a", object{"plaintext": "", "nonce": b64("x")}, "provided nonce not allowed for this key"},
		{"padding", "encrypt/a", object{"plaintext": "", "padding_scheme": "oaep"}, "'[1].padding_scheme' invalid: unsupported key type aes256-gcm96 for padding scheme"},
		{"no context", "encrypt/d", object{"plaintext": ""}, "missing 'context' for key derivation; the key was created using a derived key, which means additional, per-request information must be included in order to perform operations with the key"},
		{"no ciphertext", "decrypt/a", object{"ciphertext": ""}, "missing ciphertext to decrypt"},
		{"null ciphertext", "decrypt/a", object{"ciphertext": nil}, "missing ciphertext to decrypt"},
		{"no prefix", "decrypt/a", object{"ciphertext": "x"}, "invalid ciphertext: no prefix"},
		{"truncated", "decrypt/a", object{"ciphertext": sound[:len(sound)-4]}, "cipher: message authentication failed"},
		{"wrong associated data", "decrypt/a", object{"ciphertext": sound, "associated_data": b64("x")}, "cipher: message authentication failed"},
		{"padding", "decrypt/a", object{"ciphertext": sound, "padding_scheme": "x"}, "'[1].padding_scheme' invalid: unknown padding scheme: x"},
		{"no ciphertext", "rewrap/a", object{}, "missing ciphertext to decrypt"},
		{"padding", "rewrap/a", object{"ciphertext": sound, "decrypt_padding_scheme": "oaep"}, "'[1].decrypt_padding_scheme' invalid: unsupported key type aes256-gcm96 for padding scheme"},
		{"padding", "rewrap/a", object{"ciphertext": sound, "encrypt_padding_scheme": "x"}, "'[1].encrypt_padding_scheme' invalid: unknown padding scheme: x"},
	}
	for _, test := range tests {
		t.Run(test.path+"/"+test.name, func(t *testing.T) {
			other := object{"plaintext": b64("y"), "ciphertext": sound}
			if context, ok := test.item["context"]; ok {
				other["context"] = context
			}
			test.item["reference"] = "r"
			got := results(t, m.Write(test.path, object{"batch_input": []any{other, test.item}}), 2)[1]
			if got["error"] != test.want || got["reference"] != "r" || got["ciphertext"] != nil || (got["plaintext"] != nil && got["plaintext"] != "") {
				t.Errorf("got %v", got)
			}
			// The same as a single request.
			delete(test.item, "reference")
			single := m.Write(test.path, test.item)
			if want := strings.Replace(test.want, "'[1].", "'[0].", 1); single.Status != http.StatusBadRequest || single.Message != want {
				t.Errorf("single: %d %s", single.Status, single.Message)
			}
		})
	}
}

func TestRewrapAnswers200ToEveryBatch(t *testing.T) {
	m := newMount(t)
	m.MustWrite("keys/a", object{})
	got := m.Write("rewrap/a", object{"batch_input": []any{object{"ciphertext": "x"}}})
	if got.Status != http.StatusOK || results(t, got, 1)[0]["error"] != "invalid ciphertext: no prefix" {
		t.Errorf("%d %v", got.Status, got.Data)
	}
}

func TestLargeBatch(t *testing.T) {
	const size = 10_000
	m := newMount(t)
	m.MustWrite("keys/a", object{})
	m.MustWrite("encrypt/a", object{"plaintext": ""}) // the first use reserves a block against the key's limit
	before := m.Storage.Counts()
	input := make([]any, size)
	for i := range input {
		input[i] = object{"plaintext": b64(fmt.Sprint(i)), "reference": fmt.Sprint(i)}
	}
	for i, got := range results(t, m.MustWrite("encrypt/a", object{"batch_input": input}), size) {
		input[i] = object{"ciphertext": got["ciphertext"]}
	}
	for i, got := range results(t, m.MustWrite("decrypt/a", object{"batch_input": input}), size) {
		if got["plaintext"] != b64(fmt.Sprint(i)) {
			t.Fatalf("item %d: %v", i, got)
		}
	}
	if after := m.Storage.Counts(); after != before {
		t.Errorf("storage calls: %+v, then %+v", before, after)
	}
	for i := range input {
		input[i] = object{"plaintext": 7}
	}
	if got := m.Write("encrypt/a", object{"batch_input": input}); got.Status != 400 || len(got.Message) > 4096 {
		t.Errorf("%d, a text of %d bytes", got.Status, len(got.Message))
	}
}

func TestUpsert(t *testing.T) {
	m := newMount(t)
	tests := []struct {
		name    string
		request object
		want    object // of the key read afterwards
		refused string
	}{
		{"default", object{"plaintext": b64("x")}, object{"type": symmetric, "derived": false}, ""},
		{"hybrid", object{"plaintext": b64("x"), "type": hybrid}, object{"type": hybrid}, ""},
		{"derived", object{"plaintext": b64("x"), "context": b64("c")}, object{"type": symmetric, "derived": true, "convergent_encryption": false}, ""},
		{"convergent", object{"plaintext": b64("x"), "context": b64("c"), "convergent_encryption": true}, object{"convergent_encryption": true}, ""},
		{"batch", object{"batch_input": []any{object{"plaintext": "", "context": b64("c")}, object{"plaintext": "", "context": b64("d")}}}, object{"derived": true}, ""},
		{"convergent-without-context", object{"plaintext": "", "convergent_encryption": true}, nil, "convergent encryption requires derivation to be enabled, so context is required"},
		{"unknown-type", object{"plaintext": "", "type": "rot13"}, nil, "unknown key type rot13"},
		{"hybrid-with-info", object{"plaintext": "", "context": b64("c"), "type": hybrid}, object{"type": hybrid, "derived": false}, ""},
		{"derived-rsa", object{"plaintext": "", "context": b64("c"), "type": rsa}, nil, "key derivation and convergent encryption not supported for keys of type rsa-4096"},
		{"some-contexts", object{"batch_input": []any{object{"plaintext": "", "context": b64("c")}, object{"plaintext": ""}}}, nil, "context should be set either in all the request blocks or in none"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := m.Write("encrypt/"+test.name, test.request)
			read := m.Read("keys/" + test.name)
			if test.refused != "" {
				if got.Status != 400 || got.Message != test.refused || read.Status != 404 {
					t.Errorf("%d %s, then %d", got.Status, got.Message, read.Status)
				}
				return
			}
			if got.Status != 200 || len(got.Response.Warnings) != 0 {
				t.Fatalf("%d %s %v", got.Status, got.Message, got.Response)
			}
			for field, value := range test.want {
				if read.Data[field] != value {
					t.Errorf("%s is %v, want %v", field, read.Data[field], value)
				}
			}
		})
	}
}

// A mount that was switched in place keeps what the built-in engine was told.
func TestUpsertDisabled(t *testing.T) {
	m := newMount(t)
	put := func(value string) {
		if err := m.Storage.Put(t.Context(), &logical.StorageEntry{Key: "config/keys", Value: []byte(value)}); err != nil {
			t.Fatal(err)
		}
	}
	put(`{"disable_upsert":true}`)
	if got := m.Write("encrypt/a", object{"plaintext": ""}); got.Status != 400 || got.Message != "encryption key not found" {
		t.Errorf("%d %s", got.Status, got.Message)
	}
	put(`{`)
	if got := m.Write("encrypt/a", object{"plaintext": ""}); got.Status != 500 {
		t.Errorf("%d %s", got.Status, got.Message)
	}
	put(`{"disable_upsert":false}`)
	m.MustWrite("encrypt/a", object{"plaintext": ""})
}
