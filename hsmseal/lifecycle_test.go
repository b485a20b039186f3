package hsmseal_test

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/palisade-vault/palisade/hsmseal"
	"github.com/palisade-vault/palisade/hsmseal/worker"
)

func TestTokenAwayAtStart(t *testing.T) {
	tick, waits := make(chan time.Time), make(chan time.Duration)
	after := func(wait time.Duration) <-chan time.Time { waits <- wait; return tick }
	d := start(t, after, func(d *daemon) { d.a.fault = worker.ErrDevice; d.config.Tenants = d.config.Tenants[:1] })
	first := <-waits
	tick <- time.Time{}
	if second := <-waits; second != 2*first {
		t.Errorf("waits %v, then %v", first, second)
	}
	token, done := d.token(t, "one"), make(chan answer)
	go func() { done <- d.call(t, "PUT", "/v1/transit/encrypt/one", token, `{"plaintext":""}`) }()
	d.a.set(func(f *fakeToken) { f.fault = nil })
	tick <- time.Time{}
	if got := <-done; got.status != http.StatusOK {
		t.Errorf("a call held during the start: %d %s", got.status, got.body)
	}
}

func TestCallsAreHeldNoLongerThanTheirDeadline(t *testing.T) {
	config := testConfig(t)
	opener := newOpener(config, hclog.NewNullLogger(), newFakeToken("a"), newFakeToken("b"))
	token, err := hsmseal.IssueClientToken(config, "one", strings.NewReader(strings.Repeat("r", 32)))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithDeadline(t.Context(), time.Unix(1, 0))
	defer cancel()
	request := httptest.NewRequestWithContext(ctx, "PUT", "/v1/transit/encrypt/one", strings.NewReader(`{"plaintext":""}`))
	request.Header.Set("X-Vault-Token", token.Reveal())
	recorder := httptest.NewRecorder()
	hsmseal.NewServer(opener).ServeHTTP(recorder, request)
	if recorder.Code != http.StatusServiceUnavailable || recorder.Header().Get("Retry-After") != "1" {
		t.Errorf("got %d %s", recorder.Code, recorder.Body)
	}
}

func TestOneBadTenantLeavesTheOthers(t *testing.T) {
	d := start(t, never, func(d *daemon) { d.b.weak = []string{"CKA_EXTRACTABLE is true", "CKA_WRAP is true"} })
	if got := d.call(t, "PUT", "/v1/transit/encrypt/one", d.token(t, "one"), `{"plaintext":""}`); got.status != http.StatusOK {
		t.Errorf("the good tenant: %d %s", got.status, got.body)
	}
	write := func() error {
		_, err := d.vault(t, d.token(t, "two"), "ns").Logical().WriteWithContext(t.Context(), "deep/transit/encrypt/two", map[string]any{"plaintext": ""})
		return err
	}
	if err := write(); err == nil || !strings.Contains(err.Error(), "503") {
		t.Errorf("the bad tenant: %v", err)
	}
	for _, reason := range []string{"CKA_EXTRACTABLE is true", "CKA_WRAP is true", "tenant=two"} {
		if !strings.Contains(d.log.String(), reason) {
			t.Errorf("the log does not say %q", reason)
		}
	}
}

func TestNoTenantLeftEndsTheDaemon(t *testing.T) {
	config, a := testConfig(t), newFakeToken("a")
	a.fault = worker.ErrPIN
	listener, err := net.Listen("unix", filepath.Join(t.TempDir(), "s")) //nolint:noctx // a test's own socket
	if err != nil {
		t.Fatal(err)
	}
	err = hsmseal.NewServer(newOpener(config, hclog.NewNullLogger(), a, newFakeToken("b"))).Run(t.Context(), listener, never)
	for _, want := range []string{`tenant "one"`, `tenant "two"`} {
		if !errors.Is(err, worker.ErrPIN) || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v", err)
		}
	}
}

func TestDrain(t *testing.T) {
	d := start(t, never, func(d *daemon) { d.config.Tenants = d.config.Tenants[:1] })
	token := d.token(t, "one")
	d.call(t, "PUT", "/v1/transit/encrypt/one", token, `{"plaintext":""}`)
	called := make(chan struct{})
	d.a.set(func(f *fakeToken) { f.called = called })
	ctx, giveUp := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		_, err := d.vault(t, token, "").Logical().WriteWithContext(ctx, "transit/encrypt/one", map[string]any{"plaintext": ""})
		done <- err
	}()
	<-called
	d.cancel()
	select {
	case err := <-d.ended:
		t.Errorf("ended while a request ran: %v", err)
	default:
	}
	giveUp()
	if err := <-done; err == nil {
		t.Error("a request whose caller left succeeded")
	}
}

func TestListen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	config := hsmseal.ListenerConfig{Path: path, Mode: 0o600}
	first, err := hsmseal.Listen(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if _, err := hsmseal.Listen(t.Context(), config); err == nil || !strings.Contains(err.Error(), "another process serves") {
		t.Errorf("a socket in use was taken: %v", err)
	}
	unix, ok := first.(*net.UnixListener)
	if !ok {
		t.Fatalf("a %T", first)
	}
	unix.SetUnlinkOnClose(false) // as after kill -9
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	second, err := hsmseal.Listen(t.Context(), hsmseal.ListenerConfig{Path: path, Mode: 0o660})
	if err != nil {
		t.Fatalf("a stale socket stands in the way: %v", err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o660 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if err := second.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := hsmseal.Listen(t.Context(), config); err == nil || !strings.Contains(err.Error(), "is no socket") {
		t.Errorf("a file was removed: %v", err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
}

func TestStateDirectoryOthersCanWrite(t *testing.T) {
	config := testConfig(t)
	if err := os.Chmod(config.StateDir, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := hsmseal.PrepareStateDir(config); err == nil || !strings.Contains(err.Error(), "written by others") {
		t.Errorf("got %v", err)
	}
}

// directory is what stat says of a directory of some user.
type directory struct {
	fs.FileInfo
	uid  uint32
	mode fs.FileMode
}

func (d directory) Mode() fs.FileMode { return fs.ModeDir | d.mode }
func (d directory) Sys() any          { return &syscall.Stat_t{Uid: d.uid} }

// TestStateDirectoryOfAnotherUser: its owner could issue itself client tokens.
func TestStateDirectoryOfAnotherUser(t *testing.T) {
	for _, test := range []struct {
		name string
		info directory
		want string
	}{
		{"own", directory{uid: 1000, mode: 0o700}, ""},
		{"root's", directory{uid: 0, mode: 0o755}, ""},
		{"another's", directory{uid: 1001, mode: 0o700}, "belongs to another user"},
		{"group writes", directory{uid: 1000, mode: 0o770}, "written by others"},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := hsmseal.OnlyOursToWrite("/d", test.info, 1000)
			if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestPanicWhileATenantOpens(t *testing.T) {
	config, a, log := testConfig(t), newFakeToken("a"), &logBuffer{}
	config.Tenants = config.Tenants[:1]
	a.panics = true
	listener, err := hsmseal.Listen(t.Context(), hsmseal.ListenerConfig{Path: filepath.Join(t.TempDir(), "s"), Mode: 0o600})
	if err != nil {
		t.Fatal(err)
	}
	err = hsmseal.NewServer(newOpener(config, log.logger(), a, nil)).Run(t.Context(), listener, never)
	if err == nil || !strings.Contains(err.Error(), `tenant "one"`) || strings.Contains(err.Error()+log.String(), "secret value") {
		t.Errorf("got %v", err)
	}
}
