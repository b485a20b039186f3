package worker

import (
	"bytes"
	"strings"
	"testing"
)

// FuzzReadPIN: a PIN is what the source holds but for one line end, or an error that does
// not quote it.
func FuzzReadPIN(f *testing.F) {
	if pin, err := readPIN(strings.NewReader("1234\n")); err != nil || string(pin) != "1234" {
		f.Fatalf("the seed reads with %v", err)
	}
	for _, seed := range []string{"1234\n", "1234", "1234\r\n", "12\n34", "\n", "", "\x00", strings.Repeat("9", maxPIN+1)} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, source []byte) {
		pin, err := readPIN(bytes.NewReader(source))
		if err != nil {
			if pin != nil || len(source) > 8 && strings.Contains(err.Error(), string(source)) {
				t.Errorf("error %q with a PIN", err)
			}
			return
		}
		rest, isPrefix := bytes.CutPrefix(source, pin)
		if !isPrefix || len(pin) == 0 || len(pin) > maxPIN {
			t.Fatalf("%q was read as %d bytes", source, len(pin))
		}
		if end := string(rest); end != "" && end != "\n" && end != "\r\n" {
			t.Errorf("%q was cut off", end)
		}
	})
}
