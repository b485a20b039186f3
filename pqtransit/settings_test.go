package pqtransit_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend/backendtest"
)

// put stores an entry as the built-in engine would have left it.
func put(t testing.TB, m *backendtest.Mount, path, value string) {
	t.Helper()
	if err := m.Storage.Put(t.Context(), &logical.StorageEntry{Key: path, Value: []byte(value)}); err != nil {
		t.Fatal(err)
	}
}

func TestConfigKeys(t *testing.T) {
	m := newMount(t)
	want := func(got *backendtest.Answer, disabled bool) {
		t.Helper()
		if diff := cmp.Diff(object{"disable_upsert": disabled}, got.Data); diff != "" {
			t.Error(diff)
		}
	}
	want(m.MustRead("config/keys"), false)
	want(m.MustWrite("config/keys", object{}), false)
	if got := m.Storage.Counts().Put; got != 0 {
		t.Errorf("%d writes of what is the default", got)
	}
	want(m.MustWrite("config/keys", object{"disable_upsert": "true"}), true)
	m.Restart()
	want(m.MustRead("config/keys"), true)
	if got := m.Write("encrypt/new", object{"plaintext": ""}); got.Status != 400 || got.Message != "encryption key not found" {
		t.Errorf("%d %s", got.Status, got.Message)
	}
	want(m.MustWrite("config/keys", object{}), false)
	m.MustWrite("encrypt/new", object{"plaintext": ""})
	if got := m.Write("config/keys", object{"disable_upsert": "perhaps"}); got.Status != 400 {
		t.Errorf("%d %s", got.Status, got.Message)
	}
	put(t, m, "config/keys", `{"disable_upsert":true}`)
	want(m.MustRead("config/keys"), true)
	put(t, m, "config/keys", `{"disable_upsert":7}`)
	checkFault(t, "read", m.Read("config/keys"))
	checkFault(t, "encrypt", m.Write("encrypt/another", object{"plaintext": ""}))
}

func TestCacheConfig(t *testing.T) {
	m := newMount(t)
	want := func(got *backendtest.Answer, size float64) {
		t.Helper()
		if diff := cmp.Diff(object{"size": size}, got.Data); diff != "" {
			t.Error(diff)
		}
	}
	want(m.MustRead("cache-config"), 0)
	want(m.MustWrite("cache-config", object{"size": 10}), 10)
	want(m.MustRead("cache-config"), 10)
	for _, size := range []any{9, 1, -1, -10, "many"} {
		if got := m.Write("cache-config", object{"size": size}); got.Status != 400 {
			t.Errorf("size %v: %d %s", size, got.Status, got.Message)
		}
	}
	if got := m.Write("cache-config", object{"size": 9}); got.Message != "size must be 0 or a value greater or equal to 10" {
		t.Error(got.Message)
	}
	for i := range 11 {
		m.MustWrite(fmt.Sprintf("keys/k%d", i), object{})
	}
	cached := func(name string) bool {
		before := m.Storage.Counts().Get
		m.MustRead("keys/" + name)
		return m.Storage.Counts().Get == before
	}
	if cached("k0") || !cached("k10") {
		t.Error("the size does not bound the cache")
	}
	m.Restart()
	for i := range 11 {
		cached(fmt.Sprintf("k%d", i))
	}
	if cached("k0") {
		t.Error("the size is not there after a restart")
	}
	want(m.MustWrite("cache-config", object{}), 0)
	// Another node's change, as Vault tells of it.
	put(t, m, "config/cache", `{"size":3}`)
	m.Backend().InvalidateKey(context.Background(), "config/cache")
	for i := range 11 {
		cached(fmt.Sprintf("k%d", i))
	}
	if cached("k0") || !cached("k10") {
		t.Error("the size was not taken over")
	}
}

func TestTrimPath(t *testing.T) {
	m := newMount(t)
	m.MustWrite("keys/a", object{})
	old := encrypt(t, m, "a", "x")
	m.MustWrite("keys/a/rotate", nil)
	refusals := []struct {
		name, path string
		data       object
		want       string
	}{
		{"unknown key", "keys/b/trim", object{"min_available_version": 1}, "invalid key name"},
		{"nothing given", "keys/a/trim", object{}, "missing min_available_version"},
		{"a word", "keys/a/trim", object{"min_available_version": "all"}, "Field validation failed"},
		{"no minimum", "keys/a/trim", object{"min_available_version": 1}, "minimum available version cannot be set when minimum encryption version is not set"},
	}
	for _, test := range refusals {
		wantRefused(t, test.name, m.Write(test.path, test.data), test.want)
	}
	m.MustWrite("keys/a/config", object{"min_decryption_version": 2, "min_encryption_version": 2})
	got := m.MustWrite("keys/a/trim", object{"min_available_version": 2})
	if got.Data["min_available_version"] != 2.0 || got.Data["name"] != "a" {
		t.Errorf("%v", got.Data)
	}
	wantRefused(t, "trimmed", m.Write("decrypt/a", object{"ciphertext": old}), "ciphertext or signature version is disallowed by policy (too old)")
}
