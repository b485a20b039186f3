package worker_test

import (
	"bytes"
	"context"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/palisade-vault/palisade/hsmseal/hsmtest"
	"github.com/palisade-vault/palisade/hsmseal/worker"
)

func contextWithTimeout(t *testing.T, limit time.Duration) (context.Context, context.CancelFunc) {
	t.Helper()
	return context.WithTimeout(t.Context(), limit)
}

// TestTampering flips every bit, cuts every length and changes the aad: each
// is the ciphertext's fault, and no worker is lost over it.
func TestTampering(t *testing.T) {
	token := start(t, config(hsmtest.New(t)))
	ensure(t, token)
	wrapped, err := token.Wrap(t.Context(), keyRef, dataKey, aad)
	if err != nil {
		t.Fatal(err)
	}
	refused := func(wrapped, aad []byte) {
		t.Helper()
		dataKey, err := token.Unwrap(t.Context(), keyRef, wrapped, aad)
		wantError(t, err, worker.ErrCiphertext)
		if dataKey != nil {
			t.Fatal("a data key beside the error")
		}
	}
	for bit := range len(wrapped) * 8 {
		flipped := bytes.Clone(wrapped)
		flipped[bit/8] ^= 1 << (bit % 8)
		refused(flipped, aad)
	}
	for length := range len(wrapped) {
		refused(wrapped[:length], aad)
	}
	refused(append(bytes.Clone(wrapped), 0), aad)
	refused(wrapped, []byte("another"))
	refused(wrapped, nil)
	roundTrip(t, token)
	if status, err := token.Status(t.Context()); err != nil || status.Restarts != 0 {
		t.Fatalf("status %+v, %v", status, err)
	}
}

// TestHammer uses the token from many goroutines.
func TestHammer(t *testing.T) {
	token := start(t, config(hsmtest.New(t)))
	ensure(t, token)
	var group sync.WaitGroup
	for range 2 {
		group.Go(func() {
			for range 300 {
				wrapped, err := token.Wrap(t.Context(), keyRef, dataKey, aad)
				if err != nil {
					t.Error(err)
					return
				}
				if got, err := token.Unwrap(t.Context(), keyRef, wrapped, aad); err != nil || !bytes.Equal(got, dataKey) {
					t.Errorf("unwrapped %x, %v", got, err)
					return
				}
			}
		})
	}
	group.Wait()
}

// TestBadArguments are refused without a lost worker.
func TestBadArguments(t *testing.T) {
	token := start(t, config(hsmtest.New(t)))
	ensure(t, token)
	long := worker.KeyRef{ID: make([]byte, worker.MaxKeyID+1), Mechanism: "aes-gcm"}
	none := worker.KeyRef{ID: []byte("none"), Mechanism: "aes-gcm"}
	for _, size := range []int{0, 31, 33} {
		if _, err := token.Wrap(t.Context(), keyRef, make([]byte, size), aad); err == nil {
			t.Errorf("a data key of %d bytes was taken", size)
		}
	}
	for _, ref := range []worker.KeyRef{long, {Mechanism: "aes-gcm"}} {
		if _, err := token.Wrap(t.Context(), ref, dataKey, aad); err == nil {
			t.Errorf("a key id of %d bytes was taken", len(ref.ID))
		}
	}
	_, err := token.Wrap(t.Context(), none, dataKey, aad)
	wantError(t, err, worker.ErrNoKey)
	_, err = token.Wrap(t.Context(), worker.KeyRef{ID: keyRef.ID, Mechanism: "rot13"}, dataKey, aad)
	wantError(t, err, worker.ErrUnsupported)
	_, err = token.EnsureKey(t.Context(), worker.KeySpec{ID: []byte("none"), Mechanism: "aes-gcm", MustExist: true})
	wantError(t, err, worker.ErrNoKey)
}

// TestRemovedToken pulls the token and puts it back: the same worker recovers.
func TestRemovedToken(t *testing.T) {
	hsm := hsmtest.New(t)
	token := start(t, config(hsm))
	ensure(t, token)
	wrapped, err := token.Wrap(t.Context(), keyRef, dataKey, aad)
	if err != nil {
		t.Fatal(err)
	}
	restore := hsm.Remove(t)
	for range 3 {
		_, err = token.Unwrap(t.Context(), keyRef, wrapped, aad)
		wantError(t, err, worker.ErrDevice)
	}
	_, err = token.Wrap(t.Context(), keyRef, dataKey, aad)
	wantError(t, err, worker.ErrDevice)
	_, err = token.EnsureKey(t.Context(), keySpec)
	wantError(t, err, worker.ErrDevice)
	restore()
	if got, err := token.Unwrap(t.Context(), keyRef, wrapped, aad); err != nil || !bytes.Equal(got, dataKey) {
		t.Fatalf("unwrapped %x, %v", got, err)
	}
	roundTrip(t, token)
}

// TestAbsentToken starts without the token: calls fail until it is there.
func TestAbsentToken(t *testing.T) {
	hsm := hsmtest.New(t)
	restore := hsm.Remove(t)
	token := start(t, config(hsm))
	_, err := token.EnsureKey(t.Context(), keySpec)
	wantError(t, err, worker.ErrDevice)
	restore()
	ensure(t, token)
	roundTrip(t, token)
}

// TestMissingModule is the device's fault, at every call.
func TestMissingModule(t *testing.T) {
	settings := config(hsmtest.New(t))
	settings.Module = filepath.Join(t.TempDir(), "none.so")
	token := start(t, settings)
	_, err := token.Status(t.Context())
	wantError(t, err, worker.ErrDevice)
}
