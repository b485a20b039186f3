package keyring

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/palisade-vault/palisade/backend"
	"github.com/palisade-vault/palisade/backend/backendtest"
	"github.com/palisade-vault/palisade/pqtransit/suite"
)

func slowKeyring(turns Turns) *Keyring {
	return New(Options{Rand: rand.Reader, Now: time.Now, Cache: true, Slow: turns})
}

// At no time are more keys being made than there are turns, and all get theirs.
func TestTurnsBoundWhatIsSlow(t *testing.T) {
	turns, slow := make(Turns, 2), find(t, "rsa-4096")
	var running, most, did atomic.Int32
	key, err := find(t, "ecdsa-p256").Generate()
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			made, err := turns.toMake(t.Context(), slow, func() (suite.Key, error) {
				now := running.Add(1)
				for seen := most.Load(); now > seen && !most.CompareAndSwap(seen, now); seen = most.Load() {
				}
				defer running.Add(-1)
				did.Add(1)
				return key, nil
			})
			if err != nil || made != key {
				t.Errorf("%v, %v", made, err)
			}
		})
	}
	all.Wait()
	if most.Load() > 2 || did.Load() != 50 {
		t.Errorf("%d made, %d at once", did.Load(), most.Load())
	}
}

// While every turn is taken, what is slow waits, and everything else goes on.
func TestQuickOperationsDoNotWait(t *testing.T) {
	ctx, storage, turns := t.Context(), backendtest.NewStorage(), make(Turns, 1)
	keys := slowKeyring(turns)
	release, err := turns.Take(ctx)
	if err != nil {
		t.Fatal(err)
	}
	waiting, leave := context.WithCancel(ctx)
	gone := make(chan error, 8)
	for i := range cap(gone) {
		go func() {
			_, _, err := keys.Create(waiting, storage, fmt.Sprint("rsa", i), Spec{Type: "rsa-4096"})
			gone <- err
		}()
	}
	for _, s := range suite.All() {
		if s.SlowToMake {
			continue
		}
		if _, _, err := keys.Create(ctx, storage, s.Name, Spec{Type: s.Name}); err != nil {
			t.Fatalf("%s: %v", s.Name, err)
		}
		if _, err := keys.Rotate(ctx, storage, s.Name, Rotation{}); err != nil {
			t.Fatalf("%s: %v", s.Name, err)
		}
	}
	select {
	case err := <-gone:
		t.Fatalf("an RSA key was not waited for: %v", err)
	default:
	}
	leave()
	for range cap(gone) {
		if err := <-gone; !errors.Is(err, backend.ErrGone) {
			t.Errorf("error %v", err)
		}
	}
	for path := range storage.Snapshot() {
		if path == "policy/rsa0" {
			t.Error("a key of a caller who went was stored")
		}
	}
	release()
	if key, _, err := keys.Create(ctx, storage, "rsa0", Spec{Type: "rsa-2048"}); err != nil || key.Latest != 1 {
		t.Errorf("afterwards: %v", err)
	}
}

// A caller who goes while his key is being made gets it no more, and the turn is taken until
// the work is done, for nobody.
func TestCallerGoesMeanwhile(t *testing.T) {
	turns, slow := make(Turns, 1), find(t, "rsa-4096")
	ctx, leave := context.WithCancel(t.Context())
	started, finish := make(chan struct{}), make(chan struct{})
	go func() {
		<-started
		leave()
	}()
	key, err := turns.toMake(ctx, slow, func() (suite.Key, error) {
		close(started)
		<-finish
		return nil, nil
	})
	if key != nil || !errors.Is(err, backend.ErrGone) {
		t.Errorf("%v, %v", key, err)
	}
	if len(turns) != 1 {
		t.Error("the turn is free while the work goes on")
	}
	close(finish)
	release, err := turns.Take(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	release()
	if _, err := turns.toMake(ctx, slow, func() (suite.Key, error) { return nil, errors.New("started") }); !errors.Is(err, backend.ErrGone) {
		t.Errorf("for a caller who is gone: %v", err)
	}
}

func TestPanicWhileMakingAKey(t *testing.T) {
	turns := make(Turns, 1)
	key, err := turns.toMake(t.Context(), find(t, "rsa-4096"), func() (suite.Key, error) { panic("secret") })
	if key != nil || err == nil || err.Error() != "panic while making a key" {
		t.Errorf("%v, %v", key, err)
	}
	if _, err := turns.Take(t.Context()); err != nil {
		t.Error(err)
	}
}

// A rotation whose caller goes leaves the key as it was.
func TestRotationOfACallerWhoGoes(t *testing.T) {
	storage, turns := backendtest.NewStorage(), make(Turns, 1)
	keys := slowKeyring(turns)
	if _, _, err := keys.Create(t.Context(), storage, "k", Spec{Type: "rsa-2048"}); err != nil {
		t.Fatal(err)
	}
	before := storage.Snapshot()
	if _, err := turns.Take(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, leave := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		_, err := keys.Rotate(ctx, storage, "k", Rotation{})
		done <- err
	}()
	leave()
	if err := <-done; err == nil {
		t.Error("rotated for nobody")
	}
	if key, err := keys.Get(t.Context(), storage, "k"); err != nil || key.Latest != 1 || len(storage.Snapshot()) != len(before) {
		t.Errorf("version %d, %v", key.Latest, err)
	}
}

// BenchmarkBesideRSA encrypts while 8 callers make keys of rsa-4096 without pause: alone, with
// all of them at once, and in turns.
func BenchmarkBesideRSA(b *testing.B) {
	for _, setting := range []struct {
		name    string
		callers int
		turns   Turns
	}{{"alone", 0, nil}, {"all at once", 8, nil}, {"in turns", 8, NewTurns()}} {
		b.Run(setting.name, func(b *testing.B) {
			ctx, leave := context.WithCancel(b.Context())
			storage, keys := backendtest.NewStorage(), slowKeyring(setting.turns)
			var all sync.WaitGroup
			for caller := range setting.callers {
				all.Go(func() {
					for i := 0; ctx.Err() == nil; i++ {
						_, _, _ = keys.Create(ctx, storage, fmt.Sprintf("rsa-%d-%d", caller, i), Spec{Type: "rsa-4096"})
					}
				})
			}
			key, _, err := keys.Create(ctx, storage, "k", Spec{Type: "x25519-mlkem768"})
			if err != nil {
				b.Fatal(err)
			}
			var times []time.Duration
			for b.Loop() {
				start := time.Now()
				if _, _, err := key.Encrypt(Parameters{}, make([]byte, 1024)); err != nil {
					b.Fatal(err)
				}
				times = append(times, time.Since(start))
			}
			leave()
			all.Wait()
			slices.Sort(times)
			b.ReportMetric(float64(times[len(times)/2].Microseconds())/1000, "p50-ms")
			b.ReportMetric(float64(times[len(times)*99/100].Microseconds())/1000, "p99-ms")
			b.ReportMetric(0, "ns/op")
		})
	}
}
