package pqtransit_test

import (
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend/backendtest"
	"github.com/palisade-vault/palisade/pqtransit"
)

const (
	symmetric = "aes256-gcm96"
	rsa       = "rsa-4096"
	hybrid    = "x25519-mlkem768"
)

// object is one JSON object of a request.
type object = map[string]any

func newMount(t testing.TB) *backendtest.Mount { return backendtest.New(t, pqtransit.Factory) }

func b64(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

// rsaEntries are the storage of an RSA key named rsa-4096, made once, as that is slow.
var rsaEntries struct {
	sync.Once
	entries map[string][]byte
}

func withRSA(t testing.TB) *backendtest.Mount {
	t.Helper()
	m := newMount(t)
	rsaEntries.Do(func() {
		first := newMount(t)
		first.MustWrite("keys/"+rsa, object{"type": rsa})
		rsaEntries.entries = first.Storage.Snapshot()
	})
	for path, value := range rsaEntries.entries {
		if err := m.Storage.Put(t.Context(), &logical.StorageEntry{Key: path, Value: value}); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

func encrypt(t testing.TB, m *backendtest.Mount, name, plaintext string) string {
	t.Helper()
	ciphertext, ok := m.MustWrite("encrypt/"+name, object{"plaintext": b64(plaintext)}).Data["ciphertext"].(string)
	if !ok {
		t.Fatal("no ciphertext")
	}
	return ciphertext
}

func wantPlaintext(t testing.TB, m *backendtest.Mount, name, ciphertext, want string) {
	t.Helper()
	if got := m.MustWrite("decrypt/"+name, object{"ciphertext": ciphertext}).Data["plaintext"]; got != b64(want) {
		t.Errorf("plaintext %v", got)
	}
}

func results(t testing.TB, answer *backendtest.Answer, want int) []object {
	t.Helper()
	list, _ := answer.Data["batch_results"].([]any)
	if len(list) != want {
		t.Fatalf("status %d %s: %d results, want %d", answer.Status, answer.Message, len(list), want)
	}
	out := make([]object, len(list))
	for i := range list {
		out[i], _ = list[i].(object)
	}
	return out
}

var cryptoRand = rand.Reader

// wantRefused wants a 400 whose text starts with want.
func wantRefused(t testing.TB, name string, got *backendtest.Answer, want string) {
	t.Helper()
	if got.Status != http.StatusBadRequest || !strings.HasPrefix(got.Message, want) {
		t.Errorf("%s: %d %q, want 400 %q", name, got.Status, got.Message, want)
	}
}
