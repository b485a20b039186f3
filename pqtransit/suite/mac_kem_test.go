package suite_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/palisade-vault/palisade/pqtransit/suite"
)

func TestMACs(t *testing.T) {
	forEach(t, macs, func(t *testing.T, s *suite.Suite) {
		key, other := goldenKey(t, s).(suite.MACer), otherKey(t, s).(suite.MACer)
		one, err := key.MAC(suite.MACParams{}, []byte("message"))
		if err != nil {
			t.Fatal(err)
		}
		again, _ := key.MAC(suite.MACParams{}, []byte("message"))
		changed, _ := key.MAC(suite.MACParams{}, []byte("messagf"))
		foreign, _ := other.MAC(suite.MACParams{}, []byte("message"))
		if !suite.EqualMAC(one, again) || suite.EqualMAC(one, changed) || suite.EqualMAC(one, foreign) {
			t.Error("a MAC is a function of key and message")
		}
		if suite.EqualMAC(one, one[:8]) || suite.EqualMAC(nil, nil) {
			t.Error("a part, or nothing, passes for a MAC")
		}
		_, err = key.MAC(suite.MACParams{HashAlgorithm: "sha2-512"}, nil)
		if (err == nil) != s.MACHash {
			t.Errorf("takes a hash algorithm: %v, declared %v", err, s.MACHash)
		}
		for _, wrong := range []suite.MACParams{{HashAlgorithm: "md5"}, {HashAlgorithm: "none"}, {Length: 7}, {Length: 17}, {Length: -1}} {
			if mac, err := key.MAC(wrong, nil); err == nil || mac != nil {
				t.Errorf("took %+v", wrong)
			}
		}
	})
}

func TestHMACKeySizes(t *testing.T) {
	s := find(t, "hmac")
	for size, want := range map[int]bool{0: false, 31: false, 32: true, 64: true, 512: true, 513: false, -1: false} {
		key, err := s.GenerateSize(size)
		if (err == nil) != want {
			t.Errorf("generate %d bytes: %v", size, err)
		}
		if err == nil && len(key.Private().Bytes()) != size {
			t.Errorf("made %d bytes, want %d", len(key.Private().Bytes()), size)
		}
		if _, err := s.Parse(make([]byte, max(size, 0))); (err == nil) != want {
			t.Errorf("parse %d bytes: %v", size, err)
		}
	}
}

func TestHMACWithoutKey(t *testing.T) {
	if mac, err := suite.HMAC("", suite.Secret{}, []byte("m")); err == nil || mac != nil {
		t.Error("made a MAC without a key")
	}
}

// TestCBC holds what the family cannot: a changed ciphertext may open, but
// never as what was sealed.
func TestCBC(t *testing.T) {
	open := func(s *suite.Suite) bool { return s.Unauthenticated }
	forEach(t, open, func(t *testing.T, s *suite.Suite) {
		key := goldenKey(t, s)
		sealed := seal(t, key, suite.Params{}, []byte("secret"))
		for bit := range len(sealed) * 8 {
			sealed[bit/8] ^= 1 << (bit % 8)
			if got, err := key.(suite.Encrypter).Open(suite.Params{}, sealed); err == nil && string(got) == "secret" {
				t.Fatalf("bit %d does not matter", bit)
			}
			sealed[bit/8] ^= 1 << (bit % 8)
		}
		for length := range sealed {
			mustRefuse(t, key, suite.Params{}, sealed[:length])
		}
		mustRefuse(t, key, suite.Params{}, append(slices.Clone(sealed), 0))

		derived := derive(t, key, suite.HKDFSHA256, user1)
		same := seal(t, derived, suite.Params{Convergent: 3}, []byte("x"))
		if !bytes.Equal(same, seal(t, derived, suite.Params{Convergent: 3}, []byte("x"))) {
			t.Error("not convergent")
		}
		mustOpen(t, derived, suite.Params{Convergent: 3}, same, []byte("x"))
		for name, test := range map[string]struct {
			key    suite.Key
			params suite.Params
		}{
			"short IV":                      {key, suite.Params{IV: make([]byte, 15)}},
			"long IV":                       {key, suite.Params{IV: make([]byte, 17)}},
			"IV and convergent":             {derived, suite.Params{IV: make([]byte, 16), Convergent: 3}},
			"convergent without derivation": {key, suite.Params{Convergent: 3}},
			"old convergent version":        {derived, suite.Params{Convergent: 2}},
			"nonce":                         {key, suite.Params{Nonce: make([]byte, 16)}},
			"associated data":               {key, suite.Params{AssociatedData: []byte("a")}},
			"padding scheme":                {key, suite.Params{PaddingScheme: "oaep"}},
		} {
			if sealed, err := test.key.(suite.Encrypter).Seal(test.params, []byte("x")); err == nil || sealed != nil {
				t.Errorf("%s: sealed", name)
			}
		}
		mustRefuse(t, key, suite.Params{IV: make([]byte, 16)}, sealed)
	})
}

