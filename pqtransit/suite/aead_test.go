package suite_test

import (
	"bytes"
	"testing"

	"github.com/palisade-vault/palisade/pqtransit/suite"
)

var (
	user1 = []byte("user-1")
	user2 = []byte("user-2")
)

func TestDerive(t *testing.T) {
	sealing := func(s *suite.Suite) bool { return derives(s) && resists(s) }
	forEach(t, sealing, func(t *testing.T, s *suite.Suite) {
		key := goldenKey(t, s)
		one, again, two := derive(t, key, suite.HKDFSHA256, user1), derive(t, key, suite.HKDFSHA256, user1), derive(t, key, suite.HKDFSHA256, user2)
		legacy := derive(t, key, suite.HMACSHA256Counter, user1)

		sealed := seal(t, one, suite.Params{}, []byte("x"))
		mustOpen(t, again, suite.Params{}, sealed, []byte("x"))
		mustRefuse(t, two, suite.Params{}, sealed)
		mustRefuse(t, legacy, suite.Params{}, sealed)
		mustRefuse(t, key, suite.Params{}, sealed)

		if !one.Private().IsZero() || one.Material() != nil {
			t.Error("a derived key has a form to store")
		}
		if _, err := one.(suite.Deriver).Derive(suite.HKDFSHA256, user1); err == nil {
			t.Error("a derived key derived another")
		}
	})
}

func TestDeriveRefuses(t *testing.T) {
	forEach(t, derives, func(t *testing.T, s *suite.Suite) {
		key := goldenKey(t, s).(suite.Deriver)
		for name, call := range map[string]func() (suite.Key, error){
			"no context":       func() (suite.Key, error) { return key.Derive(suite.HKDFSHA256, nil) },
			"empty context":    func() (suite.Key, error) { return key.Derive(suite.HMACSHA256Counter, []byte{}) },
			"unknown function": func() (suite.Key, error) { return key.Derive(2, user1) },
		} {
			if derived, err := call(); err == nil || derived != nil {
				t.Errorf("%s: derived a key", name)
			}
		}
	})
}

func TestConvergentEncryption(t *testing.T) {
	convergent := func(s *suite.Suite) bool { return s.Convergent && resists(s) }
	forEach(t, convergent, func(t *testing.T, s *suite.Suite) {
		key := goldenKey(t, s)
		one, two := derive(t, key, suite.HKDFSHA256, user1), derive(t, key, suite.HKDFSHA256, user2)
		for _, params := range []suite.Params{
			{Convergent: 1, Nonce: []byte("nonce-of-12b")},
			{Convergent: 2},
			{Convergent: 3},
			{Convergent: 3, AssociatedData: []byte("row 17")},
		} {
			sealed := seal(t, one, params, []byte("secret"))
			if !bytes.Equal(sealed, seal(t, one, params, []byte("secret"))) {
				t.Errorf("version %d is not convergent", params.Convergent)
			}
			if bytes.Equal(sealed, seal(t, two, params, []byte("secret"))) {
				t.Errorf("version %d converges over contexts", params.Convergent)
			}
			mustOpen(t, one, params, sealed, []byte("secret"))
			mustRefuse(t, two, params, sealed)
			for length := range sealed {
				mustRefuse(t, one, params, sealed[:length])
			}
		}
	})
}

func TestConvergentNoncesDiffer(t *testing.T) {
	forEach(t, func(s *suite.Suite) bool { return s.Convergent }, func(t *testing.T, s *suite.Suite) {
		key := derive(t, goldenKey(t, s), suite.HKDFSHA256, user1)
		a := seal(t, key, suite.Params{Convergent: 3}, []byte("a"))
		b := seal(t, key, suite.Params{Convergent: 3}, []byte("b"))
		if bytes.Equal(a[:12], b[:12]) {
			t.Error("two plaintexts share a nonce")
		}
	})
}

func TestSymmetricRefusals(t *testing.T) {
	s, _ := suite.Lookup("aes256-gcm96")
	plain := goldenKey(t, s)
	derived := derive(t, plain, suite.HKDFSHA256, user1)
	legacy := derive(t, plain, suite.HMACSHA256Counter, user1)
	tests := []struct {
		name   string
		key    suite.Key
		params suite.Params
		want   string
	}{
		{"convergent without derivation", plain, suite.Params{Convergent: 3}, "convergent encryption requires a derived key"},
		{"unknown version", derived, suite.Params{Convergent: 4}, "unhandled convergent version 4"},
		{"negative version", derived, suite.Params{Convergent: -1}, "unhandled convergent version -1"},
		{"version 3 with the legacy function", legacy, suite.Params{Convergent: 3}, "could not derive key, length too small"},
		{"nonce with a random one", plain, suite.Params{Nonce: make([]byte, 12)}, "nonce provided when not allowed"},
		{"nonce with version 3", derived, suite.Params{Convergent: 3, Nonce: make([]byte, 12)}, "nonce provided when not allowed"},
		{"version 1 without nonce", derived, suite.Params{Convergent: 1}, "base64-decoded nonce must be 12 bytes long when using convergent encryption with this key"},
		{"version 1 with a long nonce", derived, suite.Params{Convergent: 1, Nonce: make([]byte, 13)}, "base64-decoded nonce must be 12 bytes long when using convergent encryption with this key"},
		{"padding scheme", plain, suite.Params{PaddingScheme: "oaep"}, "padding_scheme is not supported for this key type"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			sealed, err := test.key.(suite.Encrypter).Seal(test.params, []byte("x"))
			if err == nil || err.Error() != test.want || sealed != nil {
				t.Errorf("Seal = %x, %v; want %q", sealed, err, test.want)
			}
			mustRefuse(t, test.key, test.params, make([]byte, 60))
		})
	}
}

// TestOpenErrors freezes the texts that clients of transit match.
func TestOpenErrors(t *testing.T) {
	tests := []struct {
		suite string
		size  int
		want  string
	}{
		{"aes256-gcm96", 11, "invalid ciphertext length"},
		{"aes256-gcm96", 12, "cipher: message authentication failed"},
		{"aes256-gcm96", 40, "cipher: message authentication failed"},
		{"x25519-mlkem768", 1119, "invalid ciphertext length"},
		{"x25519-mlkem768", 1120, "cipher: message authentication failed"},
		{"x25519-mlkem768", 1200, "cipher: message authentication failed"},
		{"rsa-4096", 512, "failed to RSA decrypt the ciphertext: crypto/rsa: decryption error"},
	}
	for _, test := range tests {
		s, _ := suite.Lookup(test.suite)
		_, err := goldenKey(t, s).(suite.Encrypter).Open(suite.Params{}, make([]byte, test.size))
		if err == nil || err.Error() != test.want {
			t.Errorf("%s, %d bytes: %v, want %q", test.suite, test.size, err, test.want)
		}
	}
}
