package pqtransit_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	cryptorsa "crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"net/http"
	"strconv"
	"sync"
	"testing"

	"github.com/hashicorp/vault/sdk/helper/keysutil"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend/backendtest"
	"github.com/palisade-vault/palisade/pqtransit/byok"
)

// wrappingEntries are the storage of a mount with its wrapping key, made once.
var wrappingEntries struct {
	mu  sync.Mutex // guards all
	all map[string][]byte
}

// putWrapping gives the mount that wrapping key.
func putWrapping(t testing.TB, m *backendtest.Mount) {
	t.Helper()
	wrappingEntries.mu.Lock()
	defer wrappingEntries.mu.Unlock()
	if wrappingEntries.all == nil {
		m.MustRead("wrapping_key")
		wrappingEntries.all = map[string][]byte{}
		for path, value := range m.Storage.Snapshot() {
			if path == "policy/import/wrapping-key" || path == "archive/import/wrapping-key" {
				wrappingEntries.all[path] = value
			}
		}
		return
	}
	for path, value := range wrappingEntries.all {
		if err := m.Storage.Put(t.Context(), &logical.StorageEntry{Key: path, Value: value}); err != nil {
			t.Fatal(err)
		}
	}
}

// withWrapping is a mount whose wrapping key is there, and that key's public half.
func withWrapping(t testing.TB, m *backendtest.Mount) *cryptorsa.PublicKey {
	t.Helper()
	putWrapping(t, m)
	text, _ := m.MustRead("wrapping_key").Data["public_key"].(string)
	block, rest := pem.Decode([]byte(text))
	if block == nil || len(rest) != 0 {
		t.Fatal("not one PEM block")
	}
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	public, ok := parsed.(*cryptorsa.PublicKey)
	if !ok || public.Size() != 512 {
		t.Fatalf("%T", parsed)
	}
	return public
}

func wrap(t testing.TB, public *cryptorsa.PublicKey, hash string, key []byte) string {
	t.Helper()
	function, err := byok.ParseHash(hash)
	if err != nil {
		t.Fatal(err)
	}
	wrapped, err := byok.Wrap(public, function, key)
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(wrapped)
}

// rsaKeyOf is the RSA key that withRSA made, in PKCS #8, and its public half in PEM.
func rsaKeyOf(t testing.TB) (private []byte, public string) {
	t.Helper()
	m := withRSA(t)
	private, err := x509.MarshalPKCS8PrivateKey(policyOf(t, m, rsa).Keys["1"].RSAKey)
	if err != nil {
		t.Fatal(err)
	}
	public, _ = exported(t, m, "public-key/"+rsa)["1"].(string)
	return private, public
}

func mustImport(t testing.TB, m *backendtest.Mount, path string, data object) {
	t.Helper()
	if got := m.Write(path, data); got.Status != http.StatusNoContent {
		t.Fatalf("%s: %d %s", path, got.Status, got.Message)
	}
}

func TestWrappingKeyIsTheBuiltInEngines(t *testing.T) {
	m := newMount(t)
	public := withWrapping(t, m)
	if again := withWrapping(t, m); !again.Equal(public) {
		t.Error("another wrapping key")
	}
	m.Restart()
	if again := withWrapping(t, m); !again.Equal(public) {
		t.Error("another wrapping key after a restart")
	}
	policy := policyOf(t, m, "import/wrapping-key")
	if policy.Type != keysutil.KeyType_RSA4096 || policy.Exportable || !policy.Keys["1"].RSAKey.PublicKey.Equal(public) {
		t.Error("not as the built-in engine keeps it")
	}
	if got := m.List("keys/"); got.Data["keys"] != nil {
		t.Errorf("listed: %v", got.Data)
	}
}

// The size of an imported HMAC key is read by clients, and by the built-in engine when it
// rotates the key.
func TestImportKeepsTheSizeOfAnHMACKey(t *testing.T) {
	m := newMount(t)
	public := withWrapping(t, m)
	wrapped := func(size int) string { return wrap(t, public, "SHA256", bytes.Repeat([]byte{3}, size)) }
	mustImport(t, m, "keys/mac/import", object{"ciphertext": wrapped(48), "type": "hmac", "allow_rotation": true})
	wantSize := func(want int) {
		t.Helper()
		if got := m.MustRead("keys/mac").Data["key_size"]; got != float64(want) {
			t.Errorf("key_size %v, want %d", got, want)
		}
		if got := policyOf(t, m, "mac"); got.KeySize != want || len(got.Keys[strconv.Itoa(got.LatestVersion)].Key) != want {
			t.Errorf("%d bytes stored as %d, want %d", len(got.Keys[strconv.Itoa(got.LatestVersion)].Key), got.KeySize, want)
		}
	}
	wantSize(48)
	mustImport(t, m, "keys/mac/import_version", object{"ciphertext": wrapped(64)})
	wantSize(64)
	m.MustWrite("keys/mac/rotate", nil)
	wantSize(64)
}

