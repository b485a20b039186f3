package hsmseal_test

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/palisade-vault/palisade/hsmseal"
	"github.com/palisade-vault/palisade/hsmseal/envelope"
	"github.com/palisade-vault/palisade/hsmseal/worker"
)

// fakeToken is a token in memory, with faults to switch on.
type fakeToken struct {
	serial string

	mu      sync.Mutex // guards what follows
	keys    map[string][]byte
	weak    []string
	fault   error // answers every call
	panics  bool
	called  chan struct{} // when set, a call sends to it and then lasts until its context ends
	made    int
	unwraps int
}

var _ worker.Token = (*fakeToken)(nil)

func newFakeToken(serial string) *fakeToken {
	return &fakeToken{serial: serial, keys: map[string][]byte{}}
}

func (f *fakeToken) set(change func(*fakeToken)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(f)
}

// begin returns the fault.
func (f *fakeToken) begin(ctx context.Context) error {
	f.mu.Lock()
	called := f.called
	f.mu.Unlock()
	if called != nil {
		select {
		case called <- struct{}{}:
		case <-ctx.Done():
		}
		<-ctx.Done()
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.panics {
		panic("secret value")
	}
	return errors.Join(ctx.Err(), f.fault)
}

func (f *fakeToken) EnsureKey(ctx context.Context, spec worker.KeySpec) (worker.KeyInfo, error) {
	if err := f.begin(ctx); err != nil {
		return worker.KeyInfo{}, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.weak) > 0 {
		return worker.KeyInfo{}, &worker.WeakKeyError{Reasons: f.weak}
	}
	info := worker.KeyInfo{ID: spec.ID, Mechanism: spec.Mechanism}
	if f.keys[string(spec.ID)] == nil && spec.MustExist {
		return info, worker.ErrNoKey
	}
	if f.keys[string(spec.ID)] == nil {
		key, err := envelope.NewDataKey(rand.Reader)
		if err != nil {
			return info, err
		}
		f.keys[string(spec.ID)] = key
		f.made++
		info.Created = true
	}
	return info, nil
}

func (f *fakeToken) cipher(ref worker.KeyRef) (cipher.AEAD, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	key := f.keys[string(ref.ID)]
	if key == nil {
		return nil, fmt.Errorf("%w: id %x", worker.ErrNoKey, ref.ID)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

func (f *fakeToken) Wrap(ctx context.Context, ref worker.KeyRef, dataKey, aad []byte) ([]byte, error) {
	if err := f.begin(ctx); err != nil {
		return nil, err
	}
	aead, err := f.cipher(ref)
	if err != nil {
		return nil, err
	}
	return aead.Seal(nil, nil, dataKey, aad), nil
}

func (f *fakeToken) Unwrap(ctx context.Context, ref worker.KeyRef, wrapped, aad []byte) ([]byte, error) {
	f.set(func(f *fakeToken) { f.unwraps++ })
	if err := f.begin(ctx); err != nil {
		return nil, err
	}
	aead, err := f.cipher(ref)
	if err != nil {
		return nil, err
	}
	out, err := aead.Open(nil, nil, wrapped, aad)
	if err != nil {
		return nil, worker.ErrCiphertext
	}
	return out, nil
}

func (f *fakeToken) Status(ctx context.Context) (worker.Status, error) {
	return worker.Status{Label: "fake", Manufacturer: "test", Model: "fake", Serial: f.serial}, f.begin(ctx)
}

// logBuffer is a log that a test can read while it is written.
type logBuffer struct {
	mu  sync.Mutex // guards buf
	buf bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func (l *logBuffer) logger() hclog.Logger {
	return hclog.New(&hclog.LoggerOptions{Level: hclog.Trace, Output: l})
}

// testConfig is a configuration with fake tokens a and b and tenants one (token
// a) and two (tokens a and b).
func testConfig(t *testing.T) hsmseal.Config {
	t.Helper()
	token := func(name string) hsmseal.TokenConfig {
		return hsmseal.TokenConfig{Config: worker.Config{Name: name}, Mechanism: "aes-gcm"}
	}
	config := hsmseal.Config{
		StateDir: t.TempDir(),
		Tokens:   []hsmseal.TokenConfig{token("a"), token("b")},
		Tenants: []hsmseal.TenantConfig{
			{Name: "one", Binding: envelope.Tenant{MountPath: "transit", KeyName: "one"}, Tokens: []string{"a"}},
			{Name: "two", Binding: envelope.Tenant{Namespace: "ns", MountPath: "deep/transit", KeyName: "two"}, Tokens: []string{"a", "b"}},
		},
	}
	if err := hsmseal.PrepareStateDir(config); err != nil {
		t.Fatal(err)
	}
	return config
}

func newOpener(config hsmseal.Config, log hclog.Logger, a, b worker.Token) hsmseal.Opener {
	return hsmseal.Opener{
		Config: config, Tokens: map[string]worker.Token{"a": a, "b": b}, Random: rand.Reader,
		Now: func() time.Time { return time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC) }, Log: log,
	}
}
