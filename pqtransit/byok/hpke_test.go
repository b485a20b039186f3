package byok_test

import (
	"bytes"
	"crypto/hpke"
	"encoding/base64"
	"encoding/json"
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	circl "github.com/cloudflare/circl/hpke"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/palisade-vault/palisade/pqtransit/byok"
	"github.com/palisade-vault/palisade/pqtransit/suite"
)

var update = flag.Bool("update", false, "write the golden files")

func find(t testing.TB, name string) *suite.Suite {
	t.Helper()
	s, ok := suite.Lookup(name)
	if !ok {
		t.Fatalf("no suite %s", name)
	}
	return s
}

// wrappingKeyOf is a fixed key of a wrapping type.
func wrappingKeyOf(t testing.TB, name string, fill byte) (*suite.Suite, suite.Key) {
	t.Helper()
	s := find(t, name)
	key, err := s.Parse(bytes.Repeat([]byte{fill}, 32))
	if err != nil {
		t.Fatal(err)
	}
	return s, key
}

func wrapHPKE(t testing.TB, to *suite.Suite, wrapping suite.Key, algorithm string, key []byte) string {
	t.Helper()
	text, err := byok.WrapHPKE(to, wrapping, find(t, algorithm), suite.NewSecret(key))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func unwrapHPKE(t testing.TB, wrapping suite.Key, algorithm, text string) ([]byte, error) {
	t.Helper()
	wrapped, err := byok.ParseHPKE(text)
	if err != nil {
		return nil, err
	}
	form, err := wrapped.Unwrap(wrapping, find(t, algorithm))
	return form.Bytes(), err
}

func TestWrappingTypes(t *testing.T) {
	if diff := cmp.Diff([]string{"p384-mlkem1024", "x25519-mlkem768"}, suite.WrappingTypes()); diff != "" {
		t.Error(diff)
	}
}

func TestHPKERoundTrip(t *testing.T) {
	for _, name := range suite.WrappingTypes() {
		to, wrapping := wrappingKeyOf(t, name, 1)
		rapid.Check(t, func(r *rapid.T) {
			key := rapid.SliceOfN(rapid.Byte(), 1, 5000).Draw(r, "key")
			algorithm := rapid.SampledFrom(suite.Names()).Draw(r, "algorithm")
			text := wrapHPKE(t, to, wrapping, algorithm, key)
			got, err := unwrapHPKE(t, wrapping, algorithm, text)
			if err != nil || !bytes.Equal(got, key) {
				r.Fatalf("another key, %v", err)
			}
			if again := wrapHPKE(t, to, wrapping, algorithm, key); again == text {
				r.Fatal("two wraps are the same")
			}
		})
	}
}

// Everything that is wrong with a wrap is refused in one text.
func TestHPKERefuses(t *testing.T) {
	for _, name := range suite.WrappingTypes() {
		t.Run(name, func(t *testing.T) {
			to, wrapping := wrappingKeyOf(t, name, 1)
			_, other := wrappingKeyOf(t, name, 2)
			text := wrapHPKE(t, to, wrapping, "ml-dsa-65", make([]byte, 54))
			count := 0
			refused := func(what string, key suite.Key, algorithm, text string) {
				t.Helper()
				count++
				if got, err := unwrapHPKE(t, key, algorithm, text); got != nil || err == nil || err.Error() != byok.ErrUnwrap.Error() {
					t.Errorf("%s: %v", what, err)
				}
			}
			refused("another key", other, "ml-dsa-65", text)
			refused("another type", wrapping, "ml-dsa-44", text)
			for length := range text {
				refused("truncated", wrapping, "ml-dsa-65", text[:length])
			}
			for at := range text {
				if changed := []byte(text); at%7 == 0 || at < 100 {
					changed[at] ^= 1
					refused("flip in the text", wrapping, "ml-dsa-65", string(changed))
				}
			}
			prefix, body, _ := strings.Cut(text[len("palisade-wrap:v1:"):], ":")
			id, body, _ := strings.Cut(body, ":")
			raw, err := base64.StdEncoding.DecodeString(body)
			if err != nil {
				t.Fatal(err)
			}
			encoded := base64.StdEncoding.EncodeToString
			for at := range raw {
				changed := slices.Clone(raw)
				changed[at] ^= 1
				refused("flip", wrapping, "ml-dsa-65", "palisade-wrap:v1:"+prefix+":"+id+":"+encoded(changed))
			}
			for length := range raw {
				refused("short", wrapping, "ml-dsa-65", "palisade-wrap:v1:"+prefix+":"+id+":"+encoded(raw[:length]))
			}
			for what, changed := range map[string]string{
				"longer":             "palisade-wrap:v1:" + prefix + ":" + id + ":" + encoded(append(slices.Clone(raw), 0)),
				"version 2":          "palisade-wrap:v2:" + prefix + ":" + id + ":" + body,
				"no wrapping type":   "palisade-wrap:v1:p256-mlkem768:" + id + ":" + body,
				"unknown type":       "palisade-wrap:v1:rot13:" + id + ":" + body,
				"more fields":        text + ":",
				"upper-case id":      "palisade-wrap:v1:" + prefix + ":" + strings.ToUpper("a"+id[1:]) + ":" + body,
				"line feed":          text + "\n",
				"line feed in it":    text[:300] + "\n" + text[300:],
				"nothing":            "palisade-wrap:v1:" + prefix + ":" + id + ":",
				"another encryption": "palisade-wrap:v1:" + prefix + ":" + id + ":" + encoded(sealedOtherwise(t, wrapping)),
			} {
				refused(what, wrapping, "ml-dsa-65", changed)
			}
			if count < 4000 {
				t.Errorf("only %d", count)
			}
		})
	}
}

// sealedOtherwise is what encrypt with such a key makes, which is no wrap.
func sealedOtherwise(t *testing.T, wrapping suite.Key) []byte {
	t.Helper()
	sealed, err := wrapping.(suite.Encrypter).Seal(suite.Params{}, make([]byte, 54))
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

func TestWrapHPKERefuses(t *testing.T) {
	p256, key := find(t, "p256-mlkem768"), suite.NewSecret([]byte("key"))
	other, err := p256.Generate()
	if err != nil {
		t.Fatal(err)
	}
	to, wrapping := wrappingKeyOf(t, "x25519-mlkem768", 1)
	if text, err := byok.WrapHPKE(p256, other, to, key); err == nil || text != "" {
		t.Error("wrapped to a type that wraps nothing")
	}
	if text, err := byok.WrapHPKE(to, wrapping, to, suite.Secret{}); err == nil || text != "" {
		t.Error("wrapped nothing")
	}
}

// What docs/formats.md says is enough for any HPKE library: circl's and the standard one.
func TestOtherLibrariesWrap(t *testing.T) {
	key := []byte("the key in its import form")
	for name, seal := range map[string]func(public []byte) []byte{
		"x25519-mlkem768": func(public []byte) []byte {
			kem := circl.KEM_XWING
			parsed, err := kem.Scheme().UnmarshalBinaryPublicKey(public)
			if err != nil {
				t.Fatal(err)
			}
			sender, err := circl.NewSuite(kem, circl.KDF_HKDF_SHA256, circl.AEAD_AES256GCM).NewSender(parsed, []byte("palisade key wrap v1"))
			if err != nil {
				t.Fatal(err)
			}
			enc, sealer, err := sender.Setup(nil)
			if err != nil {
				t.Fatal(err)
			}
			ciphertext, err := sealer.Seal(key, []byte("slh-dsa-sha2-128s"))
			if err != nil {
				t.Fatal(err)
			}
			return append(enc, ciphertext...)
		},
		"p384-mlkem1024": func(public []byte) []byte {
			parsed, err := hpke.MLKEM1024P384().NewPublicKey(public)
			if err != nil {
				t.Fatal(err)
			}
			enc, sender, err := hpke.NewSender(parsed, hpke.HKDFSHA384(), hpke.AES256GCM(), []byte("palisade key wrap v1"))
			if err != nil {
				t.Fatal(err)
			}
			ciphertext, err := sender.Seal([]byte("slh-dsa-sha2-128s"), key)
			if err != nil {
				t.Fatal(err)
			}
			return append(enc, ciphertext...)
		},
	} {
		_, wrapping := wrappingKeyOf(t, name, 1)
		text := "palisade-wrap:v1:" + name + ":" + byok.KeyID(wrapping.Public()) + ":" +
			base64.StdEncoding.EncodeToString(seal(wrapping.Public().Bytes()))
		got, err := unwrapHPKE(t, wrapping, "slh-dsa-sha2-128s", text)
		if err != nil || !bytes.Equal(got, key) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

const goldenFile = "testdata/wraps.golden.json"

type goldenWrap struct {
	WrappingSeed []byte `json:"wrapping_seed"`
	Algorithm    string `json:"algorithm"`
	Key          []byte `json:"key"`
	Text         string `json:"text"`
}

// TestGoldenWraps opens what an earlier release wrapped.
func TestGoldenWraps(t *testing.T) {
	if *update {
		writeGolden(t)
	}
	raw, err := os.ReadFile(goldenFile)
	if err != nil {
		t.Fatal(err)
	}
	var wraps []goldenWrap
	if err := json.Unmarshal(raw, &wraps); err != nil || len(wraps) != len(suite.WrappingTypes()) {
		t.Fatalf("%d wraps, %v", len(wraps), err)
	}
	for _, golden := range wraps {
		wrapped, err := byok.ParseHPKE(golden.Text)
		if err != nil || wrapped.String() != golden.Text {
			t.Fatal(err)
		}
		wrapping, err := find(t, wrapped.Type).Parse(golden.WrappingSeed)
		if err != nil || byok.KeyID(wrapping.Public()) != wrapped.KeyID {
			t.Fatalf("the id is not the key's (%v)", err)
		}
		got, err := unwrapHPKE(t, wrapping, golden.Algorithm, golden.Text)
		if err != nil || !bytes.Equal(got, golden.Key) {
			t.Errorf("%s: %x, %v", wrapped.Type, got, err)
		}
	}
}

func writeGolden(t *testing.T) {
	t.Helper()
	var wraps []goldenWrap
	for i, name := range suite.WrappingTypes() {
		to, wrapping := wrappingKeyOf(t, name, byte(i+1))
		key := bytes.Repeat([]byte{7}, 32)
		wraps = append(wraps, goldenWrap{wrapping.Private().Bytes(), "aes256-gcm96", key, wrapHPKE(t, to, wrapping, "aes256-gcm96", key)})
	}
	raw, err := json.MarshalIndent(wraps, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(goldenFile, append(raw, '\n'), 0o600); err != nil {
		t.Fatal(err)
	}
}

// FuzzParseHPKE holds that what parses is written again byte for byte.
func FuzzParseHPKE(f *testing.F) {
	seeds := 0
	for _, name := range suite.WrappingTypes() {
		to, wrapping := wrappingKeyOf(f, name, 1)
		text := wrapHPKE(f, to, wrapping, "ml-kem-768", make([]byte, 64))
		for _, seed := range []string{text, text[:200], text + "\n", strings.Replace(text, "v1", "v2", 1)} {
			f.Add(seed)
			seeds++
		}
	}
	if seeds < 8 {
		f.Fatalf("only %d seeds", seeds)
	}
	_, wrapping := wrappingKeyOf(f, "x25519-mlkem768", 9)
	f.Fuzz(func(t *testing.T, text string) {
		wrapped, err := byok.ParseHPKE(text)
		if err != nil {
			if err.Error() != byok.ErrUnwrap.Error() {
				t.Errorf("another text: %v", err)
			}
			return
		}
		if wrapped.String() != text || !byok.IsHPKE(text) {
			t.Errorf("%q is written as %q", text, wrapped)
		}
		if got, err := wrapped.Unwrap(wrapping, find(t, "ml-kem-768")); err == nil || !got.IsZero() {
			t.Error("unwrapped with a key that it is not for")
		}
	})
}
