package suite_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/palisade-vault/palisade/pqtransit/suite"
)

func TestPrivateFormRoundTrip(t *testing.T) {
	forEach(t, any1, func(t *testing.T, s *suite.Suite) {
		for name, key := range map[string]suite.Key{"known": goldenKey(t, s), "generated": otherKey(t, s)} {
			t.Run(name, func(t *testing.T) {
				again := parse(t, s, key.Private().Bytes())
				if !again.Private().Equal(key.Private()) || again.Public().String() != key.Public().String() {
					t.Error("parsing the private form gave another key")
				}
				if encrypts(s) {
					mustOpen(t, again, fullParams(s), seal(t, key, fullParams(s), []byte("x")), []byte("x"))
				}
			})
		}
	})
}

func TestPrivateFormIsCopied(t *testing.T) {
	forEach(t, any1, func(t *testing.T, s *suite.Suite) {
		private := goldenKey(t, s).Private().Bytes()
		given := slices.Clone(private)
		key := parse(t, s, given)
		clear(given)
		clear(key.Private().Bytes())
		if !bytes.Equal(key.Private().Bytes(), private) {
			t.Error("the key shares memory with its caller")
		}
	})
}

func TestParseRefusesOtherLengths(t *testing.T) {
	oneSize := func(s *suite.Suite) bool { return s.KeySize == nil }
	forEach(t, oneSize, func(t *testing.T, s *suite.Suite) {
		private := goldenKey(t, s).Private().Bytes()
		padded := append(slices.Clone(private), make([]byte, 80)...)
		for length := range padded {
			if key, err := s.Parse(padded[:length]); length != len(private) && (err == nil || key != nil) {
				t.Fatalf("parsed %d bytes, want an error and no key", length)
			}
		}
	})
}

func TestMaterialRoundTrip(t *testing.T) {
	community := func(s *suite.Suite) bool { return s.StoredAs != suite.NotCommunity }
	forEach(t, community, func(t *testing.T, s *suite.Suite) {
		key := goldenKey(t, s)
		again, err := s.FromMaterial(key.Material())
		if err != nil {
			t.Fatal(err)
		}
		if !again.Private().Equal(key.Private()) {
			t.Error("the material gave another key")
		}
		for _, wrong := range []any{nil, "text", 7, []byte("short")} {
			if key, err := s.FromMaterial(wrong); err == nil || key != nil {
				t.Errorf("took a %T as material", wrong)
			}
		}
	})
}

func TestPublicHalf(t *testing.T) {
	forEach(t, asymmetric, func(t *testing.T, s *suite.Suite) {
		key := goldenKey(t, s)
		public, err := s.ParsePublic(key.Public().Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if !public.Private().IsZero() || public.Public().String() != key.Public().String() {
			t.Error("a public key has no private half and the same public one")
		}
		if encrypts(s) {
			sealed := seal(t, public, fullParams(s), []byte("x"))
			mustOpen(t, key, fullParams(s), sealed, []byte("x"))
			mustRefuse(t, public, fullParams(s), sealed)
		}
		raw := append(key.Public().Bytes(), make([]byte, 40)...)
		for length := range raw {
			if key, err := s.ParsePublic(raw[:length]); length != len(raw)-40 && (err == nil || key != nil) {
				t.Fatalf("parsed a public key of %d bytes", length)
			}
		}
	})
}

// TestNothingPrints puts keys and secrets where package fmt does not call
// their methods, and looks for the bytes in every rendering it has.
func TestNothingPrints(t *testing.T) {
	forEach(t, any1, func(t *testing.T, s *suite.Suite) {
		key := goldenKey(t, s)
		type holder struct {
			key    suite.Key
			secret suite.Secret
		}
		values := []any{
			key, key.Private(),
			holder{key, key.Private()},
			&holder{key, key.Private()},
			[]suite.Key{key},
			map[string]suite.Secret{"k": key.Private()},
		}
		private := key.Private().Bytes()
		needles := []string{
			hex.EncodeToString(private[:6]), base64.StdEncoding.EncodeToString(private[:6]),
			strings.Trim(fmt.Sprintf("%d", private[:6]), "[]"), fmt.Sprintf("%#v", private[:6])[7:20],
			string(private[:6]), strings.ToUpper(hex.EncodeToString(private[:6])),
		}
		for _, value := range values {
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%o", "%c"} {
				printed := fmt.Sprintf(verb, value)
				for _, needle := range needles {
					if strings.Contains(printed, needle) {
						t.Fatalf("%s of a %T prints the secret", verb, value)
					}
				}
			}
		}
		for _, value := range []any{key, key.Private()} {
			if got := fmt.Sprintf("%v %+v %#v %s %x", value, value, value, value, value); got != strings.TrimSpace(strings.Repeat("[redacted] ", 5)) {
				t.Errorf("a %T prints as %q", value, got)
			}
		}
		if text, err := json.Marshal(key.Private()); err == nil {
			t.Errorf("a secret was marshalled as %s", text)
		}
	})
}

func TestSecretZeroValue(t *testing.T) {
	var zero suite.Secret
	if !zero.IsZero() || zero.Bytes() != nil || !zero.Equal(suite.Secret{}) {
		t.Error("the zero secret is empty and equal to itself")
	}
	if zero.Equal(suite.NewSecret([]byte{1})) || suite.NewSecret([]byte{1}).IsZero() {
		t.Error("a secret of one byte is not the zero secret")
	}
}
