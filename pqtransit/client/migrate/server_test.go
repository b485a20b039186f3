package migrate_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/vault/api"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend/backendtest"
	"github.com/palisade-vault/palisade/pqtransit"
	"github.com/palisade-vault/palisade/pqtransit/client"
	"github.com/palisade-vault/palisade/pqtransit/keyring"
)

// wrappingKey is the storage of a mount that has made its wrapping key, which takes seconds.
var wrappingKey = sync.OnceValue(func() map[string][]byte {
	storage := backendtest.NewStorage()
	keys := keyring.New(keyring.Options{Rand: rand.Reader, Now: time.Now})
	if _, err := keys.WrappingKey(context.Background(), storage, "rsa-4096"); err != nil {
		panic(err)
	}
	return storage.Snapshot()
})

type object = map[string]any

// vaults are two mounts of the engine behind one server, as Vault would serve them.
type vaults struct {
	from, to *backendtest.Mount
	// requests counts those since the last reset; failing answers 503 to that one.
	requests, failing int
	job               func() (from, to *client.Mount)
	paths             []string
}

func newVaults(t *testing.T) *vaults {
	t.Helper()
	v := &vaults{from: backendtest.New(t, pqtransit.Factory), to: backendtest.New(t, pqtransit.Factory)}
	for path, value := range wrappingKey() {
		put(t, v.to, path, value)
	}
	server := httptest.NewServer(v)
	t.Cleanup(server.Close)
	config := api.DefaultConfig()
	config.Address, config.MaxRetries = server.URL, 0
	vault, err := api.NewClient(config)
	if err != nil {
		t.Fatal(err)
	}
	v.job = func() (from, to *client.Mount) { return client.NewMount(vault, "from"), client.NewMount(vault, "to") }
	return v
}

func (v *vaults) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	v.requests++
	mount, path, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/v1/"), "/")
	v.paths = append(v.paths, r.Method+" "+mount+"/"+path)
	if v.requests == v.failing {
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = w.Write([]byte(`{"errors":["Vault is sealed"]}`))
		return
	}
	if mount == "sys" {
		_ = json.NewEncoder(w).Encode(object{"data": object{"type": "pqtransit"}})
		return
	}
	operation := map[string]logical.Operation{
		"GET": logical.ReadOperation, "PUT": logical.UpdateOperation, "DELETE": logical.DeleteOperation,
	}[r.Method]
	if r.URL.Query().Get("list") == "true" {
		operation, path = logical.ListOperation, path+"/"
	}
	var body object
	_ = json.NewDecoder(r.Body).Decode(&body)
	for name := range r.URL.Query() {
		if operation == logical.ReadOperation {
			body = object{name: r.URL.Query().Get(name)}
		}
	}
	side := map[string]*backendtest.Mount{"from": v.from, "to": v.to}[mount]
	got := side.Do(r.Context(), operation, path, body)
	switch {
	case got.Status >= http.StatusBadRequest:
		w.WriteHeader(got.Status)
		_ = json.NewEncoder(w).Encode(object{"errors": []string{got.Message}})
	case got.Status == http.StatusNotFound || got.Data == nil && operation == logical.ReadOperation:
		w.WriteHeader(http.StatusNotFound)
		_, _ = w.Write([]byte(`{"errors":[]}`))
	case got.Data == nil:
		w.WriteHeader(http.StatusNoContent)
	default:
		_ = json.NewEncoder(w).Encode(object{"data": got.Data})
	}
}

func put(t *testing.T, m *backendtest.Mount, path string, value []byte) {
	t.Helper()
	if err := m.Storage.Put(t.Context(), &logical.StorageEntry{Key: path, Value: value}); err != nil {
		t.Fatal(err)
	}
}

// publicKey is a key's public half in PEM.
func publicKey(t *testing.T, m *backendtest.Mount, name string) string {
	t.Helper()
	keys, _ := m.MustRead("keys/" + name).Data["keys"].(object)
	version, _ := keys["1"].(object)
	text, _ := version["public_key"].(string)
	if strings.HasPrefix(text, "-----") {
		return text
	}
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(ed25519.PublicKey(raw))
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}
