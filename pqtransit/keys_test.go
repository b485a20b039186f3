package pqtransit_test

import (
	"encoding/base64"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cloudflare/circl/hpke"
	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend"
	"github.com/palisade-vault/palisade/backend/backendtest"
)

// untouched is a read of a key of which nothing was set, but for type, keys and latest
// version. Numbers come as float64, as over the wire.
func untouched(name, algorithm string) object {
	return object{
		"name": name, "type": algorithm, "derived": false, "deletion_allowed": false,
		"min_available_version": 0.0, "min_decryption_version": 1.0, "min_encryption_version": 0.0, "latest_version": 1.0,
		"exportable": false, "allow_plaintext_backup": false, "imported_key": false, "auto_rotate_period": 0.0,
		"supports_encryption": true, "supports_decryption": true, "supports_signing": false, "supports_derivation": false,
	}
}

// withoutKeys takes keys out of an answer's data.
func withoutKeys(t *testing.T, answer *backendtest.Answer) (rest, keys object) {
	t.Helper()
	rest = maps.Clone(answer.Data)
	keys, ok := rest["keys"].(object)
	if !ok {
		t.Fatalf("keys are %T", rest["keys"])
	}
	delete(rest, "keys")
	return rest, keys
}

func TestReadOfASymmetricKey(t *testing.T) {
	m := newMount(t)
	created := m.MustWrite("keys/a", object{})
	want := untouched("a", symmetric)
	want["supports_derivation"] = true
	for _, answer := range []*backendtest.Answer{created, m.MustRead("keys/a")} {
		rest, keys := withoutKeys(t, answer)
		if diff := cmp.Diff(want, rest); diff != "" {
			t.Error(diff)
		}
		seconds, ok := keys["1"].(float64)
		if !ok || len(keys) != 1 || time.Since(time.Unix(int64(seconds), 0)) > time.Hour {
			t.Errorf("keys %v", keys)
		}
	}
}

func TestReadOfADerivedKey(t *testing.T) {
	m := newMount(t)
	rest, _ := withoutKeys(t, m.MustWrite("keys/a", object{
		"derived": true, "convergent_encryption": "true", "exportable": true, "allow_plaintext_backup": 1, "auto_rotate_period": "2h", "key_size": 0,
	}))
	want := untouched("a", symmetric)
	maps.Copy(want, object{
		"derived": true, "kdf": "hkdf_sha256", "convergent_encryption": true, "convergent_encryption_version": -1.0,
		"exportable": true, "allow_plaintext_backup": true, "auto_rotate_period": 7200.0, "supports_derivation": true,
	})
	if diff := cmp.Diff(want, rest); diff != "" {
		t.Error(diff)
	}
}

func TestReadOfAnRSAKey(t *testing.T) {
	m := withRSA(t)
	rest, keys := withoutKeys(t, m.MustRead("keys/"+rsa))
	want := untouched(rsa, rsa)
	want["supports_signing"] = true
	if diff := cmp.Diff(want, rest); diff != "" {
		t.Error(diff)
	}
	version, _ := keys["1"].(object)
	if diff := cmp.Diff([]string{"certificate_chain", "creation_time", "hybrid_public_key", "name", "public_key"}, slices.Sorted(maps.Keys(version))); diff != "" {
		t.Error(diff)
	}
	text, _ := version["public_key"].(string)
	if version["name"] != rsa || version["certificate_chain"] != "" || !strings.HasPrefix(text, "-----BEGIN PUBLIC KEY-----\n") || !strings.HasSuffix(text, "-----END PUBLIC KEY-----\n") {
		t.Errorf("version %v", version)
	}
	checkCreated(t, version)
}

func checkCreated(t *testing.T, version object) {
	t.Helper()
	text, _ := version["creation_time"].(string)
	created, err := time.Parse(time.RFC3339Nano, text)
	if err != nil || time.Since(created) > time.Hour {
		t.Errorf("creation_time %q", text)
	}
}

// Terraform's provider panics unless versions are flat maps of strings.
func TestReadOfAMixedKey(t *testing.T) {
	m := withRSA(t)
	m.MustWrite("keys/"+rsa+"/rotate", object{"type": hybrid})
	rest, keys := withoutKeys(t, m.MustWrite("keys/"+rsa+"/rotate", object{"type": symmetric}))
	want := untouched(rsa, symmetric)
	want["latest_version"], want["supports_derivation"] = 3.0, true
	if diff := cmp.Diff(want, rest); diff != "" {
		t.Error(diff)
	}
	for number, want := range map[string]object{
		"1": {"name": rsa, "type": rsa, "purpose": "encryption and signing"},
		"2": {"name": hybrid, "type": hybrid, "purpose": "encryption", "hpke_kem": "0x647a", "hpke_kdf": "0x0001", "hpke_aead": "0x0002"},
		"3": {"name": symmetric, "type": symmetric, "purpose": "encryption", "public_key": ""},
	} {
		version, _ := keys[number].(object)
		for field, value := range version {
			if _, ok := value.(string); !ok {
				t.Errorf("version %s: %s is %T", number, field, value)
			}
		}
		for field, value := range want {
			if version[field] != value {
				t.Errorf("version %s: %s is %v, want %v", number, field, version[field], value)
			}
		}
		checkCreated(t, version)
	}
	// Versions that do not decrypt are not shown, as in transit.
	_, keys = withoutKeys(t, m.MustWrite("keys/"+rsa+"/config", object{"min_decryption_version": 2}))
	if len(keys) != 2 || keys["1"] != nil {
		t.Errorf("keys %v", slices.Sorted(maps.Keys(keys)))
	}
}