func TestImportOfAPublicKeyToDeriveFromIsRefused(t *testing.T) {
	m := newMount(t)
	public, _, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	text := string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	wantRefused(t, "derived", m.Write("keys/ed/import", object{"type": "ed25519", "derived": true, "public_key": text}),
		"error importing key: unable to import only public key for derived Ed25519 key: imported key should not be an Ed25519 key pair but is instead an HKDF key")
	mustImport(t, m, "keys/ed/import", object{"type": "ed25519", "public_key": text})
}

func TestImport(t *testing.T) {
	m := newMount(t)
	public := withWrapping(t, m)
	raw := bytes.Repeat([]byte{3}, 32)
	for name, data := range map[string]object{
		"default": {"ciphertext": wrap(t, public, "SHA256", raw)},
		"sha1":    {"ciphertext": wrap(t, public, "SHA1", raw), "hash_function": "sha1", "type": "AES256-GCM96"},
		"derived": {"ciphertext": wrap(t, public, "SHA512", raw), "hash_function": "SHA512", "derived": true},
	} {
		mustImport(t, m, "keys/"+name+"/import", data)
		got := m.MustRead("keys/" + name).Data
		if got["imported_key"] != true || got["imported_key_allow_rotation"] != false || got["type"] != symmetric || got["latest_version"] != 1.0 {
			t.Errorf("%s: %v", name, got)
		}
		wantRefused(t, name, m.Write("keys/"+name+"/rotate", nil), "imported key "+name+" does not allow rotation within Vault")
		m.MustWrite("keys/"+name+"/config", object{"exportable": true})
		if key := exported(t, m, "encryption-key/"+name)["1"]; key != base64.StdEncoding.EncodeToString(raw) {
			t.Errorf("%s: another key", name)
		}
		policy := policyOf(t, m, name)
		if !policy.Imported || !bytes.Equal(policy.Keys["1"].Key, raw) || len(policy.Keys["1"].HMACKey) != 32 {
			t.Errorf("%s: not as the built-in engine keeps it", name)
		}
	}
	seed := bytes.Repeat([]byte{5}, 32)
	mustImport(t, m, "keys/hybrid/import", object{"ciphertext": wrap(t, public, "SHA256", seed), "type": hybrid, "allow_rotation": true, "auto_rotate_period": "2h"})
	wantPlaintext(t, m, "hybrid", encrypt(t, m, "hybrid", "x"), "x")
	got := m.MustWrite("keys/hybrid/rotate", nil).Data
	if got["imported_key"] != false || got["auto_rotate_period"] != 7200.0 {
		t.Errorf("%v", got)
	}
}

// A public key first, then its private half, then a further version.
func TestImportOfAnRSAKey(t *testing.T) {
	private, publicPEM := rsaKeyOf(t)
	m := newMount(t)
	public := withWrapping(t, m)
	mustImport(t, m, "keys/r/import", object{"public_key": publicPEM, "type": rsa, "exportable": true})
	ciphertext := encrypt(t, m, "r", "x")
	wantRefused(t, "decrypt", m.Write("decrypt/r", object{"ciphertext": ciphertext}), "private key not imported for key version selected")
	if got := exported(t, m, "encryption-key/r")["1"]; got != "" {
		t.Errorf("exported %v", got)
	}
	wantRefused(t, "public again", m.Write("keys/r/import_version", object{"public_key": publicPEM, "version": 1}), "cannot add a public key to a key version that already has a public key set")
	mustImport(t, m, "keys/r/import_version", object{"ciphertext": wrap(t, public, "SHA256", private)})
	if got := m.MustRead("keys/r").Data["latest_version"]; got != 1.0 {
		t.Errorf("version %v", got)
	}
	wantPlaintext(t, m, "r", ciphertext, "x")
	wantRefused(t, "private again", m.Write("keys/r/import_version", object{"ciphertext": wrap(t, public, "SHA256", private), "version": 1}), "private key imported, key version cannot be updated")
	mustImport(t, m, "keys/r/import_version", object{"public_key": publicPEM})
	wantRefused(t, "no such", m.Write("keys/r/import_version", object{"ciphertext": wrap(t, public, "SHA256", private), "version": 3}), "no such key version")
	mustImport(t, m, "keys/r/import_version", object{"ciphertext": wrap(t, public, "SHA256", private), "version": 2})
	// What the archive brings back has its private half too.
	m.MustWrite("keys/r/config", object{"min_decryption_version": 2})
	m.MustWrite("keys/r/config", object{"min_decryption_version": 1})
	m.Restart()
	wantPlaintext(t, m, "r", ciphertext, "x")
	if got := policyOf(t, m, "r"); !got.Imported || got.LatestVersion != 2 || got.Keys["1"].RSAKey == nil || got.Keys["2"].RSAKey == nil {
		t.Error("not as the built-in engine keeps it")
	}
}

