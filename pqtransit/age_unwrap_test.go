package pqtransit_test

import (
	"encoding/base64"
	"testing"

	"filippo.io/age"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend/backendtest"
)

// ageRecipient is that of the key's latest version.
func ageRecipient(t *testing.T, m *backendtest.Mount, name, version string) string {
	t.Helper()
	_, versions := withoutKeys(t, m.Do(t.Context(), logical.ReadOperation, "keys/"+name, object{"format": "age"}))
	shown, _ := versions[version].(object)
	text, _ := shown["public_key"].(string)
	return text
}

// stanzaFor is what age's own library writes into a file's header.
func stanzaFor(t testing.TB, recipient string) object {
	t.Helper()
	parsed, err := age.ParseHybridRecipient(recipient)
	if err != nil {
		t.Fatal(err)
	}
	stanzas, err := parsed.Wrap([]byte("sixteen byte key"))
	if err != nil {
		t.Fatal(err)
	}
	enc, err := base64.RawStdEncoding.DecodeString(stanzas[0].Args[0])
	if err != nil {
		t.Fatal(err)
	}
	return object{"enc": base64.StdEncoding.EncodeToString(enc), "body": base64.StdEncoding.EncodeToString(stanzas[0].Body)}
}

func TestAgeUnwrapOfEveryVersion(t *testing.T) {
	m := newMount(t)
	m.MustWrite("keys/k", object{"type": hybrid})
	old := stanzaFor(t, ageRecipient(t, m, "k", "1"))
	m.MustWrite("keys/k/rotate", nil)
	latest := stanzaFor(t, ageRecipient(t, m, "k", "2"))
	m.Restart()
	for version, stanza := range map[float64]object{1: old, 2: latest} {
		got := m.MustWrite("age-unwrap/k", stanza).Data
		if got["file_key"] != b64("sixteen byte key") || got["key_version"] != version {
			t.Errorf("version %v: %v", version, got)
		}
	}
	wantRefused(t, "another version", m.Write("age-unwrap/k", with(old, object{"key_version": 2})), "cipher: message authentication failed")
	batch := results(t, m.MustWrite("age-unwrap/k", object{"batch_input": []any{
		with(old, object{"reference": "a"}), latest, object{"enc": "AAAA", "body": "AAAA"}, object{"enc": "!"},
	}}), 4)
	if batch[0]["key_version"] != 1.0 || batch[0]["reference"] != "a" || batch[1]["key_version"] != 2.0 || batch[2]["error"] == nil || batch[3]["error"] == nil {
		t.Errorf("%v", batch)
	}
	m.MustWrite("keys/k/config", object{"min_decryption_version": 2})
	wantRefused(t, "too old", m.Write("age-unwrap/k", old), "cipher: message authentication failed")
	wantRefused(t, "too old by number", m.Write("age-unwrap/k", with(old, object{"key_version": 1})), "ciphertext or signature version is disallowed by policy (too old)")
	wantRefused(t, "too new", m.Write("age-unwrap/k", with(old, object{"key_version": 3})), "invalid stanza: version is too new")
	m.MustWrite("age-unwrap/k", latest)
}

func TestAgeUnwrapRefuses(t *testing.T) {
	m := newMount(t)
	m.MustWrite("keys/k", object{"type": hybrid})
	stanza := stanzaFor(t, ageRecipient(t, m, "k", "1"))
	m.MustWrite("keys/kem", object{"type": hybrid, "purpose": "key-encapsulation"})
	m.MustWrite("keys/aes", object{})
	m.MustWrite("keys/p", object{"type": "p256-mlkem768"})
	const none = " opens no age files: that needs a key of type x25519-mlkem768 for encryption"
	for _, name := range []string{"kem", "aes", "p"} {
		wantRefused(t, name, m.Write("age-unwrap/"+name, stanza), "key "+name+none)
	}
	wantRefused(t, "nothing", m.Write("age-unwrap/k", nil), "invalid age stanza: its argument has 0 bytes, want 1120")
	if got := m.Write("age-unwrap/none", stanza); got.Status != 400 {
		t.Errorf("no key: %d %s", got.Status, got.Message)
	}
	// What encrypt makes is no stanza, and decrypt does not open one.
	wantRefused(t, "decrypt", m.Write("decrypt/k", object{
		"ciphertext": "vault:v1:" + joined(t, stanza), "context": b64("age-encryption.org/mlkem768x25519"),
	}), "cipher: message authentication failed")
}

func joined(t testing.TB, stanza object) string {
	t.Helper()
	var raw []byte
	for _, part := range []string{"enc", "body"} {
		text, _ := stanza[part].(string)
		decoded, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		raw = append(raw, decoded...)
	}
	return base64.StdEncoding.EncodeToString(raw)
}

// A key that came from a symmetric type opens files with its hybrid versions alone.
func TestAgeUnwrapOfAMixedKey(t *testing.T) {
	m := newMount(t)
	m.MustWrite("keys/k", object{})
	m.MustWrite("keys/k/rotate", object{"type": hybrid, "allow_unauthenticated_encryption": true})
	stanza := stanzaFor(t, ageRecipient(t, m, "k", "2"))
	if got := m.MustWrite("age-unwrap/k", stanza).Data; got["key_version"] != 2.0 {
		t.Errorf("%v", got)
	}
	wantRefused(t, "version 1", m.Write("age-unwrap/k", with(stanza, object{"key_version": 1})), "key k opens no age files")
}
