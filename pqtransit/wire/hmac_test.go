package wire_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/palisade-vault/palisade/pqtransit/wire"
)

func TestParseHMAC(t *testing.T) {
	tests := []struct {
		name, text string
		want       wire.HMAC
		err        string
	}{
		{"sound", "vault:v1:AQID", wire.HMAC{Version: 1, Sum: []byte{1, 2, 3}}, ""},
		{"later version", "vault:v17:AA==", wire.HMAC{Version: 17, Sum: []byte{0}}, ""},
		{"line end", "vault:v1:AQID\n", wire.HMAC{Version: 1, Sum: []byte{1, 2, 3}}, ""},
		{"empty sum", "vault:v1:", wire.HMAC{Version: 1, Sum: []byte{}}, ""},
		{"empty", "", wire.HMAC{}, "invalid HMAC to verify: no prefix"},
		{"no prefix", "AQID", wire.HMAC{}, "invalid HMAC to verify: no prefix"},
		{"one field", "vault:v1", wire.HMAC{}, "invalid HMAC: wrong number of fields"},
		{"no version", "vault:v:AQID", wire.HMAC{}, "invalid HMAC: version number could not be decoded"},
		{"version 0", "vault:v0:AQID", wire.HMAC{Version: 0, Sum: []byte{1, 2, 3}}, ""},
		{"negative", "vault:v-1:AQID", wire.HMAC{}, "invalid HMAC: version number could not be decoded"},
		{"plus", "vault:v+1:AQID", wire.HMAC{}, "invalid HMAC: version number could not be decoded"},
		{"leading zero", "vault:v01:AQID", wire.HMAC{}, "invalid HMAC: version number could not be decoded"},
		{"not base64", "vault:v1:AQI!", wire.HMAC{}, "unable to decode verification HMAC as base64: illegal base64 data at input byte 3"},
		{"padding bits", "vault:v1:AQJ=", wire.HMAC{}, "unable to decode verification HMAC as base64"},
		{"third field", "vault:v1:AQID:AQID", wire.HMAC{}, "unable to decode verification HMAC as base64"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := wire.ParseHMAC(test.text)
			if test.err != "" {
				if err == nil || !strings.HasPrefix(err.Error(), test.err) || got.Sum != nil {
					t.Errorf("%v, %v, want %q", got, err, test.err)
				}
				return
			}
			if err != nil || got.Version != test.want.Version || !bytes.Equal(got.Sum, test.want.Sum) {
				t.Errorf("%v, %v", got, err)
			}
		})
	}
}

// A CMAC has the same form, and its faults the same texts but for the name.
func TestParseCMAC(t *testing.T) {
	for text, want := range map[string]string{
		"AQID":          "invalid CMAC to verify: no prefix",
		"vault:v1":      "invalid CMAC: wrong number of fields",
		"vault:v:AQID":  "invalid CMAC: version number could not be decoded",
		"vault:v1:AQI!": "unable to decode verification CMAC as base64: illegal base64 data at input byte 3",
	} {
		if got, err := wire.ParseCMAC(text); err == nil || err.Error() != want || got.Sum != nil {
			t.Errorf("%s: %v, %v, want %q", text, got, err, want)
		}
	}
	if got, err := wire.ParseCMAC("vault:v2:AQID"); err != nil || got.Version != 2 || !bytes.Equal(got.Sum, []byte{1, 2, 3}) {
		t.Errorf("%v, %v", got, err)
	}
}

// FuzzHMAC: what parses is written again as it was, line ends apart.
func FuzzHMAC(f *testing.F) {
	for _, text := range []string{"vault:v1:AQID", "vault:v17:AA==", "vault:v1:AQID\n", "vault:v0:", "AQID"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		parsed, err := wire.ParseHMAC(text)
		if _, otherErr := wire.ParseCMAC(text); (err == nil) != (otherErr == nil) {
			t.Errorf("%q as HMAC: %v, as CMAC: %v", text, err, otherErr)
		}
		if err != nil {
			return
		}
		if want := strings.NewReplacer("\r", "", "\n", "").Replace(text); parsed.String() != want {
			t.Errorf("%q is written again as %q", text, parsed)
		}
	})
}
