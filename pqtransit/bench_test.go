package pqtransit_test

import (
	"fmt"
	"testing"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend/backendtest"
	"github.com/palisade-vault/palisade/pqtransit"
)

// benchmarkRequest times the engine alone, past Vault and the plugin protocol.
func benchmarkRequest(b *testing.B, m *backendtest.Mount, path string, data map[string]any) {
	b.Helper()
	b.ReportAllocs()
	for b.Loop() {
		response, err := m.Backend().HandleRequest(b.Context(), &logical.Request{
			Operation: logical.UpdateOperation, Path: path, Storage: m.Storage, Data: data,
		})
		if err != nil || response.IsError() {
			b.Fatal(err, response)
		}
	}
}

// BenchmarkBatchDecrypt shows with -cpu=1,2 what the second core does for a batch.
func BenchmarkBatchDecrypt(b *testing.B) {
	for _, key := range []string{"aes256-gcm96", "x25519-mlkem768", "rsa-2048"} {
		for _, count := range []int{1, 10, 100, 1000} {
			b.Run(fmt.Sprintf("%s/%d", key, count), func(b *testing.B) {
				m := backendtest.New(b, pqtransit.Factory)
				m.MustWrite("keys/"+key, map[string]any{"type": key})
				sealed := m.MustWrite("encrypt/"+key, map[string]any{"batch_input": numbered(count)}).Data["batch_results"]
				benchmarkRequest(b, m, "decrypt/"+key, map[string]any{"batch_input": sealed})
			})
		}
	}
}

// BenchmarkSingle is each operation on one item.
func BenchmarkSingle(b *testing.B) {
	m := backendtest.New(b, pqtransit.Factory)
	for _, key := range []string{"aes256-gcm96", "x25519-mlkem768", "ecdsa-p256"} {
		m.MustWrite("keys/"+key, map[string]any{"type": key})
	}
	for _, path := range []string{"encrypt/aes256-gcm96", "encrypt/x25519-mlkem768", "sign/ecdsa-p256", "hmac/aes256-gcm96", "datakey/plaintext/aes256-gcm96"} {
		b.Run(path, func(b *testing.B) {
			benchmarkRequest(b, m, path, map[string]any{"plaintext": b64("x"), "input": b64("x")})
		})
	}
}
