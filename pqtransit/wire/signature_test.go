package wire_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/palisade-vault/palisade/pqtransit/wire"
)

func TestParseSignature(t *testing.T) {
	body := []byte{0xfb, 0xff, 0xfe, 0x01}
	tests := []struct {
		name string
		text string
		jws  bool
		want wire.Signature
		err  error
	}{
		{name: "standard", text: "vault:v1:+//+AQ==", want: wire.Signature{Version: 1, Body: body}},
		{name: "jws", text: "vault:v12:-__-AQ", jws: true, want: wire.Signature{Version: 12, Body: body, JWS: true}},
		{name: "empty body", text: "vault:v2:", want: wire.Signature{Version: 2, Body: []byte{}}},
		{name: "last line of a file", text: "vault:v1:+//+AQ==\n", want: wire.Signature{Version: 1, Body: body}},

		{name: "empty", text: "", err: wire.ErrSignaturePrefix},
		{name: "upper case", text: "VAULT:v1:AA==", err: wire.ErrSignaturePrefix},
		{name: "version alone", text: "vault:v1", err: wire.ErrSignatureFields},
		{name: "no version", text: "vault:v:AA==", err: wire.ErrSignatureVersion},
		{name: "version 0", text: "vault:v0:AA==", err: wire.ErrSignatureVersion},
		{name: "negative", text: "vault:v-1:AA==", err: wire.ErrSignatureVersion},
		{name: "leading zero", text: "vault:v01:AA==", err: wire.ErrSignatureVersion},
		{name: "plus", text: "vault:v+1:AA==", err: wire.ErrSignatureVersion},
		{name: "jws text as standard", text: "vault:v1:-__-AQ", err: wire.ErrSignatureBase64},
		{name: "standard text as jws", text: "vault:v1:+//+AQ==", jws: true, err: wire.ErrSignatureBase64},
		{name: "no padding", text: "vault:v1:AA", err: wire.ErrSignatureBase64},
		{name: "padding in jws", text: "vault:v1:AA==", jws: true, err: wire.ErrSignatureBase64},
		{name: "padding bits set", text: "vault:v1:AB==", err: wire.ErrSignatureBase64},
		{name: "padding bits set in jws", text: "vault:v1:AB", jws: true, err: wire.ErrSignatureBase64},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := wire.ParseSignature(test.text, test.jws)
			if !errors.Is(err, test.err) {
				t.Fatalf("error %v, want %v", err, test.err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("signature (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSignatureRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := wire.Signature{
			Version: rapid.IntMin(1).Draw(t, "version"),
			Body:    rapid.SliceOf(rapid.Byte()).Draw(t, "body"),
			JWS:     rapid.Bool().Draw(t, "jws"),
		}
		got, err := wire.ParseSignature(want.String(), want.JWS)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("signature (-want +got):\n%s", diff)
		}
	})
}

// FuzzParseSignature holds that a text that parses, but for line ends, is
// written again byte for byte.
func FuzzParseSignature(f *testing.F) {
	for _, text := range []string{"vault:v1:+//+AQ==", "vault:v12:-__-AQ", "vault:v1:", "vault:v0:AA==", "vault:v1:AA==\n"} {
		f.Add(text, false)
		f.Add(text, true)
	}
	f.Fuzz(func(t *testing.T, text string, jws bool) {
		parsed, err := wire.ParseSignature(text, jws)
		if err != nil {
			return
		}
		if again := parsed.String(); again != strings.NewReplacer("\r", "", "\n", "").Replace(text) {
			t.Errorf("%q is written again as %q", text, again)
		}
	})
}
