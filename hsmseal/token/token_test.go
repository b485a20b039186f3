package token_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"sync"
	"testing"

	"github.com/miekg/pkcs11"

	"github.com/palisade-vault/palisade/hsmseal/cryptoki"
	"github.com/palisade-vault/palisade/hsmseal/hsmtest"
	"github.com/palisade-vault/palisade/hsmseal/mechanism"
	"github.com/palisade-vault/palisade/hsmseal/token"
	"github.com/palisade-vault/palisade/hsmseal/wrapkey"
)

// with logs in with a fixed PIN.
func with(pin string) token.Authenticate {
	return func(_ token.Info, login func([]byte) error) error { return login([]byte(pin)) }
}

func open(t *testing.T, hsm *hsmtest.SoftHSM) *token.Token {
	t.Helper()
	hsm.Setenv(t)
	opened, err := token.Open(hsm.Module, token.Selector{Label: hsm.Label, Serial: hsm.Serial}, with(hsm.PIN))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := opened.Close(); err != nil {
			t.Error(err)
		}
	})
	return opened
}

func use(t *testing.T, opened *token.Token, f func(cryptoki.Session) error) error {
	t.Helper()
	return opened.Use(t.Context(), f)
}

func gcm(t *testing.T) mechanism.Mechanism {
	t.Helper()
	m, ok := mechanism.Lookup("aes-gcm")
	if !ok {
		t.Fatal("aes-gcm is not registered")
	}
	return m
}

func TestOpenRefuses(t *testing.T) {
	hsm := hsmtest.New(t)
	hsm.Setenv(t)
	right := token.Selector{Label: hsm.Label, Serial: hsm.Serial}
	tests := []struct {
		name   string
		module string
		want   token.Selector
		is     error
	}{
		{"relative module", "libsofthsm2.so", right, nil},
		{"missing module", "/nonexistent/libsofthsm2.so", right, nil},
		{"not a module", hsm.Config, right, nil},
		{"other label", hsm.Module, token.Selector{Label: "other", Serial: hsm.Serial}, token.ErrAbsent},
		{"other serial", hsm.Module, token.Selector{Label: hsm.Label, Serial: "0"}, token.ErrAbsent},
		{"no selector", hsm.Module, token.Selector{}, token.ErrAbsent},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := token.Open(test.module, test.want, func(token.Info, func([]byte) error) error {
				t.Error("asked to log in")
				return nil
			})
			if err == nil || (test.is != nil && !errors.Is(err, test.is)) {
				t.Fatalf("got %v", err)
			}
		})
	}
}