// otherForms are private keys as OpenSSL writes them where it is not told otherwise.
func otherForms(t testing.TB) (pkcs1, sec1 []byte) {
	t.Helper()
	private, err := cryptorsa.GenerateKey(cryptoRand, 2048)
	if err != nil {
		t.Fatal(err)
	}
	curve, err := ecdsa.GenerateKey(elliptic.P256(), cryptoRand)
	if err != nil {
		t.Fatal(err)
	}
	if sec1, err = x509.MarshalECPrivateKey(curve); err != nil {
		t.Fatal(err)
	}
	return x509.MarshalPKCS1PrivateKey(private), sec1
}

func TestImportRefuses(t *testing.T) {
	private, publicPEM := rsaKeyOf(t)
	pkcs1, sec1 := otherForms(t)
	m := newMount(t)
	public := withWrapping(t, m)
	m.MustWrite("keys/made", object{})
	sound := wrap(t, public, "SHA256", make([]byte, 32))
	mustImport(t, m, "keys/taken/import", object{"ciphertext": sound})
	tests := []struct {
		name, path string
		data       object
		want       string
	}{
		{"nothing", "a/import", object{}, "provided type does not support public_key import"},
		{"nothing for RSA", "a/import", object{"type": rsa}, "error importing key: error parsing public key: invalid public key: neither PEM"},
		{"both", "a/import", object{"ciphertext": sound, "public_key": publicPEM}, "only one of the following fields, ciphertext and public_key, can be set"},
		{"convergent", "a/import", object{"ciphertext": sound, "convergent_encryption": false}, "import cannot be used on keys with convergent encryption enabled"},
		{"period alone", "a/import", object{"ciphertext": sound, "auto_rotate_period": "2h"}, "allow_rotation must be set to true if auto-rotation is enabled"},
		{"short period", "a/import", object{"ciphertext": sound, "auto_rotate_period": "2m", "allow_rotation": true}, "auto rotate period must be 0 to disable or at least an hour"},
		{"unknown type", "a/import", object{"ciphertext": sound, "type": "Rot13"}, "unknown key type: Rot13"},
		{"derived RSA", "a/import", object{"ciphertext": sound, "type": rsa, "derived": true}, "key derivation and convergent encryption not supported for keys of type rsa-4096"},
		{"unknown hash", "a/import", object{"ciphertext": sound, "hash_function": "MD5"}, "unknown hash function: MD5"},
		{"another hash", "a/import", object{"ciphertext": sound, "hash_function": "SHA1"}, "provided ciphertext does not unwrap"},
		{"not base64", "a/import", object{"ciphertext": "!"}, "failed to base64-decode ciphertext"},
		{"empty", "a/import", object{"ciphertext": ""}, "provided ciphertext is too short"},
		{"short", "a/import", object{"ciphertext": base64.StdEncoding.EncodeToString(make([]byte, 512))}, "provided ciphertext is too short"},
		{"noise", "a/import", object{"ciphertext": base64.StdEncoding.EncodeToString(make([]byte, 552))}, "provided ciphertext does not unwrap"},
		{"another size", "a/import", object{"ciphertext": wrap(t, public, "SHA256", make([]byte, 16))}, "error importing key: invalid key size 16 bytes"},
		{"RSA as AES", "a/import", object{"ciphertext": wrap(t, public, "SHA256", private)}, "error importing key: invalid key size"},
		{"AES as RSA", "a/import", object{"ciphertext": sound, "type": rsa}, "error importing key: error parsing asymmetric key"},
		{"PKCS #1", "a/import", object{"ciphertext": wrap(t, public, "SHA256", pkcs1), "type": rsa}, "error importing key: error parsing asymmetric key: not PKCS #8 of a supported key; it is PKCS #1, which openssl"},
		{"SEC 1", "a/import", object{"ciphertext": wrap(t, public, "SHA256", sec1), "type": rsa}, "error importing key: error parsing asymmetric key: not PKCS #8 of a supported key; it is SEC 1, which openssl"},
		{"AES-256 as a seed of 64", "a/import", object{"ciphertext": wrap(t, public, "SHA256", make([]byte, 64)), "type": hybrid}, "error importing key: not a key of type x25519-mlkem768: invalid private key of 64 bytes"},
		{"PEM and more", "a/import", object{"public_key": publicPEM + "x", "type": rsa}, "error importing key: error parsing public key: not in PEM format"},
		{"PEM as hybrid", "a/import", object{"public_key": publicPEM, "type": hybrid}, "error importing key: error parsing public key: the key is of another type"},
		{"existing", "made/import", object{"ciphertext": sound}, "the import path cannot be used with an existing key; use import-version to rotate an existing imported key"},
		{"version of nothing", "a/import_version", object{"ciphertext": sound}, "no key found with name a; to import a new key, use the import/ endpoint"},
		{"version of a made key", "made/import_version", object{"ciphertext": sound}, "the import_version endpoint can only be used with an imported key"},
		{"version: public of AES", "taken/import_version", object{"public_key": publicPEM}, "provided type does not support public_key import"},
		{"version: AES complete", "taken/import_version", object{"ciphertext": sound, "version": 1}, "provided type does not support importing key versions"},
	}
	before := len(m.Storage.Snapshot())
	for _, test := range tests {
		wantRefused(t, test.name, m.Write("keys/"+test.path, test.data), test.want)
	}
	if got := len(m.Storage.Snapshot()); got != before {
		t.Errorf("%d entries, were %d", got, before)
	}
}

