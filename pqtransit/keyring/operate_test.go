package keyring_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/palisade-vault/palisade/pqtransit/keyring"
	"github.com/palisade-vault/palisade/pqtransit/suite"
)

func TestEncryptRefuses(t *testing.T) {
	m := newMount(t)
	m.create("plain", keyring.Spec{Type: symmetric})
	m.create("derived", keyring.Spec{Type: symmetric, Derived: true})
	m.create("convergent", keyring.Spec{Type: symmetric, Derived: true, Convergent: true})
	m.create("hybrid", keyring.Spec{Type: hybrid})
	entries, _ := sharedRSA()
	shared := over(t, entries)
	for range 2 {
		m.rotate("plain", keyring.Rotation{})
	}
	m.configure("plain", keyring.Configuration{MinDecryption: new(2), MinEncryption: new(3)})
	tests := []struct {
		name, key string
		params    keyring.Parameters
		want      string
	}{
		{"negative version", "plain", keyring.Parameters{Version: -1}, "requested version for encryption is negative"},
		{"version beyond the latest", "plain", keyring.Parameters{Version: 4}, "requested version for encryption is higher than the latest key version"},
		{"version below the minimum", "plain", keyring.Parameters{Version: 2}, "requested version for encryption is less than the minimum encryption key version"},
		{"nonce", "plain", keyring.Parameters{Nonce: make([]byte, 12)}, "provided nonce not allowed for this key"},
		{"nonce, derived", "derived", keyring.Parameters{Nonce: make([]byte, 12), Context: []byte("c")}, "provided nonce not allowed for this key"},
		{"nonce, convergent", "convergent", keyring.Parameters{Nonce: make([]byte, 12), Context: []byte("c")}, "provided nonce not allowed for this key"},
		{"nonce, hybrid", "hybrid", keyring.Parameters{Nonce: make([]byte, 12)}, "provided nonce not allowed for this key"},
		{"padding of RSA", "plain", keyring.Parameters{PaddingScheme: "oaep"}, "invalid: unsupported key type aes256-gcm96 for padding scheme"},
		{"unknown padding", "plain", keyring.Parameters{PaddingScheme: "zero"}, "invalid: unknown padding scheme: zero"},
		{"unknown padding, RSA", "k", keyring.Parameters{PaddingScheme: "OAEP"}, "invalid: unknown padding scheme: OAEP"},
		{"associated data, RSA", "k", keyring.Parameters{AssociatedData: []byte("a")}, "provided for non-AEAD cipher suite rsa-4096"},
		{"no context", "derived", keyring.Parameters{}, "missing 'context' for key derivation"},
		{"no context, convergent", "convergent", keyring.Parameters{}, "missing 'context' for key derivation"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m := m
			if test.key == "k" {
				m = shared
			}
			ciphertext, version, err := m.get(test.key).Encrypt(test.params, []byte("x"))
			wantRefusal(t, err, test.want)
			if ciphertext != "" || version != 0 {
				t.Error("a ciphertext along with an error")
			}
		})
	}
	_, _, err := shared.get("k").Encrypt(keyring.Parameters{}, make([]byte, 447))
	wantRefusal(t, err, "failed to RSA encrypt the plaintext")
}

