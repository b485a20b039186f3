package wrapkey_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/palisade-vault/palisade/hsmseal/cryptoki"
	"github.com/palisade-vault/palisade/hsmseal/hsmtest"
	"github.com/palisade-vault/palisade/hsmseal/mechanism"
	"github.com/palisade-vault/palisade/hsmseal/wrapkey"
)

var spec = wrapkey.Spec{ID: []byte("id"), Label: "label"}

func gcm(t *testing.T) mechanism.Mechanism {
	t.Helper()
	m, ok := mechanism.Lookup("aes-gcm")
	if !ok {
		t.Fatal("aes-gcm is not registered")
	}
	return m
}

func TestEnsureMakesThenFinds(t *testing.T) {
	fake := &hsmtest.Fake{}
	made, err := wrapkey.Ensure(fake, gcm(t), spec)
	if err != nil || !made.Created || fake.Objects() != 1 {
		t.Fatalf("%+v, %v", made, err)
	}
	found, err := wrapkey.Ensure(fake, gcm(t), spec)
	if err != nil || found.Created || found.Handles[0] != made.Handles[0] || fake.Objects() != 1 {
		t.Fatalf("%+v, %v", found, err)
	}
	handles, err := wrapkey.Find(fake, gcm(t), spec.ID)
	if err != nil || handles[0] != made.Handles[0] {
		t.Fatalf("%v, %v", handles, err)
	}
	for _, name := range []string{"CKA_SENSITIVE", "CKA_WRAP", "CKA_VALUE_LEN", "read CKA_VALUE", "set CKA_EXTRACTABLE"} {
		if made.Attributes[name] == "" {
			t.Errorf("%s is not reported", name)
		}
	}
}

func TestMissing(t *testing.T) {
	fake := &hsmtest.Fake{}
	if _, err := wrapkey.Find(fake, gcm(t), spec.ID); !errors.Is(err, wrapkey.ErrNotFound) {
		t.Errorf("find: %v", err)
	}
	existing := spec
	existing.MustExist = true
	if _, err := wrapkey.Ensure(fake, gcm(t), existing); !errors.Is(err, wrapkey.ErrNotFound) || fake.Objects() != 0 {
		t.Errorf("ensure: %v", err)
	}
	for _, id := range [][]byte{nil, make([]byte, wrapkey.MaxID+1)} {
		if _, err := wrapkey.Ensure(fake, gcm(t), wrapkey.Spec{ID: id}); err == nil {
			t.Errorf("an id of %d bytes was taken", len(id))
		}
	}
}

// TestRejectedAttributes gives up what a token does not know, and only that.
func TestRejectedAttributes(t *testing.T) {
	tests := []struct {
		name  string
		code  cryptoki.Code
		times int
		calls int
		ok    bool
	}{
		{"knows all", 0, 0, 1, true},
		{"knows no optional one", cryptoki.CodeAttributeTypeInvalid, 3, 4, true},
		{"rejects the safe template", cryptoki.CodeTemplateInconsistent, 4, 4, false},
		{"other failure", cryptoki.CodeDeviceError, 1, 1, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			calls := 0
			fake := &hsmtest.Fake{Fail: func(function string) error {
				if function != "C_GenerateKey" {
					return nil
				}
				if calls++; calls > test.times {
					return nil
				}
				return &cryptoki.Error{Function: function, Code: test.code}
			}}
			_, err := wrapkey.Ensure(fake, gcm(t), spec)
			if (err == nil) != test.ok || calls != test.calls {
				t.Fatalf("%v after %d calls", err, calls)
			}
		})
	}
}