// From one mount to another, through the other's wrapping key, and by keysutil's own wrap.
func TestBYOKExport(t *testing.T) {
	other := newMount(t)
	withWrapping(t, other)
	wrapping := other.MustRead("wrapping_key").Data["public_key"]
	m := withRSA(t)
	mustImport(t, m, "keys/other/import", object{"public_key": wrapping, "type": rsa})
	m.MustWrite("keys/"+symmetric, object{})
	m.MustWrite("keys/"+symmetric+"/rotate", nil)
	m.MustWrite("keys/"+hybrid, object{"type": hybrid})
	for _, name := range []string{symmetric, rsa, hybrid} {
		wantRefused(t, name, m.Read("byok-export/other/"+name), "key is not exportable")
		m.MustWrite("keys/"+name+"/config", object{"exportable": true})
		ciphertext := encrypt(t, m, name, "x")
		got := m.MustRead("byok-export/other/" + name + "/latest").Data
		keys, _ := got["keys"].(object)
		if len(keys) != 1 || got["type"] != name || got["name"] != name {
			t.Fatalf("%s: %v", name, got)
		}
		for number, wrapped := range keys {
			mustImport(t, other, "keys/"+name+"/import", object{"ciphertext": wrapped, "type": name})
			wantPlaintext(t, other, name, "vault:v1:"+ciphertext[len("vault:v"+number+":"):], "x")
		}
	}
	if keys, _ := m.MustRead("byok-export/other/" + symmetric).Data["keys"].(object); len(keys) != 2 {
		t.Errorf("%d versions", len(keys))
	}
	got := m.Do(t.Context(), logical.ReadOperation, "byok-export/other/"+symmetric+"/1", object{"hash": "SHA384"})
	keys, _ := got.Data["keys"].(object)
	mustImport(t, other, "keys/sha384/import", object{"ciphertext": keys["1"], "hash_function": "SHA384"})

	wantRefused(t, "destination", m.Read("byok-export/none/"+symmetric), "no such destination key to export to")
	wantRefused(t, "source", m.Read("byok-export/other/none"), "no such source key for export")
	wantRefused(t, "not RSA", m.Read("byok-export/"+symmetric+"/"+symmetric), "unsupported key type in use; must be a rsa key")
	wantRefused(t, "public alone", m.Read("byok-export/other/other"), "key is not exportable")
	wantRefused(t, "version", m.Read("byok-export/other/"+symmetric+"/7"), "version does not exist or cannot be found")
	m.MustWrite("keys/other/config", object{"exportable": true})
	wantRefused(t, "public alone", m.Read("byok-export/other/other"), "private key not imported for key version selected")
	wantRefused(t, "hash", m.Do(t.Context(), logical.ReadOperation, "byok-export/other/"+symmetric, object{"hash": "MD5"}), "unknown hash function: MD5")
}

func TestKeysutilWrapsForUs(t *testing.T) {
	m := newMount(t)
	withWrapping(t, m)
	function, err := byok.ParseHash("SHA256")
	if err != nil {
		t.Fatal(err)
	}
	wrapped, err := policyOf(t, m, "import/wrapping-key").WrapKey(0, bytes.Repeat([]byte{9}, 32), keysutil.KeyType_AES256_GCM96, function())
	if err != nil {
		t.Fatal(err)
	}
	mustImport(t, m, "keys/a/import", object{"ciphertext": wrapped, "exportable": true})
	if got := exported(t, m, "encryption-key/a")["1"]; got != base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{9}, 32)) {
		t.Error("another key")
	}
}