func TestDecryptRefuses(t *testing.T) {
	for _, algorithm := range encryptingNames(func(s *suite.Suite) bool { return s.AssociatedData }) {
		m := newMount(t)
		m.create("k", keyring.Spec{Type: algorithm})
		sound := m.encrypt("k", keyring.Parameters{}, "x")
		tests := []struct{ name, ciphertext, want string }{
			{"empty", "", "invalid ciphertext: no prefix"},
			{"no prefix", "x", "invalid ciphertext: no prefix"},
			{"no fields", "vault:v1", "invalid ciphertext: wrong number of fields"},
			{"no version", "vault:v:AAAA", "invalid ciphertext: version number could not be decoded"},
			{"version beyond the latest", "vault:v2:AAAA", "invalid ciphertext: version is too new"},
			{"huge version", "vault:v99999999999999999999:AAAA", "invalid ciphertext: version number could not be decoded"},
			{"not base64", "vault:v1:*", "invalid ciphertext: could not decode base64"},
			{"nothing", "vault:v1:", "invalid ciphertext length"},
			{"flipped", flip(sound), ": message authentication failed"},
		}
		for _, test := range tests {
			t.Run(algorithm+"/"+test.name, func(t *testing.T) {
				_, err := m.get("k").Decrypt(keyring.Parameters{}, test.ciphertext)
				wantRefusal(t, err, test.want)
				_, _, err = m.get("k").Rewrap(keyring.Rewrapping{}, test.ciphertext)
				wantRefusal(t, err, test.want)
			})
		}
		_, err := m.get("k").Decrypt(keyring.Parameters{PaddingScheme: "oaep"}, "x")
		wantRefusal(t, err, "unsupported key type "+algorithm+" for padding scheme")
		_, err = m.get("k").Decrypt(keyring.Parameters{AssociatedData: []byte("a")}, sound)
		wantRefusal(t, err, "message authentication failed")
	}
}

// flip changes one character of the body that carries six whole bits.
func flip(ciphertext string) string {
	at := strings.LastIndexByte(ciphertext, ':') + 20
	replacement := byte('A')
	if ciphertext[at] == replacement {
		replacement = 'B'
	}
	return ciphertext[:at] + string(replacement) + ciphertext[at+1:]
}

func TestVersionZeroIsTheFirst(t *testing.T) {
	m := newMount(t)
	m.create("k", keyring.Spec{Type: symmetric})
	ciphertext := strings.Replace(m.encrypt("k", keyring.Parameters{}, "x"), "v1", "v0", 1)
	m.mustDecrypt("k", keyring.Parameters{}, ciphertext, "x")
}

func TestKeyVersionEncryptsWithThatVersion(t *testing.T) {
	m := newMount(t)
	m.create("k", keyring.Spec{Type: symmetric})
	m.rotate("k", keyring.Rotation{Type: hybrid, AllowUnauthenticatedEncryption: true})
	for version, prefix := range map[int]string{0: "vault:v2:", 1: "vault:v1:", 2: "vault:v2:"} {
		ciphertext, used, err := m.get("k").Encrypt(keyring.Parameters{Version: version}, []byte("x"))
		if err != nil || !strings.HasPrefix(ciphertext, prefix) || (version != 0 && used != version) {
			t.Errorf("version %d: %.12s, %d, %v", version, ciphertext, used, err)
		}
	}
	// A version that may not decrypt does not encrypt either, though nothing says so.
	m.configure("k", keyring.Configuration{MinDecryption: new(2)})
	_, _, err := m.get("k").Encrypt(keyring.Parameters{Version: 1}, nil)
	wantRefusal(t, err, "no such key version")
}

func TestContextAndAssociatedData(t *testing.T) {
	tests := []struct {
		name string
		spec keyring.Spec
	}{
		{"derived", keyring.Spec{Type: symmetric, Derived: true}},
		{"convergent", keyring.Spec{Type: symmetric, Derived: true, Convergent: true}},
		{"hybrid", keyring.Spec{Type: hybrid}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m := newMount(t)
			m.create("k", test.spec)
			right := keyring.Parameters{Context: []byte("c"), AssociatedData: []byte("a")}
			ciphertext := m.encrypt("k", right, "x")
			m.mustDecrypt("k", right, ciphertext, "x")
			for _, wrong := range []keyring.Parameters{
				{Context: []byte("d"), AssociatedData: []byte("a")},
				{Context: []byte("c"), AssociatedData: []byte("b")},
				{Context: []byte("c")},
				{Context: []byte("ca")},
			} {
				_, err := m.get("k").Decrypt(wrong, ciphertext)
				wantRefusal(t, err, "cipher: message authentication failed")
			}
			same := m.encrypt("k", right, "x") == ciphertext
			if same != test.spec.Convergent {
				t.Errorf("equal ciphertexts: %v", same)
			}
		})
	}
}

