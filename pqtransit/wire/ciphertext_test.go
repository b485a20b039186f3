package wire_test

import (
	"bytes"
	"errors"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/palisade-vault/palisade/pqtransit/wire"
)

func TestParseCiphertext(t *testing.T) {
	long := strings.Repeat("QUJD", 19) // folded by a mail or YAML client
	tests := []struct {
		name string
		text string
		want wire.Ciphertext
		err  error
	}{
		{name: "plain", text: "vault:v1:QUJD", want: wire.Ciphertext{Version: 1, Body: []byte("ABC")}},
		{name: "empty body", text: "vault:v12:", want: wire.Ciphertext{Version: 12, Body: []byte{}}},
		{name: "padding", text: "vault:v2:QUI=", want: wire.Ciphertext{Version: 2, Body: []byte("AB")}},
		{name: "version 0 of old", text: "vault:v0:QUJD", want: wire.Ciphertext{Version: 1, Body: []byte("ABC")}},
		{name: "last line of a file", text: "vault:v1:QUJD\n", want: wire.Ciphertext{Version: 1, Body: []byte("ABC")}},
		{name: "folded", text: "vault:v1:" + long + "\r\n" + long, want: wire.Ciphertext{Version: 1, Body: bytes.Repeat([]byte("ABC"), 38)}},
		{name: "largest version", text: "vault:v9223372036854775807:QUJD", want: wire.Ciphertext{Version: math.MaxInt64, Body: []byte("ABC")}},

		{name: "empty", text: "", err: wire.ErrNoPrefix},
		{name: "upper case", text: "Vault:v1:QUJD", err: wire.ErrNoPrefix},
		{name: "no v", text: "vault:1:QUJD", err: wire.ErrNoPrefix},
		{name: "space before", text: " vault:v1:QUJD", err: wire.ErrNoPrefix},
		{name: "newline before", text: "\nvault:v1:QUJD", err: wire.ErrNoPrefix},
		{name: "base64 alone", text: "QUJD", err: wire.ErrNoPrefix},

		{name: "prefix alone", text: "vault:v", err: wire.ErrFields},
		{name: "version alone", text: "vault:v1", err: wire.ErrFields},
		{name: "bad version alone", text: "vault:vx", err: wire.ErrFields},

		{name: "no version", text: "vault:v:QUJD", err: wire.ErrVersion},
		{name: "letters", text: "vault:vone:QUJD", err: wire.ErrVersion},
		{name: "negative", text: "vault:v-1:QUJD", err: wire.ErrVersion},
		{name: "negative zero", text: "vault:v-0:QUJD", err: wire.ErrVersion},
		{name: "plus", text: "vault:v+1:QUJD", err: wire.ErrVersion},
		{name: "leading zero", text: "vault:v01:QUJD", err: wire.ErrVersion},
		{name: "two zeros", text: "vault:v00:QUJD", err: wire.ErrVersion},
		{name: "hexadecimal", text: "vault:v0x1:QUJD", err: wire.ErrVersion},
		{name: "underscore", text: "vault:v1_0:QUJD", err: wire.ErrVersion},
		{name: "newline in version", text: "vault:v1\n:QUJD", err: wire.ErrVersion},
		{name: "other digits", text: "vault:v\u0661:QUJD", err: wire.ErrVersion},
		{name: "beyond 64 bits", text: "vault:v9223372036854775808:QUJD", err: wire.ErrVersion},

		{name: "not base64", text: "vault:v1:???", err: wire.ErrBase64},
		{name: "no padding", text: "vault:v1:QUI", err: wire.ErrBase64},
		{name: "too much padding", text: "vault:v1:QUJD=", err: wire.ErrBase64},
		{name: "padding bits set", text: "vault:v1:QUJ=", err: wire.ErrBase64},
		{name: "data after padding", text: "vault:v1:QUI=QUJD", err: wire.ErrBase64},
		{name: "fourth field", text: "vault:v1:QUJD:QUJD", err: wire.ErrBase64},
		{name: "space", text: "vault:v1:QUJD ", err: wire.ErrBase64},
		{name: "URL alphabet", text: "vault:v1:_-_-", err: wire.ErrBase64},
		{name: "NUL", text: "vault:v1:QUJD\x00", err: wire.ErrBase64},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := wire.ParseCiphertext(test.text)
			if !errors.Is(err, test.err) {
				t.Fatalf("error %v, want %v", err, test.err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestErrorTexts(t *testing.T) {
	for err, want := range map[error]string{
		wire.ErrNoPrefix: "invalid ciphertext: no prefix",
		wire.ErrFields:   "invalid ciphertext: wrong number of fields",
		wire.ErrVersion:  "invalid ciphertext: version number could not be decoded",
		wire.ErrBase64:   "invalid ciphertext: could not decode base64",
	} {
		if err.Error() != want {
			t.Errorf("%q, want the built-in engine's %q", err, want)
		}
	}
}

func TestStringThenParse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := wire.Ciphertext{
			Version: rapid.IntRange(1, math.MaxInt).Draw(t, "version"),
			Body:    rapid.SliceOf(rapid.Byte()).Draw(t, "body"),
		}
		got, err := wire.ParseCiphertext(want.String())
		if err != nil || got.Version != want.Version || !bytes.Equal(got.Body, want.Body) {
			t.Fatalf("%+v became %+v, %v", want, got, err)
		}
	})
}

// canonical is text without the two liberties that ParseCiphertext takes.
func canonical(text string) string {
	text = strings.NewReplacer("\r", "", "\n", "").Replace(text)
	if rest, old := strings.CutPrefix(text, "vault:v0:"); old {
		return "vault:v1:" + rest
	}
	return text
}

// FuzzParseCiphertext holds that what parses is written again as it was read.
func FuzzParseCiphertext(f *testing.F) {
	golden, err := os.ReadFile("testdata/ciphertexts.golden")
	if err != nil {
		f.Fatal(err)
	}
	seeds := strings.Fields(string(golden))
	if len(seeds) < 6 {
		f.Fatalf("%d seeds, want 6 or more", len(seeds))
	}
	for _, text := range seeds {
		if _, err := wire.ParseCiphertext(text); err != nil {
			f.Fatalf("seed %q: %v", text, err)
		}
		f.Add(text)
		f.Add(text + "\r\n")
	}
	f.Fuzz(func(t *testing.T, text string) {
		parsed, err := wire.ParseCiphertext(text)
		if err != nil {
			return
		}
		if parsed.Version < 1 {
			t.Errorf("%q has version %d", text, parsed.Version)
		}
		if got := parsed.String(); got != canonical(text) {
			t.Errorf("%q is written again as %q", text, got)
		}
	})
}

func BenchmarkParseCiphertext(b *testing.B) {
	text := wire.Ciphertext{Version: 7, Body: make([]byte, 1<<10)}.String()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := wire.ParseCiphertext(text); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkString(b *testing.B) {
	c := wire.Ciphertext{Version: 7, Body: make([]byte, 1<<10)}
	b.ReportAllocs()
	for b.Loop() {
		_ = c.String()
	}
}
