package pqtransit_test

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/vault/sdk/helper/keysutil"

	"github.com/palisade-vault/palisade/backend/backendtest"
)

// policyOf is a key as the built-in engine's library loads it from our storage.
func policyOf(t testing.TB, m *backendtest.Mount, name string) *keysutil.Policy {
	t.Helper()
	policy, err := keysutil.LoadPolicy(t.Context(), m.Storage, "policy/"+name)
	if err != nil || policy == nil {
		t.Fatalf("%s: %v", name, err)
	}
	return policy
}

func exported(t testing.TB, m *backendtest.Mount, path string) object {
	t.Helper()
	keys, ok := m.MustRead("export/" + path).Data["keys"].(object)
	if !ok {
		t.Fatalf("%s: no keys", path)
	}
	return keys
}

func TestExportOfASymmetricKey(t *testing.T) {
	m := newMount(t)
	m.MustWrite("keys/a", object{"exportable": true})
	m.MustWrite("keys/a/rotate", nil)
	m.MustWrite("keys/a/rotate", nil)
	policy := policyOf(t, m, "a")
	raw := func(number string) string { return base64.StdEncoding.EncodeToString(policy.Keys[number].Key) }
	mac := func(number string) string { return base64.StdEncoding.EncodeToString(policy.Keys[number].HMACKey) }
	tests := []struct {
		path string
		want object
	}{
		{"encryption-key/a", object{"1": raw("1"), "2": raw("2"), "3": raw("3")}},
		{"encryption-key/a/2", object{"2": raw("2")}},
		{"encryption-key/a/v2", object{"2": raw("2")}},
		{"encryption-key/a/latest", object{"3": raw("3")}},
		{"hmac-key/a/1", object{"1": mac("1")}},
		{"hmac-key/a", object{"1": mac("1"), "2": mac("2"), "3": mac("3")}},
	}
	for _, test := range tests {
		want := object{"name": "a", "type": symmetric, "keys": test.want}
		if diff := cmp.Diff(want, m.MustRead("export/"+test.path).Data); diff != "" {
			t.Errorf("%s: %s", test.path, diff)
		}
	}
	m.MustWrite("keys/a/config", object{"min_decryption_version": 2})
	if diff := cmp.Diff(object{"2": raw("2"), "3": raw("3")}, exported(t, m, "encryption-key/a")); diff != "" {
		t.Error(diff)
	}
	wantRefused(t, "old", m.Read("export/encryption-key/a/1"), "version for export is below minimum decryption version")
}

func TestExportOfAnRSAKey(t *testing.T) {
	m := withRSA(t)
	public, _ := exported(t, m, "public-key/"+rsa)["1"].(string)
	_, keys := withoutKeys(t, m.MustRead("keys/"+rsa))
	version, _ := keys["1"].(object)
	if public == "" || public != version["public_key"] {
		t.Errorf("public key %q", public)
	}
	wantRefused(t, "closed", m.Read("export/signing-key/"+rsa), "private key material is not exportable")
	m.MustWrite("keys/"+rsa+"/config", object{"exportable": true})
	for _, part := range []string{"encryption-key", "signing-key"} {
		text, _ := exported(t, m, part+"/"+rsa)["1"].(string)
		block, rest := pem.Decode([]byte(text))
		if block == nil || block.Type != "RSA PRIVATE KEY" || len(rest) != 0 || !strings.HasSuffix(text, "-----\n") {
			t.Fatalf("%s: not one PEM block", part)
		}
		private, err := x509.ParsePKCS1PrivateKey(block.Bytes)
		if err != nil || !private.Equal(policyOf(t, m, rsa).Keys["1"].RSAKey) {
			t.Errorf("%s: another key, %v", part, err)
		}
	}
}

func TestExportOfAMixedKey(t *testing.T) {
	m := withRSA(t)
	m.MustWrite("keys/"+rsa+"/config", object{"exportable": true})
	m.MustWrite("keys/"+rsa+"/rotate", object{"type": hybrid})
	got := m.MustRead("export/encryption-key/" + rsa).Data
	keys, _ := got["keys"].(object)
	first, _ := keys["1"].(string)
	second, _ := keys["2"].(string)
	seed, err := base64.StdEncoding.DecodeString(second)
	if !strings.HasPrefix(first, "-----BEGIN RSA PRIVATE KEY-----") || err != nil || len(seed) != 32 {
		t.Errorf("%v", slices.Sorted(maps.Keys(keys)))
	}
	if diff := cmp.Diff(object{"1": rsa, "2": hybrid}, got["types"]); diff != "" || got["type"] != hybrid {
		t.Errorf("%v %s", got["type"], diff)
	}
	wantRefused(t, "signing", m.Read("export/signing-key/"+rsa), "signing not supported for the key")
}

func TestExportRefuses(t *testing.T) {
	m := newMount(t)
	m.MustWrite("keys/a", object{"exportable": true})
	m.MustWrite("keys/closed", object{})
	tests := []struct{ path, want string }{
		{"other-key/a", "invalid export type: other-key"},
		{"other-key/none", "invalid export type: other-key"},
		{"encryption-key/closed", "private key material is not exportable"},
		{"hmac-key/closed", "private key material is not exportable"},
		{"signing-key/closed", "private key material is not exportable"},
		{"signing-key/a", "signing not supported for the key"},
		{"certificate-chain/a", "certificate chain not supported for keys that do not support signing"},
		{"public-key/a", "unknown key type aes256-gcm96 for export type public-key"},
		{"encryption-key/a/first", "invalid key version"},
		{"encryption-key/a/vv1", "invalid key version"},
		{"encryption-key/a/0", "version for export is below minimum decryption version"},
		{"encryption-key/a/2", "version does not exist or cannot be found"},
	}
	for _, test := range tests {
		wantRefused(t, test.path, m.Read("export/"+test.path), test.want)
	}
	if got := m.Read("export/encryption-key/none"); got.Status != 404 {
		t.Errorf("%d %s", got.Status, got.Message)
	}
	w := withRSA(t)
	wantRefused(t, "no chain", w.Read("export/certificate-chain/"+rsa), "selected key version does not have a certificate chain imported")
}