// TestLyingToken reports, for each attribute, one that makes the key weak: the
// key just made is refused by name and removed.
func TestLyingToken(t *testing.T) {
	yes, no := []byte{1}, []byte{0}
	tests := []struct {
		kind  cryptoki.AttributeType
		value []byte
	}{
		{cryptoki.AttrSensitive, no},
		{cryptoki.AttrAlwaysSensitive, no},
		{cryptoki.AttrNeverExtractable, no},
		{cryptoki.AttrLocal, no},
		{cryptoki.AttrToken, no},
		{cryptoki.AttrPrivate, no},
		{cryptoki.AttrExtractable, yes},
		{cryptoki.AttrModifiable, yes},
		{cryptoki.AttrWrap, yes},
		{cryptoki.AttrUnwrap, yes},
		{cryptoki.AttrDerive, yes},
		{cryptoki.AttrSign, yes},
		{cryptoki.AttrVerify, yes},
		{cryptoki.AttrEncrypt, no},
		{cryptoki.AttrValueLen, cryptoki.Ulong(cryptoki.AttrValueLen, 16).Value},
		{cryptoki.AttrKeyType, cryptoki.Ulong(cryptoki.AttrKeyType, 0x15).Value},
		{cryptoki.AttrKeyGenMechanism, cryptoki.Ulong(cryptoki.AttrKeyGenMechanism, 1).Value},
		{cryptoki.AttrSensitive, nil},
		{cryptoki.AttrSensitive, []byte{2}},
		{cryptoki.AttrValueLen, []byte{32}},
	}
	for _, test := range tests {
		t.Run(test.kind.String(), func(t *testing.T) {
			fake := &hsmtest.Fake{Lie: map[cryptoki.AttributeType][]byte{test.kind: test.value}}
			_, err := wrapkey.Ensure(fake, gcm(t), spec)
			var weak *wrapkey.WeakError
			if !errors.As(err, &weak) || len(weak.Reasons) != 1 || !strings.Contains(weak.Reasons[0], test.kind.String()) {
				t.Fatalf("got %v", err)
			}
			if fake.Objects() != 0 {
				t.Fatal("the weak key was left in the token")
			}
		})
	}
}

// TestLeakyToken passes every attribute check, yet gives the key away.
func TestLeakyToken(t *testing.T) {
	fake := &hsmtest.Fake{Leak: true}
	_, err := wrapkey.Ensure(fake, gcm(t), spec)
	var weak *wrapkey.WeakError
	if !errors.As(err, &weak) || len(weak.Reasons) != 2 {
		t.Fatalf("got %v", err)
	}
}

// TestExistingWeakKeyStays holds that a key that others may need is refused and
// not removed.
func TestExistingWeakKeyStays(t *testing.T) {
	fake := &hsmtest.Fake{}
	if _, err := wrapkey.Ensure(fake, gcm(t), spec); err != nil {
		t.Fatal(err)
	}
	fake.Lie = map[cryptoki.AttributeType][]byte{cryptoki.AttrWrap: {1}}
	var weak *wrapkey.WeakError
	if _, err := wrapkey.Ensure(fake, gcm(t), spec); !errors.As(err, &weak) || fake.Objects() != 1 {
		t.Fatalf("got %v with %d objects", err, fake.Objects())
	}
}

// TestDeviceIsNotWeakness tells a device that fails from a key that is weak.
func TestDeviceIsNotWeakness(t *testing.T) {
	for _, function := range []string{"C_FindObjects", "C_GetAttributeValue", "C_SetAttributeValue"} {
		t.Run(function, func(t *testing.T) {
			fake := &hsmtest.Fake{}
			if _, err := wrapkey.Ensure(fake, gcm(t), spec); err != nil {
				t.Fatal(err)
			}
			fake.Fail = func(called string) error {
				if called == function {
					return &cryptoki.Error{Function: function, Code: cryptoki.CodeDeviceError}
				}
				return nil
			}
			if _, err := wrapkey.Ensure(fake, gcm(t), spec); cryptoki.ClassOf(err) != cryptoki.Reinitialise {
				t.Fatalf("got %v", err)
			}
		})
	}
}

// TestRace makes a second key of the same id appear while the first is made.
func TestRace(t *testing.T) {
	fake := &hsmtest.Fake{}
	raced := false
	fake.Fail = func(function string) error {
		if function == "C_GenerateKey" && !raced {
			raced = true
			if _, err := wrapkey.Ensure(fake, gcm(t), spec); err != nil {
				t.Errorf("neighbour: %v", err)
			}
		}
		return nil
	}
	if _, err := wrapkey.Ensure(fake, gcm(t), spec); !errors.Is(err, wrapkey.ErrAmbiguous) {
		t.Fatalf("got %v", err)
	}
	if fake.Objects() != 1 {
		t.Fatalf("%d objects are left, not the neighbour's one", fake.Objects())
	}
}