func TestLoginErrors(t *testing.T) {
	hsm := hsmtest.New(t)
	hsm.Setenv(t)
	want := token.Selector{Serial: hsm.Serial}
	if _, err := token.Open(hsm.Module, want, with("0000000000")); !cryptoki.IsCode(err, cryptoki.CodePINIncorrect) {
		t.Fatalf("wrong PIN: %v", err)
	}
	var seen token.Info
	twice := func(info token.Info, login func([]byte) error) error {
		seen = info
		if err := login([]byte(hsm.PIN)); err != nil {
			return err
		}
		return login([]byte(hsm.PIN))
	}
	opened, err := token.Open(hsm.Module, want, twice)
	if err != nil {
		t.Fatalf("already logged in is no success: %v", err)
	}
	if !seen.PINCountLow {
		t.Error("SoftHSM no longer reports failed attempts; the guard's end-to-end tests rely on it")
	}
	if info, err := opened.Refresh(); err != nil || info.PINCountLow || info.Label != hsm.Label {
		t.Errorf("after the login: %+v, %v", info, err)
	}
	if err := opened.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestConformanceOnSoftHSM(t *testing.T) {
	opened := open(t, hsmtest.New(t))
	dataKey := bytes.Repeat([]byte{3}, mechanism.DataKeySize)
	for _, m := range mechanism.All() {
		t.Run(m.Name, func(t *testing.T) {
			if !opened.Info().Supports(m.Needs) {
				t.Fatalf("SoftHSM does not list %v", m.Needs)
			}
			var keys []cryptoki.Handle
			var wrapped []byte
			err := use(t, opened, func(session cryptoki.Session) error {
				made, err := wrapkey.Ensure(session, m, wrapkey.Spec{ID: []byte(m.Name), Label: m.Name})
				if err != nil {
					return err
				}
				keys = made.Handles
				if allowed := made.Attributes["CKA_ALLOWED_MECHANISMS"]; allowed == "" {
					t.Error("SoftHSM was not told which mechanisms the key is for")
				}
				wrapped, err = m.Wrap(session, keys, rand.Reader, dataKey, []byte("aad"))
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			err = use(t, opened, func(session cryptoki.Session) error {
				got, err := m.Unwrap(session, keys, wrapped, []byte("aad"))
				if err == nil && !bytes.Equal(got, dataKey) {
					t.Errorf("unwrapped %x", got)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			err = use(t, opened, func(session cryptoki.Session) error {
				_, err := m.Unwrap(session, keys, wrapped, []byte("other"))
				return err
			})
			if err == nil {
				t.Fatal("another aad opens it")
			}
		})
	}
}

// TestSessionsAreBounded borrows from more goroutines than there are sessions,
// with failures between.
func TestSessionsAreBounded(t *testing.T) {
	opened := open(t, hsmtest.New(t))
	broken := &cryptoki.Error{Function: "test", Code: cryptoki.CodeDeviceError}
	var group sync.WaitGroup
	for goroutine := range 20 {
		group.Go(func() {
			for i := range 20 {
				err := use(t, opened, func(session cryptoki.Session) error {
					if _, err := session.Find(nil, 1); err != nil {
						t.Error(err)
					}
					if count, bound := opened.Sessions(); count > bound {
						t.Errorf("%d sessions, bound %d", count, bound)
					}
					if (goroutine+i)%3 == 0 {
						return broken
					}
					return nil
				})
				if err != nil && !errors.Is(err, broken) {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	if err := use(t, opened, func(session cryptoki.Session) error {
		_, err := wrapkey.Ensure(session, gcm(t), wrapkey.Spec{ID: []byte{1}})
		return err
	}); err != nil {
		t.Fatalf("the login was lost with the sessions: %v", err)
	}
}

// TestUseEndsWithContext waits for a session no longer than the context lasts.
func TestUseEndsWithContext(t *testing.T) {
	opened := open(t, hsmtest.New(t))
	_, bound := opened.Sessions()
	release := make(chan struct{})
	var group, borrowed sync.WaitGroup
	for range bound - 1 {
		borrowed.Add(1)
		group.Go(func() {
			if err := use(t, opened, func(cryptoki.Session) error {
				borrowed.Done()
				<-release
				return nil
			}); err != nil {
				t.Error(err)
			}
		})
	}
	borrowed.Wait()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := opened.Use(ctx, func(cryptoki.Session) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	close(release)
	group.Wait()
}

// TestWeakKeys makes keys past the safe template, by the bare library, and has
// each refused by name.
func TestWeakKeys(t *testing.T) {
	tests := []struct {
		name   string
		kind   uint
		value  bool
		reason string
	}{
		{"extractable", pkcs11.CKA_EXTRACTABLE, true, "CKA_EXTRACTABLE is true, must be false"},
		{"not sensitive", pkcs11.CKA_SENSITIVE, false, "CKA_SENSITIVE is false, must be true"},
		{"wraps", pkcs11.CKA_WRAP, true, "CKA_WRAP is true, must be false"},
		{"unwraps", pkcs11.CKA_UNWRAP, true, "CKA_UNWRAP is true, must be false"},
		{"derives", pkcs11.CKA_DERIVE, true, "CKA_DERIVE is true, must be false"},
		{"modifiable", pkcs11.CKA_MODIFIABLE, true, "CKA_MODIFIABLE is true, must be false"},
		{"public", pkcs11.CKA_PRIVATE, false, "CKA_PRIVATE is false, must be true"},
	}
	hsm := hsmtest.New(t)
	hsm.Setenv(t)
	vendor := newVendorTool(t, hsm)
	for _, test := range tests {
		vendor.generate([]byte(test.name), pkcs11.NewAttribute(test.kind, test.value))
	}
	vendor.imported([]byte("imported"))
	vendor.generate([]byte("twice"))
	vendor.generate([]byte("twice"))
	vendor.generate([]byte("short"), pkcs11.NewAttribute(pkcs11.CKA_VALUE_LEN, 16))
	vendor.close()
	opened := open(t, hsm)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { refused(t, opened, test.name, test.reason) })
	}
	t.Run("imported", func(t *testing.T) { refused(t, opened, "imported", "CKA_LOCAL is false, must be true") })
	t.Run("short", func(t *testing.T) { refused(t, opened, "short", "CKA_VALUE_LEN is 16, must be 32") })
	t.Run("twice", func(t *testing.T) {
		if err := ensure(t, opened, "twice"); !errors.Is(err, wrapkey.ErrAmbiguous) {
			t.Fatalf("got %v", err)
		}
	})
}