// TestIVOnlyWhereDeclared also holds for suites that seal otherwise.
func TestIVOnlyWhereDeclared(t *testing.T) {
	forEach(t, encrypts, func(t *testing.T, s *suite.Suite) {
		_, err := goldenKey(t, s).(suite.Encrypter).Seal(suite.Params{IV: make([]byte, 16)}, []byte("x"))
		if (err == nil) != s.CallerIV {
			t.Errorf("takes an IV: %v, declared %v", err, s.CallerIV)
		}
	})
}

func encapsulate(t *testing.T, key suite.Key) (secret suite.Secret, ciphertext, confirmation []byte) {
	t.Helper()
	secret, ciphertext, err := key.(suite.Encapsulator).Encapsulate()
	if err != nil {
		t.Fatal(err)
	}
	confirmation, err = suite.Confirmation(key.Public(), secret, ciphertext)
	if err != nil {
		t.Fatal(err)
	}
	return secret, ciphertext, confirmation
}

func TestEncapsulation(t *testing.T) {
	forEach(t, encapsulates, func(t *testing.T, s *suite.Suite) {
		for name, key := range map[string]suite.Key{"known": goldenKey(t, s), "generated": otherKey(t, s)} {
			public, err := s.ParsePublic(key.Public().Bytes())
			if err != nil {
				t.Fatal(err)
			}
			secret, ciphertext, confirmation := encapsulate(t, public)
			got, err := key.(suite.Encapsulator).Decapsulate(ciphertext)
			if err != nil || !got.Equal(secret) || len(secret.Bytes()) != 32 {
				t.Errorf("%s key: another secret (%v)", name, err)
			}
			if err := suite.Confirm(key.Public(), got, ciphertext, confirmation); err != nil {
				t.Errorf("%s key: %v", name, err)
			}
			if _, err := public.(suite.Encapsulator).Decapsulate(ciphertext); err == nil {
				t.Error("a public key decapsulated")
			}
			again, _, _ := encapsulate(t, public)
			if again.Equal(secret) {
				t.Error("two encapsulations gave the same secret")
			}
		}
	})
}

// TestWrongEncapsulations holds that a wrong ciphertext gives an error or
// another secret, and that confirmation sees it.
func TestWrongEncapsulations(t *testing.T) {
	forEach(t, encapsulates, func(t *testing.T, s *suite.Suite) {
		key := goldenKey(t, s)
		secret, ciphertext, confirmation := encapsulate(t, key)
		refused := func(key suite.Key, ciphertext []byte) {
			t.Helper()
			got, err := key.(suite.Encapsulator).Decapsulate(ciphertext)
			if err == nil && (got.Equal(secret) || suite.Confirm(key.Public(), got, ciphertext, confirmation) == nil) {
				t.Fatal("a wrong ciphertext was confirmed")
			}
		}
		refused(otherKey(t, s), ciphertext)
		for i := 0; i < len(ciphertext); i += stride(s) {
			ciphertext[i] ^= 1 << (i % 8)
			refused(key, ciphertext)
			ciphertext[i] ^= 1 << (i % 8)
		}
		for length := range ciphertext {
			if _, err := key.(suite.Encapsulator).Decapsulate(ciphertext[:length]); err == nil {
				t.Fatalf("took %d bytes", length)
			}
		}
		if _, err := key.(suite.Encapsulator).Decapsulate(append(slices.Clone(ciphertext), 0)); err == nil {
			t.Error("took a longer ciphertext")
		}
	})
}

func TestConfirmationBindsEverything(t *testing.T) {
	key, other := goldenKey(t, find(t, "ml-kem-768")), otherKey(t, find(t, "ml-kem-768"))
	secret, ciphertext, confirmation := encapsulate(t, key)
	changed := slices.Clone(ciphertext)
	changed[0] ^= 1
	for name, err := range map[string]error{
		"other key":        suite.Confirm(other.Public(), secret, ciphertext, confirmation),
		"other secret":     suite.Confirm(key.Public(), suite.NewSecret(make([]byte, 32)), ciphertext, confirmation),
		"other ciphertext": suite.Confirm(key.Public(), secret, changed, confirmation),
		"no confirmation":  suite.Confirm(key.Public(), secret, ciphertext, nil),
		"part of it":       suite.Confirm(key.Public(), secret, ciphertext, confirmation[:16]),
	} {
		if err == nil || !strings.HasPrefix(err.Error(), "key confirmation failed") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestConfirmationIsFrozen holds the tag that clients compute.
func TestConfirmationIsFrozen(t *testing.T) {
	s := find(t, "ml-kem-768")
	key := parse(t, s, bytes.Repeat([]byte{1}, 64))
	tag, err := suite.Confirmation(key.Public(), suite.NewSecret(bytes.Repeat([]byte{2}, 32)), []byte("ciphertext"))
	if err != nil {
		t.Fatal(err)
	}
	var golden struct{ Confirmation hexBytes }
	readJSON(t, "confirmation.json", &golden)
	if !bytes.Equal(tag, golden.Confirmation) {
		t.Errorf("confirmation %x, want %x", tag, golden.Confirmation)
	}
}
