package worker

import (
	"bytes"
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/go-hclog"

	"github.com/palisade-vault/palisade/hsmseal/cryptoki"
	"github.com/palisade-vault/palisade/hsmseal/mechanism"
	"github.com/palisade-vault/palisade/hsmseal/pinguard"
	"github.com/palisade-vault/palisade/hsmseal/wrapkey"
)

// TestFaultsCross sends every kind of error through gob, as net/rpc does.
func TestFaultsCross(t *testing.T) {
	device := &cryptoki.Error{Function: "C_Encrypt", Code: cryptoki.CodeDeviceError}
	tests := []struct {
		name string
		err  error
		want error
	}{
		{"device", fmt.Errorf("wrapping: %w", device), ErrDevice},
		{"malformed", mechanism.ErrMalformed, ErrDevice},
		{"ciphertext", fmt.Errorf("%w: x", ErrCiphertext), ErrCiphertext},
		{"pin", &pinguard.RefusedError{Token: "1", Text: "no"}, ErrPIN},
		{"none", fmt.Errorf("%w: 01", wrapkey.ErrNotFound), ErrNoKey},
		{"two", fmt.Errorf("%w: 01", wrapkey.ErrAmbiguous), ErrAmbiguousKey},
		{"mechanism", &cryptoki.Error{Function: "C_EncryptInit", Code: cryptoki.CodeMechanismInvalid}, ErrUnsupported},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			translated := translate(test.err)
			got := cross(t, encodeFault(translated)).decode()
			if !errors.Is(got, test.want) || got.Error() != translated.Error() {
				t.Fatalf("got %v, want %v of kind %v", got, translated, test.want)
			}
		})
	}
	var weak *WeakKeyError
	reasons := []string{"CKA_WRAP is true, must be false"}
	if got := cross(t, encodeFault(translate(&wrapkey.WeakError{Reasons: reasons}))).decode(); !errors.As(got, &weak) ||
		!cmp.Equal(weak.Reasons, reasons) {
		t.Fatalf("weak key came across as %v", got)
	}
	if encodeFault(nil).decode() != nil {
		t.Fatal("no error came across as one")
	}
	if got := cross(t, encodeFault(errors.New("a plain fault"))).decode(); got.Error() != "a plain fault" || isOurs(got) {
		t.Fatalf("plain error came across as %v", got)
	}
}

func cross(t *testing.T, f *fault) *fault {
	t.Helper()
	var wire bytes.Buffer
	if err := gob.NewEncoder(&wire).Encode(Answer{Fault: f}); err != nil {
		t.Fatal(err)
	}
	var reply Answer
	if err := gob.NewDecoder(&wire).Decode(&reply); err != nil {
		t.Fatal(err)
	}
	return reply.Fault
}

func TestWaitAfter(t *testing.T) {
	want := []time.Duration{0, 0, 100 * time.Millisecond, 200 * time.Millisecond, 400 * time.Millisecond}
	for failures, wait := range want {
		if got := waitAfter(failures); got != wait {
			t.Errorf("after %d failures: %v, want %v", failures, got, wait)
		}
	}
	if got := waitAfter(1000); got != maxWait {
		t.Errorf("after 1000 failures: %v, want %v", got, maxWait)
	}
}

// TestEnvironment holds that a worker inherits nothing but the listed names.
func TestEnvironment(t *testing.T) {
	t.Setenv("VAULT_TOKEN", "hvs.secret")
	t.Setenv("HOME", "/inherited")
	got := environment(map[string]string{"SOFTHSM2_CONF": "/conf", "HOME": "/configured"}, "/sockets")
	if slices.ContainsFunc(got, func(entry string) bool { return strings.Contains(entry, "hvs.secret") }) {
		t.Fatalf("the daemon's token is in %q", got)
	}
	// The last of two values wins.
	if slices.Index(got, "HOME=/configured") < slices.Index(got, "HOME=/inherited") || !slices.Contains(got, "SOFTHSM2_CONF=/conf") {
		t.Fatalf("environment %q", got)
	}
}

func TestSecretIsRedacted(t *testing.T) {
	request := Setup{PIN: secret("123456")}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%q", "%d"} {
		if text := fmt.Sprintf(verb, request); strings.Contains(text, "123456") || strings.Contains(text, "313233") || strings.Contains(text, "49 50") {
			t.Errorf("%s prints %s", verb, text)
		}
	}
}

func TestValidate(t *testing.T) {
	good := Config{Name: "a", Module: "/m.so", Label: "l", PIN: PINSource{File: "/pin"}, StateDir: "/state"}
	if err := good.Validate(); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name  string
		spoil func(*Config)
	}{
		{"no name", func(c *Config) { c.Name = "" }},
		{"relative module", func(c *Config) { c.Module = "m.so" }},
		{"no token", func(c *Config) { c.Label = "" }},
		{"relative state", func(c *Config) { c.StateDir = "state" }},
		{"negative deadline", func(c *Config) { c.Deadline = -1 }},
		{"no PIN", func(c *Config) { c.PIN = PINSource{} }},
		{"two PINs", func(c *Config) { c.PIN.FD = 3 }},
		{"relative PIN file", func(c *Config) { c.PIN.File = "pin" }},
		{"standard input as PIN", func(c *Config) { c.PIN = PINSource{FD: 2} }},
		{"negative descriptor", func(c *Config) { c.PIN = PINSource{FD: -1} }},
		{"environment name", func(c *Config) { c.Environment = map[string]string{"A=B": ""} }},
		{"environment value", func(c *Config) { c.Environment = map[string]string{"A": "\x00"} }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			config := good
			test.spoil(&config)
			if config.Validate() == nil {
				t.Fatal("taken")
			}
		})
	}
}

// TestBusyIsNotHung holds that a call waits for a session only so long that it
// can still end before the daemon takes the worker for hung.
func TestBusyIsNotHung(t *testing.T) {
	s := newTestService(t)
	s.setup.Deadline, s.device = time.Hour, &device{}
	var reply Answer
	err := s.serve(&reply, func(ctx context.Context, _ *device) error {
		if deadline, ok := ctx.Deadline(); !ok || time.Until(deadline) > time.Hour/2 {
			t.Errorf("a call waits until %v", deadline)
		}
		return context.DeadlineExceeded
	})
	if err != nil || !errors.Is(reply.Fault.decode(), ErrDevice) {
		t.Fatalf("got %v, %v", err, reply.Fault)
	}
}

func newTestService(t *testing.T) *service {
	t.Helper()
	return &service{log: hclog.NewNullLogger()}
}
