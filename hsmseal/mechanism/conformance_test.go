package mechanism_test

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/palisade-vault/palisade/hsmseal/cryptoki"
	"github.com/palisade-vault/palisade/hsmseal/hsmtest"
	"github.com/palisade-vault/palisade/hsmseal/mechanism"
	"github.com/palisade-vault/palisade/hsmseal/wrapkey"
)

// TestNames freezes the persisted names: they may be added to, never changed.
func TestNames(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("testdata", "names.txt"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, m := range mechanism.All() {
		names = append(names, m.Name)
	}
	if diff := cmp.Diff(strings.Fields(string(text)), names); diff != "" {
		t.Fatal(diff)
	}
}

func TestLookup(t *testing.T) {
	for _, m := range mechanism.All() {
		if found, ok := mechanism.Lookup(m.Name); !ok || found.Name != m.Name {
			t.Errorf("%s is not found", m.Name)
		}
	}
	if _, ok := mechanism.Lookup("none"); ok {
		t.Error("found what is not registered")
	}
}

type subject struct {
	mechanism mechanism.Mechanism
	session   *hsmtest.Fake
	keys      []cryptoki.Handle
}

func newSubject(t *testing.T, m mechanism.Mechanism) subject {
	t.Helper()
	session := &hsmtest.Fake{}
	made, err := wrapkey.Ensure(session, m, wrapkey.Spec{ID: []byte{1}})
	if err != nil {
		t.Fatal(err)
	}
	return subject{m, session, made.Handles}
}

func (s subject) wrap(t *testing.T, dataKey, aad []byte) []byte {
	t.Helper()
	wrapped, err := s.mechanism.Wrap(s.session, s.keys, rand.Reader, dataKey, aad)
	if err != nil {
		t.Fatal(err)
	}
	return wrapped
}

func (s subject) refuses(t *testing.T, what string, wrapped, aad []byte) {
	t.Helper()
	if got, err := s.mechanism.Unwrap(s.session, s.keys, wrapped, aad); err == nil || got != nil {
		t.Fatalf("%s: got %d bytes and error %v", what, len(got), err)
	}
}

// TestConformance holds every mechanism to the same rules.
func TestConformance(t *testing.T) {
	dataKey := bytes.Repeat([]byte{9}, mechanism.DataKeySize)
	for _, m := range mechanism.All() {
		t.Run(m.Name, func(t *testing.T) {
			s := newSubject(t, m)
			for _, aad := range [][]byte{nil, []byte("a"), bytes.Repeat([]byte("long"), 1000)} {
				wrapped := s.wrap(t, dataKey, aad)
				if len(wrapped) != m.Size {
					t.Fatalf("a wrap has %d bytes, not %d", len(wrapped), m.Size)
				}
				if bytes.Contains(wrapped, dataKey) {
					t.Fatal("the wrap holds the data key")
				}
				if bytes.Equal(wrapped, s.wrap(t, dataKey, aad)) {
					t.Fatal("two wraps are equal")
				}
				before := bytes.Clone(wrapped)
				got, err := m.Unwrap(s.session, s.keys, wrapped, aad)
				if err != nil || !bytes.Equal(got, dataKey) {
					t.Fatalf("unwrapped %x, %v", got, err)
				}
				if !bytes.Equal(wrapped, before) {
					t.Fatal("Unwrap changed its input")
				}
				s.refuses(t, "other aad", wrapped, append([]byte("x"), aad...))
			}
		})
	}
}

func TestConformanceTampered(t *testing.T) {
	for _, m := range mechanism.All() {
		t.Run(m.Name, func(t *testing.T) {
			s := newSubject(t, m)
			wrapped := s.wrap(t, make([]byte, mechanism.DataKeySize), []byte("aad"))
			for bit := range len(wrapped) * 8 {
				flipped := bytes.Clone(wrapped)
				flipped[bit/8] ^= 1 << (bit % 8)
				s.refuses(t, "flipped bit", flipped, []byte("aad"))
			}
			for length := range len(wrapped) {
				s.refuses(t, "truncated", wrapped[:length], []byte("aad"))
			}
			for extra := range 100 {
				s.refuses(t, "extended", append(bytes.Clone(wrapped), make([]byte, extra+1)...), []byte("aad"))
			}
			other := newSubject(t, m)
			other.refuses(t, "other key", wrapped, []byte("aad"))
		})
	}
}

func TestConformanceDataKeySize(t *testing.T) {
	for _, m := range mechanism.All() {
		t.Run(m.Name, func(t *testing.T) {
			s := newSubject(t, m)
			for size := range 65 {
				if size == mechanism.DataKeySize {
					continue
				}
				if _, err := m.Wrap(s.session, s.keys, rand.Reader, make([]byte, size), nil); err == nil {
					t.Fatalf("a data key of %d bytes was wrapped", size)
				}
			}
		})
	}
}

// TestOverwrittenIV holds that a token's own IV is honoured.
func TestOverwrittenIV(t *testing.T) {
	m, _ := mechanism.Lookup("aes-gcm")
	s := newSubject(t, m)
	s.session.OverwriteIV = true
	host := bytes.NewReader(bytes.Repeat([]byte{0xEE}, 12))
	dataKey := make([]byte, mechanism.DataKeySize)
	wrapped, err := m.Wrap(s.session, s.keys, host, dataKey, nil)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.HasPrefix(wrapped, bytes.Repeat([]byte{0xEE}, 12)) {
		t.Fatal("the host's IV is in the wrap")
	}
	if got, err := m.Unwrap(s.session, s.keys, wrapped, nil); err != nil || !bytes.Equal(got, dataKey) {
		t.Fatalf("unwrapped %x, %v", got, err)
	}
}

// TestGCMForm freezes the wrap's layout: IV || ciphertext || tag, as AES-256-GCM
// with an all-zero key, IV and data key makes it. The first 16 bytes of the
// ciphertext are test case 14 of the GCM specification (McGrew and Viega).
func TestGCMForm(t *testing.T) {
	golden, err := os.ReadFile(filepath.Join("testdata", "aes-gcm.hex"))
	if err != nil {
		t.Fatal(err)
	}
	m, _ := mechanism.Lookup("aes-gcm")
	s := newSubject(t, m)
	s.session.SetValue(s.keys[0], make([]byte, 32))
	wrapped, err := m.Wrap(s.session, s.keys, bytes.NewReader(make([]byte, 12)), make([]byte, 32), []byte("aad"))
	if err != nil {
		t.Fatal(err)
	}
	got, want := hex.EncodeToString(wrapped), strings.TrimSpace(string(golden))
	if got != want {
		t.Fatalf("wrap is %s, want %s", got, want)
	}
	const known = "000000000000000000000000" + "cea7403d4d606b6e074ec5d3baf39d18"
	if !strings.HasPrefix(got, known) {
		t.Fatalf("wrap begins %s, want %s", got[:len(known)], known)
	}
}

// TestNoRandomNoWrap holds that a failing random source fails the wrap.
func TestNoRandomNoWrap(t *testing.T) {
	m, _ := mechanism.Lookup("aes-gcm")
	s := newSubject(t, m)
	if _, err := m.Wrap(s.session, s.keys, bytes.NewReader(nil), make([]byte, 32), nil); err == nil {
		t.Fatal("wrapped without an IV")
	}
}
