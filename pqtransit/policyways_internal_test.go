package pqtransit

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend/backendtest"
)

// making are the paths that make something new with a key. Each of them, and no other, names
// the crypto policy when the key violates it.
var making = []string{"byok-export/", "cmac/", "datakey/", "datakeys/", "derivedkeys/", "encapsulate/", "encrypt/", "hmac/", "keys/", "sign/"}

func TestEveryPathUnderTheCryptoPolicy(t *testing.T) {
	m := backendtest.New(t, Factory)
	b, ok := m.Backend().(*pqBackend)
	if !ok {
		t.Fatalf("%T", m.Backend())
	}
	names := []string{"rsa-4096", "ed25519", "ml-kem-512", "hmac", "aes128-cmac"}
	for _, name := range names {
		m.MustWrite("keys/"+name, map[string]any{"type": name, "exportable": true})
	}
	m.MustWrite("config/crypto-policy", map[string]any{"allowed_types": "aes256-gcm96", "existing_keys": "refuse-new-encryption"})
	refusing := map[string]bool{}
	for _, name := range names {
		for path, data := range requests(name) {
			for operation := range b.Route(path).Operations {
				if operation == logical.DeleteOperation || strings.HasPrefix(path, "config/crypto-policy") {
					continue
				}
				if strings.Contains(m.Do(t.Context(), operation, path, data).Message, "the mount's crypto policy refuses new use of version 1 of key ") {
					first, _, _ := strings.Cut(path, "/")
					refusing[first+"/"] = true
				}
			}
		}
	}
	if diff := cmp.Diff(making, slices.Sorted(maps.Keys(refusing))); diff != "" {
		t.Errorf("paths that make something new and paths that ask the policy differ: %s", diff)
	}
}

func TestPeriodicRotationFollowsTheCryptoPolicy(t *testing.T) {
	m := backendtest.New(t, Factory)
	b, ok := m.Backend().(*pqBackend)
	if !ok {
		t.Fatalf("%T", m.Backend())
	}
	now := time.Now()
	b.rotation.now = func() time.Time { return now }
	m.MustWrite("keys/weak", map[string]any{"type": "aes128-gcm96", "auto_rotate_period": "1h"})
	m.MustWrite("config/crypto-policy", map[string]any{
		"minimum_security_category": 3, "existing_keys": "auto-rotate", "successors": "aes128-gcm96=aes256-gcm96",
	})
	now = now.Add(2 * time.Hour)
	m.Do(t.Context(), logical.RollbackOperation, "", nil)
	got := m.MustRead("keys/weak").Data
	if got["type"] != "aes256-gcm96" || got["latest_version"].(float64) < 2 {
		t.Errorf("%v, version %v", got["type"], got["latest_version"])
	}
	if !strings.Contains(m.Logs.String(), "reason=policy") {
		t.Error(m.Logs)
	}
}
