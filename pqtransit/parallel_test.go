package pqtransit_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend/backendtest"
	"github.com/palisade-vault/palisade/pqtransit"
)

// numbered is a batch whose every item differs.
func numbered(count int) []any {
	items := make([]any, count)
	for i := range items {
		items[i] = map[string]any{"plaintext": b64(fmt.Sprint(i)), "input": b64(fmt.Sprint(i)), "reference": fmt.Sprint(i)}
	}
	return items
}

func TestBatchesKeepTheirOrderOnAllCores(t *testing.T) {
	const count = 500
	m := backendtest.New(t, pqtransit.Factory)
	for _, key := range []string{"aes256-gcm96", "x25519-mlkem768"} {
		m.MustWrite("keys/"+key, map[string]any{"type": key})
		sealed := results(t, m.MustWrite("encrypt/"+key, map[string]any{"batch_input": numbered(count)}), count)
		opened := results(t, m.MustWrite("decrypt/"+key, map[string]any{"batch_input": toAny(sealed)}), count)
		for i, result := range opened {
			if result["plaintext"] != b64(fmt.Sprint(i)) || result["reference"] != fmt.Sprint(i) {
				t.Fatalf("%s: item %d of %d is %v", key, i, count, result)
			}
		}
	}
	m.MustWrite("keys/ed25519", map[string]any{"type": "ed25519"})
	signed := results(t, m.MustWrite("sign/ed25519", map[string]any{"batch_input": numbered(count)}), count)
	for i := range signed {
		signed[i]["input"] = b64(fmt.Sprint(i))
	}
	for i, result := range results(t, m.MustWrite("verify/ed25519", map[string]any{"batch_input": toAny(signed)}), count) {
		if result["valid"] != true || result["reference"] != fmt.Sprint(i) {
			t.Fatalf("verify: item %d is %v", i, result)
		}
	}
}

func TestNothingIsDoneForACallerWhoHasGone(t *testing.T) {
	m := backendtest.New(t, pqtransit.Factory)
	m.MustWrite("keys/a", map[string]any{"type": "rsa-2048"})
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for _, path := range []string{"encrypt/a", "sign/a", "hmac/a", "datakeys/plaintext/a", "derivedkeys/plaintext/a"} {
		answer := m.Do(gone, logical.UpdateOperation, path, map[string]any{
			"batch_input": numbered(100), "count": 100, "salt": "x", "key_index_from": 0, "key_index_to": 100,
		})
		if answer.Status != http.StatusServiceUnavailable || !strings.Contains(answer.Message, "ended before it was done") {
			t.Errorf("%s: %d %q", path, answer.Status, answer.Message)
		}
	}
}

func toAny(items []object) []any {
	list := make([]any, len(items))
	for i, item := range items {
		list[i] = item
	}
	return list
}
