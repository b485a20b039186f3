package token

import (
	"testing"

	"github.com/miekg/pkcs11"
)

func TestSessionBound(t *testing.T) {
	const unknown = pkcs11.CK_UNAVAILABLE_INFORMATION
	tests := []struct {
		name    string
		all, rw uint
		want    int
	}{
		{"infinite", 0, 0, maxSessions},
		{"unknown", unknown, unknown, maxSessions},
		{"plenty", 1024, 1024, maxSessions},
		{"few", 4, 0, 4},
		{"few to write", 16, 2, 2},
		{"one, the other unknown", unknown, 1, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := sessionBound(pkcs11.TokenInfo{MaxSessionCount: test.all, MaxRwSessionCount: test.rw}); got != test.want {
				t.Fatalf("got %d, want %d", got, test.want)
			}
		})
	}
}

func TestTrim(t *testing.T) {
	for padded, want := range map[string]string{"a  ": "a", "a\x00\x00": "a", "a b\x00 ": "a b", "": "", "   ": ""} {
		if got := trim(padded); got != want {
			t.Errorf("%q became %q", padded, got)
		}
	}
}

// TestSlotMatch holds that an empty selector never matches, not even a token
// without label and serial.
func TestSlotMatch(t *testing.T) {
	if (Selector{}).matches(pkcs11.TokenInfo{}) {
		t.Error("nothing matches everything")
	}
	info := pkcs11.TokenInfo{Label: "l   ", SerialNumber: "1\x00"}
	for want, matches := range map[Selector]bool{
		{Label: "l"}: true, {Serial: "1"}: true, {Label: "l", Serial: "1"}: true,
		{Label: "l", Serial: "2"}: false, {Label: "m", Serial: "1"}: false,
	} {
		if want.matches(info) != matches {
			t.Errorf("%+v", want)
		}
	}
}
