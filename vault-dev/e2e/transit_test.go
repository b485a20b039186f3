package e2e_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var keyTypes = []string{"aes256-gcm96", "rsa-4096", "x25519-mlkem768"}

func b64(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

func makeKey(t *testing.T, keyType string) string {
	t.Helper()
	name := uniqueName(t)
	write(t, root(t), "pqtransit/keys/"+name, object{"type": keyType})
	return name
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	for _, keyType := range keyTypes {
		t.Run(keyType, func(t *testing.T) {
			t.Parallel()
			name := makeKey(t, keyType)
			client := root(t)
			for _, plaintext := range []string{"", "a", strings.Repeat("x", 446)} {
				sealed := write(t, client, "pqtransit/encrypt/"+name, object{"plaintext": b64(plaintext)})
				opened := write(t, client, "pqtransit/decrypt/"+name, object{"ciphertext": sealed["ciphertext"]})
				if opened["plaintext"] != b64(plaintext) {
					t.Errorf("%d bytes do not come back: %v", len(plaintext), opened["plaintext"])
				}
			}
		})
	}
}

// results are the items of a batch's answer.
func results(t *testing.T, data object, want int) []object {
	t.Helper()
	items, _ := data["batch_results"].([]any)
	if len(items) != want {
		t.Fatalf("%d batch results, want %d: %.300v", len(items), want, data)
	}
	maps := make([]object, len(items))
	for i, item := range items {
		maps[i], _ = item.(object)
	}
	return maps
}

func TestBatchMovesAcrossAlgorithms(t *testing.T) {
	t.Parallel()
	client, name := root(t), makeKey(t, "rsa-4096")
	plain := []object{{"plaintext": b64("one"), "reference": "first"}, {"plaintext": b64("two")}, {"plaintext": ""}}
	sealed := results(t, write(t, client, "pqtransit/encrypt/"+name, object{"batch_input": plain}), 3)
	if sealed[0]["reference"] != "first" {
		t.Errorf("the reference does not come back: %v", sealed[0])
	}
	write(t, client, "pqtransit/keys/"+name+"/rotate", object{"type": "x25519-mlkem768"})
	old := make([]object, len(sealed))
	for i, item := range sealed {
		old[i] = object{"ciphertext": item["ciphertext"]}
	}
	moved := results(t, write(t, client, "pqtransit/rewrap/"+name, object{"batch_input": old}), 3)
	for i, item := range moved {
		old[i] = object{"ciphertext": item["ciphertext"]}
		if text := fmt.Sprint(item["ciphertext"]); !strings.HasPrefix(text, "vault:v2:") || len(text) < 1500 {
			t.Errorf("item %d is not a hybrid ciphertext of version 2: %.60s", i, text)
		}
	}
	var got []string
	for _, item := range results(t, write(t, client, "pqtransit/decrypt/"+name, object{"batch_input": old}), 3) {
		got = append(got, fmt.Sprint(item["plaintext"]))
	}
	if diff := cmp.Diff([]string{b64("one"), b64("two"), ""}, got); diff != "" {
		t.Error(diff)
	}
}

// A batch with a bad item answers 400 with every result in its body, as transit does.
func TestBatchWithABadItem(t *testing.T) {
	t.Parallel()
	client, name := root(t), makeKey(t, "aes256-gcm96")
	good := write(t, client, "pqtransit/encrypt/"+name, object{"plaintext": b64("good")})["ciphertext"]
	items := []object{{"ciphertext": good}, {"ciphertext": "vault:v1:AAAA"}}
	for _, test := range []struct {
		name   string
		body   object
		status int
	}{
		{"default", object{"batch_input": items}, 400},
		{"chosen", object{"batch_input": items, "partial_failure_response_code": 207}, 207},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := send(t, client, "POST", "pqtransit/decrypt/"+name, encode(t, test.body))
			if got.status != test.status || !strings.Contains(got.body, b64("good")) || !strings.Contains(got.body, `"error"`) {
				t.Errorf("status %d, want %d: %.300s", got.status, test.status, got.body)
			}
		})
	}
}

func TestReadShowsEachVersionsType(t *testing.T) {
	t.Parallel()
	client, name := root(t), makeKey(t, "rsa-4096")
	write(t, client, "pqtransit/keys/"+name+"/rotate", object{"type": "x25519-mlkem768"})
	data := read(t, client, "pqtransit/keys/"+name)
	versions, _ := data["keys"].(object)
	var types []string
	for _, number := range []string{"1", "2"} {
		version, _ := versions[number].(object)
		types = append(types, fmt.Sprint(version["type"]))
	}
	if diff := cmp.Diff([]string{"rsa-4096", "x25519-mlkem768"}, types); diff != "" {
		t.Error(diff)
	}
	if data["type"] != "x25519-mlkem768" || fmt.Sprint(data["latest_version"]) != "2" {
		t.Errorf("the key is described by %v, version %v", data["type"], data["latest_version"])
	}
}
