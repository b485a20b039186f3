package pqtransit_test

import (
	"encoding/base64"
	"fmt"
	"slices"
	"testing"
	"time"

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

// BenchmarkHybridAgainstRSA reports how much faster X-Wing encrypts and decrypts 1 KiB than
// RSA does as much as it can, in the same engine: requests of each take turns.
func BenchmarkHybridAgainstRSA(b *testing.B) {
	m := backendtest.New(b, pqtransit.Factory)
	request := func(key, operation string, size int) func() time.Duration {
		m.MustWrite("keys/"+key, object{"type": key})
		data := object{"plaintext": base64.StdEncoding.EncodeToString(make([]byte, size))}
		if operation == "decrypt" {
			data = object{"ciphertext": m.MustWrite("encrypt/"+key, data).Data["ciphertext"]}
		}
		return func() time.Duration {
			began := time.Now()
			response, err := m.Backend().HandleRequest(b.Context(), &logical.Request{
				Operation: logical.UpdateOperation, Path: operation + "/" + key, Storage: m.Storage, Data: data,
			})
			if err != nil || response.IsError() {
				b.Fatal(err, response)
			}
			return time.Since(began)
		}
	}
	for _, operation := range []string{"encrypt", "decrypt"} {
		for _, key := range []string{"rsa-2048", "rsa-4096"} {
			b.Run(operation+"/"+key, func(b *testing.B) {
				hybrid, rsa := request("x25519-mlkem768", operation, 1024), request(key, operation, 190)
				var hybrids, rsas []time.Duration
				for b.Loop() {
					hybrids, rsas = append(hybrids, hybrid()), append(rsas, rsa())
				}
				slices.Sort(hybrids)
				slices.Sort(rsas)
				b.ReportMetric(float64(rsas[len(rsas)/2])/float64(hybrids[len(hybrids)/2]), "times-RSA")
			})
		}
	}
}
