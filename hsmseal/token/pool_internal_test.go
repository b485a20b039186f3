package token

import (
	"errors"
	"sync"
	"testing"

	"github.com/miekg/pkcs11"

	"github.com/palisade-vault/palisade/hsmseal/cryptoki"
	"github.com/palisade-vault/palisade/hsmseal/hsmtest"
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

// TestSingleSession serves a token that allows one session in all: failures
// between must not close it, since that would log out.
func TestSingleSession(t *testing.T) {
	hsm := hsmtest.New(t)
	hsm.Setenv(t)
	opened, err := Open(hsm.Module, Selector{Label: hsm.Label}, func(_ Info, login func([]byte) error) error {
		return login([]byte(hsm.PIN))
	})
	if err != nil {
		t.Fatal(err)
	}
	opened.pool = newPool(opened.library, opened.slot, opened.pool.anchor, 1)
	broken := &cryptoki.Error{Function: "test", Code: cryptoki.CodeGeneralError}
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for range 10 {
				err := opened.Use(t.Context(), func(session cryptoki.Session) error {
					if _, err := session.Find(nil, 1); err != nil {
						t.Error(err)
					}
					return broken
				})
				if !errors.Is(err, broken) {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	if count, bound := opened.Sessions(); count != 1 || bound != 1 {
		t.Errorf("%d sessions, bound %d", count, bound)
	}
	if err := opened.Close(); err != nil {
		t.Fatal(err)
	}
}
