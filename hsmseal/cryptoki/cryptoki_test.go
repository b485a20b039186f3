package cryptoki_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/palisade-vault/palisade/hsmseal/cryptoki"
)

func TestClassOf(t *testing.T) {
	tests := []struct {
		code cryptoki.Code
		want cryptoki.Class
	}{
		{cryptoki.CodeGeneralError, cryptoki.Data},
		{cryptoki.CodeEncryptedDataInvalid, cryptoki.Data},
		{cryptoki.CodeDeviceMemory, cryptoki.Retry},
		{cryptoki.CodeSessionHandleInvalid, cryptoki.Reconnect},
		{cryptoki.CodeUserNotLoggedIn, cryptoki.Reconnect},
		{cryptoki.CodeDeviceRemoved, cryptoki.Reinitialise},
		{cryptoki.CodePINLocked, cryptoki.Login},
		{cryptoki.CodePINIncorrect, cryptoki.Login},
		{cryptoki.CodeMechanismInvalid, cryptoki.Permanent},
		{0x80000001, cryptoki.Permanent},
	}
	for _, test := range tests {
		t.Run(test.code.String(), func(t *testing.T) {
			err := fmt.Errorf("wrapped: %w", &cryptoki.Error{Function: "C_X", Code: test.code})
			if got := cryptoki.ClassOf(err); got != test.want {
				t.Errorf("class %d, want %d", got, test.want)
			}
			if !cryptoki.IsCode(err, cryptoki.CodeCancel, test.code) || cryptoki.IsCode(err, cryptoki.CodeCancel) {
				t.Error("IsCode is wrong")
			}
			if !strings.Contains(err.Error(), "C_X: CKR_") {
				t.Errorf("text %q", err)
			}
		})
	}
	if cryptoki.ClassOf(errors.New("other")) != cryptoki.Permanent || cryptoki.IsCode(nil, cryptoki.CodeCancel) {
		t.Error("an error of another kind has a class")
	}
}

func TestAttributeForms(t *testing.T) {
	for _, value := range []bool{true, false} {
		if got, ok := cryptoki.ParseBool(cryptoki.Bool(cryptoki.AttrWrap, value).Value); !ok || got != value {
			t.Errorf("%v came back as %v, %v", value, got, ok)
		}
	}
	for _, value := range []uint{0, 32, 0x40000600} {
		if got, ok := cryptoki.ParseUlong(cryptoki.Ulong(cryptoki.AttrValueLen, value).Value); !ok || got != value {
			t.Errorf("%v came back as %v, %v", value, got, ok)
		}
	}
	for _, bad := range [][]byte{nil, {2}, {0, 0}, make([]byte, 4), make([]byte, 9)} {
		if _, ok := cryptoki.ParseUlong(bad); ok {
			t.Errorf("%x is no CK_ULONG", bad)
		}
		if _, ok := cryptoki.ParseBool(bad); ok {
			t.Errorf("%x is no CK_BBOOL", bad)
		}
	}
}

func TestMechanismList(t *testing.T) {
	want := []cryptoki.MechanismType{cryptoki.AESGCM, cryptoki.AESKeyGen}
	list := cryptoki.MechanismList(cryptoki.AttrAllowedMechanisms, want...)
	if got, ok := cryptoki.ParseMechanisms(list.Value); !ok || !slices.Equal(got, want) {
		t.Errorf("got %v, %v", got, ok)
	}
	if got, ok := cryptoki.ParseMechanisms(list.Value[:15]); ok {
		t.Errorf("a cut list is %v", got)
	}
}