func TestRewrapMovesToTheLatestVersion(t *testing.T) {
	entries, ciphertext := sharedRSA()
	m := over(t, entries)
	m.rotate("k", keyring.Rotation{Type: hybrid})
	moved, version, err := m.get("k").Rewrap(keyring.Rewrapping{}, ciphertext)
	if err != nil || version != 2 || !strings.HasPrefix(moved, "vault:v2:") {
		t.Fatalf("%.12s, %d, %v", moved, version, err)
	}
	m.mustDecrypt("k", keyring.Parameters{}, moved, "old")
	if again, _, err := m.get("k").Rewrap(keyring.Rewrapping{}, moved); err != nil || again == moved {
		t.Errorf("rewrapped to the same, %v", err)
	}

	// What RSA could not bind, the hybrid version does.
	bound := keyring.Parameters{AssociatedData: []byte("invoice 7"), Context: []byte("billing")}
	moved, _, err = m.get("k").Rewrap(keyring.Rewrapping{Parameters: bound}, ciphertext)
	if err != nil {
		t.Fatal(err)
	}
	m.mustDecrypt("k", bound, moved, "old")
	_, err = m.get("k").Decrypt(keyring.Parameters{}, moved)
	wantRefusal(t, err, "message authentication failed")
	_, _, err = m.get("k").Rewrap(keyring.Rewrapping{Parameters: keyring.Parameters{Context: []byte("billing")}}, moved)
	wantRefusal(t, err, "message authentication failed")

	back := keyring.Rewrapping{Parameters: keyring.Parameters{Version: 1, PaddingScheme: "pkcs1v15"}}
	plain, _, err := m.get("k").Rewrap(back, m.encrypt("k", keyring.Parameters{}, "old"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = m.get("k").Decrypt(keyring.Parameters{}, plain)
	wantRefusal(t, err, "failed to RSA decrypt")
	m.mustDecrypt("k", keyring.Parameters{PaddingScheme: "pkcs1v15"}, plain, "old")
	moved, _, err = m.get("k").Rewrap(keyring.Rewrapping{DecryptPaddingScheme: "pkcs1v15"}, plain)
	if err != nil {
		t.Fatal(err)
	}
	m.mustDecrypt("k", keyring.Parameters{}, moved, "old")
	_, _, err = m.get("k").Rewrap(keyring.Rewrapping{DecryptPaddingScheme: "pkcs1v15"}, moved)
	wantRefusal(t, err, "unsupported key type x25519-mlkem768")
}

func TestPlaintextSizes(t *testing.T) {
	m := newMount(t)
	for _, algorithm := range encryptingNames(quickToMake) {
		m.create(algorithm, keyring.Spec{Type: algorithm})
		for _, size := range []int{0, 1, 16, 1 << 20} {
			plaintext := string(bytes.Repeat([]byte{'x'}, size))
			m.mustDecrypt(algorithm, keyring.Parameters{}, m.encrypt(algorithm, keyring.Parameters{}, plaintext), plaintext)
		}
	}
}

// Keys of Vault 0.6.1 take their nonces from the caller.
func TestFirstConvergentScheme(t *testing.T) {
	m := newMount(t)
	policy := theirsCreate(t, m.storage, keyring.Spec{Type: symmetric, Derived: true, Convergent: true})
	entry := policy.Keys["1"]
	entry.ConvergentVersion = 0
	policy.Keys["1"], policy.ConvergentVersion = entry, 1
	if err := policy.Persist(t.Context(), m.storage); err != nil {
		t.Fatal(err)
	}
	with := keyring.Parameters{Context: []byte("c"), Nonce: bytes.Repeat([]byte{1}, 12)}
	ciphertext := m.encrypt("k", with, "x")
	theirs, err := policy.Encrypt(0, with.Context, with.Nonce, "eA==")
	if err != nil || theirs != ciphertext {
		t.Errorf("theirs %q, %v, ours %q", theirs, err, ciphertext)
	}
	m.mustDecrypt("k", with, ciphertext, "x")
	_, err = m.get("k").Decrypt(keyring.Parameters{Context: []byte("c")}, ciphertext)
	wantRefusal(t, err, "invalid convergent nonce supplied")
	_, _, err = m.get("k").Encrypt(keyring.Parameters{Context: []byte("c")}, nil)
	wantRefusal(t, err, "nonce must be 12 bytes long")
}
