package worker

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"testing"

	"github.com/palisade-vault/palisade/hsmseal/cryptoki"
	"github.com/palisade-vault/palisade/hsmseal/hsmtest"
	"github.com/palisade-vault/palisade/hsmseal/token"
)

// fakeToken is an opened token over a fake session.
type fakeToken struct{ session *hsmtest.Fake }

func (f fakeToken) Use(_ context.Context, use func(cryptoki.Session) error) error {
	return use(f.session)
}

func (f fakeToken) Info() token.Info {
	return token.Info{Mechanisms: []cryptoki.MechanismType{cryptoki.AESKeyGen, cryptoki.AESGCM}}
}
func (f fakeToken) Refresh() (token.Info, error) { return f.Info(), nil }
func (fakeToken) Sessions() (open, bound int)    { return 1, 1 }
func (fakeToken) Close() error                   { return nil }

// fakeDevice counts how often it was opened.
func fakeDevice(t *testing.T) (d *device, fake *hsmtest.Fake, opens *int) {
	t.Helper()
	fake, opens = &hsmtest.Fake{}, new(int)
	d = &device{random: rand.Reader, open: func() (opened, error) {
		*opens++
		return fakeToken{session: fake}, nil
	}}
	if _, err := d.ensureKey(t.Context(), KeySpec{ID: []byte("k"), Mechanism: "aes-gcm"}); err != nil {
		t.Fatal(err)
	}
	return d, fake, opens
}

// failTimes makes the next calls of a function fail with a code.
func failTimes(function string, code cryptoki.Code, times int) func(string) error {
	return func(called string) error {
		if called != function || times == 0 {
			return nil
		}
		times--
		return &cryptoki.Error{Function: function, Code: code}
	}
}

// TestDeviceFaults holds what each class of failure leads to: the error, and
// how often the token is opened in all.
func TestDeviceFaults(t *testing.T) {
	const always = -1
	tests := []struct {
		name     string
		function string
		code     cryptoki.Code
		times    int
		tamper   bool
		want     error
		opens    int
	}{
		{"healthy", "", 0, 0, false, nil, 1},
		{"tampered", "", 0, 0, true, ErrCiphertext, 1},
		{"one failed decryption", "C_Decrypt", cryptoki.CodeGeneralError, 1, false, nil, 1},
		{"stale handle", "C_Decrypt", cryptoki.CodeObjectHandleInvalid, 2, false, nil, 2},
		{"general error until opened again", "C_Decrypt", cryptoki.CodeGeneralError, 2, false, nil, 2},
		{"dead", "C_Decrypt", cryptoki.CodeGeneralError, always, false, ErrDevice, 2},
		{"dead, and tampered", "C_Decrypt", cryptoki.CodeGeneralError, always, true, ErrDevice, 2},
		{"device error on tampered", "C_Decrypt", cryptoki.CodeDeviceError, 1, true, ErrCiphertext, 1},
		{"removed", "C_Decrypt", cryptoki.CodeDeviceRemoved, always, false, ErrDevice, 2},
		{"mechanism gone", "C_Decrypt", cryptoki.CodeMechanismInvalid, always, false, ErrUnsupported, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d, fake, opens := fakeDevice(t)
			key := KeyRef{ID: []byte("k"), Mechanism: "aes-gcm"}
			dataKey := bytes.Repeat([]byte{1}, DataKeySize)
			wrapped, err := d.wrap(t.Context(), key, dataKey, nil)
			if err != nil {
				t.Fatal(err)
			}
			if test.tamper {
				wrapped[20] ^= 1
			}
			fake.Fail = failTimes(test.function, test.code, test.times)
			got, err := d.unwrap(t.Context(), key, wrapped, nil)
			if err = translate(err); !errors.Is(err, test.want) {
				t.Fatalf("got error %v, want %v", err, test.want)
			}
			if err == nil && !bytes.Equal(got, dataKey) {
				t.Fatal("wrong data key")
			}
			if *opens != test.opens {
				t.Fatalf("opened %d times, want %d", *opens, test.opens)
			}
		})
	}
}

// TestRetriedWrap holds that a wrap survives one failure of every kind that
// may pass.
func TestRetriedWrap(t *testing.T) {
	for _, code := range []cryptoki.Code{
		cryptoki.CodeDeviceError, cryptoki.CodeGeneralError, cryptoki.CodeSessionHandleInvalid,
		cryptoki.CodeUserNotLoggedIn, cryptoki.CodeDeviceMemory, cryptoki.CodeSessionCount,
	} {
		t.Run(code.String(), func(t *testing.T) {
			d, fake, _ := fakeDevice(t)
			fake.Fail = failTimes("C_Encrypt", code, 1)
			if _, err := d.wrap(t.Context(), KeyRef{ID: []byte("k"), Mechanism: "aes-gcm"}, make([]byte, DataKeySize), nil); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// TestPanicIsAFault holds that a panic in the worker answers as the device's
// trouble and names nothing.
func TestPanicIsAFault(t *testing.T) {
	s := newTestService(t)
	var reply Answer
	if err := s.answer(&reply, func() error { panic("secret detail") }); err != nil {
		t.Fatal(err)
	}
	if err := reply.Fault.decode(); !errors.Is(err, ErrDevice) || bytes.Contains([]byte(err.Error()), []byte("secret")) {
		t.Fatalf("got %v", err)
	}
}