// Whoever has what a read shows can encrypt for the key with any HPKE library.
func TestEncryptOutsideVault(t *testing.T) {
	m := newMount(t)
	_, keys := withoutKeys(t, m.MustWrite("keys/a", object{"type": hybrid}))
	version, _ := keys["1"].(object)
	text, _ := version["public_key"].(string)
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	public, err := hpke.KEM_XWING.Scheme().UnmarshalBinaryPublicKey(raw)
	if err != nil {
		t.Fatal(err)
	}
	sender, err := hpke.NewSuite(hpke.KEM_XWING, hpke.KDF_HKDF_SHA256, hpke.AEAD_AES256GCM).NewSender(public, []byte("info"))
	if err != nil {
		t.Fatal(err)
	}
	enc, sealer, err := sender.Setup(cryptoRand)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := sealer.Seal([]byte("hello"), []byte("aad"))
	if err != nil {
		t.Fatal(err)
	}
	ciphertext := "vault:v1:" + base64.StdEncoding.EncodeToString(append(enc, sealed...))
	answer := m.MustWrite("decrypt/a", object{"ciphertext": ciphertext, "context": b64("info"), "associated_data": b64("aad")})
	if answer.Data["plaintext"] != b64("hello") {
		t.Errorf("plaintext %v", answer.Data["plaintext"])
	}
}

func TestKeyLifecycle(t *testing.T) {
	m := newMount(t)
	if got := m.Read("keys/a"); got.Status != 404 {
		t.Errorf("read of nothing: %d %s", got.Status, got.Message)
	}
	m.MustWrite("keys/a", object{})
	m.MustWrite("keys/b", object{"type": hybrid})
	again := m.MustWrite("keys/a", object{"type": hybrid, "exportable": true})
	if again.Data["type"] != symmetric || again.Data["exportable"] != false || len(again.Response.Warnings) != 0 {
		t.Errorf("created again: %v", again.Data)
	}
	if diff := cmp.Diff(object{"keys": []any{"a", "b"}}, m.List("keys/").Data); diff != "" {
		t.Error(diff)
	}
	if got := m.Delete("keys/a"); got.Status != 400 || got.Message != "error deleting policy a: deletion is not allowed for this key" {
		t.Errorf("%d %s", got.Status, got.Message)
	}
	for _, name := range []string{"a", "b"} {
		m.MustWrite("keys/"+name+"/config", object{"deletion_allowed": true})
		if got := m.Delete("keys/" + name); got.Status != 204 {
			t.Errorf("%d %s", got.Status, got.Message)
		}
	}
	if got := m.Storage.Snapshot(); len(got) != 0 {
		t.Errorf("left behind: %v", slices.Sorted(maps.Keys(got)))
	}
	if got := m.Delete("keys/a"); got.Status != 400 || got.Message != "error deleting policy a: could not delete key; not found" {
		t.Errorf("%d %s", got.Status, got.Message)
	}
}

func TestConfigWarnsOfVersionZero(t *testing.T) {
	m := newMount(t)
	m.MustWrite("keys/a", object{})
	got := m.MustWrite("keys/a/config", object{"min_decryption_version": 0, "min_encryption_versoin": 0})
	want := []string{
		"since Vault 0.3, transit key numbering starts at 1; forcing minimum to 1",
		"Endpoint ignored these unrecognized parameters: [min_encryption_versoin]", // Terraform's provider sends it
	}
	if diff := cmp.Diff(want, got.Response.Warnings); diff != "" {
		t.Error(diff)
	}
}

func TestRotateAndRewrapAcrossAlgorithms(t *testing.T) {
	m := withRSA(t)
	old := encrypt(t, m, rsa, "hello")
	m.MustWrite("keys/"+rsa+"/rotate", object{"type": hybrid})
	m.Restart()
	wantPlaintext(t, m, rsa, old, "hello")
	moved := m.MustWrite("rewrap/"+rsa, object{"ciphertext": old})
	text, _ := moved.Data["ciphertext"].(string)
	if moved.Data["key_version"] != 2.0 || !strings.HasPrefix(text, "vault:v2:") {
		t.Errorf("rewrapped to %v", moved.Data)
	}
	wantPlaintext(t, m, rsa, text, "hello")
	if got := m.Write("keys/"+rsa+"/rotate", object{"type": "rot13"}); got.Status != 400 || got.Message != "unknown key type rot13" {
		t.Errorf("%d %s", got.Status, got.Message)
	}
}

func TestRunningVersion(t *testing.T) {
	versioned, ok := newMount(t).Backend().(logical.PluginVersioner)
	if !ok || versioned.PluginVersion().Version != backend.Version {
		t.Error("the catalog would refuse the plugin")
	}
}
