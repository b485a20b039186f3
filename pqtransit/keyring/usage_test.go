package keyring_test

import (
	"crypto/rand"
	"errors"
	"flag"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/palisade-vault/palisade/backend/backendtest"
	"github.com/palisade-vault/palisade/pqtransit/digest"
	"github.com/palisade-vault/palisade/pqtransit/keyring"
	"github.com/palisade-vault/palisade/pqtransit/suite"
	"github.com/palisade-vault/palisade/pqtransit/usage"
)

func (m *mount) flush() error {
	return m.keys.FlushUsage(m.Context(), m.storage, time.Now().Add(time.Hour), math.MaxInt)
}

func (m *mount) mustFlush() {
	m.Helper()
	if err := m.flush(); err != nil {
		m.Fatal(err)
	}
}

func (m *mount) uses(name string) map[int]usage.Use {
	m.Helper()
	uses, err := m.keys.Uses(m.Context(), m.storage, m.get(name))
	if err != nil {
		m.Fatal(err)
	}
	return uses
}

// wantUses compares all but the times, which must be there where there was a use.
func (m *mount) wantUses(name string, want map[int]usage.Use) {
	m.Helper()
	got := m.uses(name)
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(usage.Total{}, "Last")); diff != "" {
		m.Error(diff)
	}
	for number, use := range got {
		for _, total := range []usage.Total{use.Protected, use.Processed} {
			if (total.Operations > 0) == total.Last.IsZero() || time.Since(total.Last) < 0 {
				m.Errorf("version %d: %+v", number, total)
			}
		}
	}
}

func protected(operations, bytes int64) usage.Use {
	return usage.Use{Protected: usage.Total{Operations: operations, Bytes: bytes}}
}

func both(operations, bytes int64) usage.Use {
	total := usage.Total{Operations: operations, Bytes: bytes}
	return usage.Use{Protected: total, Processed: total}
}

func TestUsesOfVersions(t *testing.T) {
	m := newMount(t)
	m.create("k", keyring.Spec{Type: symmetric})
	m.wantUses("k", map[int]usage.Use{})
	old := m.encrypt("k", keyring.Parameters{}, "seven!!")
	m.rotate("k", keyring.Rotation{})
	m.mustDecrypt("k", keyring.Parameters{}, old, "seven!!")
	m.encrypt("k", keyring.Parameters{}, "x")
	want := map[int]usage.Use{1: both(1, 7), 2: protected(1, 1)}
	m.wantUses("k", want)
	for range 2 {
		m.mustFlush()
		m.wantUses("k", want)
		m = m.fresh()
		m.wantUses("k", want)
	}
	// What was stored and what was counted since are one.
	m.mustDecrypt("k", keyring.Parameters{}, old, "seven!!")
	want[1] = usage.Use{Protected: want[1].Protected, Processed: usage.Total{Operations: 2, Bytes: 14}}
	m.wantUses("k", want)
	// Trimmed versions are forgotten.
	m.configure("k", keyring.Configuration{MinDecryption: new(2), MinEncryption: new(2)})
	m.wantUses("k", want)
	if _, err := m.keys.Trim(t.Context(), m.storage, "k", new(2)); err != nil {
		t.Fatal(err)
	}
	m.encrypt("k", keyring.Parameters{}, "")
	want = map[int]usage.Use{2: protected(2, 1)}
	m.wantUses("k", want)
	m.mustFlush()
	m.fresh().wantUses("k", want)
}

// Every operation counts, whatever the algorithm, and one that fails does not.
func TestEveryOperationIsCounted(t *testing.T) {
	sha, _ := digest.Lookup(digest.Default)
	for name, test := range map[string]struct {
		spec keyring.Spec
		use  func(key *keyring.Key) error
		want usage.Use
	}{
		"rewrap": {keyring.Spec{Type: symmetric}, func(key *keyring.Key) error {
			text, _, err := key.Encrypt(keyring.Parameters{}, []byte("abc"))
			if err == nil {
				_, _, err = key.Rewrap(keyring.Rewrapping{}, text)
			}
			return err
		}, usage.Use{Protected: usage.Total{Operations: 2, Bytes: 6}, Processed: usage.Total{Operations: 1, Bytes: 3}}},
		"data key": {keyring.Spec{Type: hybrid}, func(key *keyring.Key) error {
			_, err := key.DataKey(keyring.Parameters{}, 32)
			return err
		}, protected(1, 32)},
		"derived keys": {keyring.Spec{Type: symmetric}, func(key *keyring.Key) error {
			_, err := key.DerivedKeys(keyring.Parameters{}, keyring.Derivation{To: 3}, 16)
			return err
		}, protected(3, 48)},
		"signature": {keyring.Spec{Type: "ecdsa-p256"}, func(key *keyring.Key) error {
			signature, err := key.Sign(keyring.Signing{}, []byte("abc"))
			if err == nil {
				_, err = key.Verify(keyring.Signing{}, []byte("abc"), signature.Text)
			}
			return err
		}, both(1, 3)},
		"HMAC": {keyring.Spec{Type: "ecdsa-p256"}, func(key *keyring.Key) error {
			mac, err := key.NewHMAC(sha, 0)
			if err != nil {
				return err
			}
			_, err = key.HMACVerifier(sha).Verify([]byte("abc"), mac.Sum([]byte("abc")))
			return err
		}, both(1, 3)},
		"CMAC": {keyring.Spec{Type: "aes256-cmac"}, func(key *keyring.Key) error {
			mac, err := key.NewCMAC(0)
			if err != nil {
				return err
			}
			code, err := mac.Sum(0, []byte("abc"))
			if err == nil {
				var verifier *keyring.CMAC
				if verifier, err = key.CMACVerifier(); err == nil {
					_, err = verifier.Verify(0, []byte("abc"), code)
				}
			}
			return err
		}, both(1, 3)},
		"encapsulation": {keyring.Spec{Type: "ml-kem-768", Purpose: suite.KeyEncapsulation}, func(key *keyring.Key) error {
			made, err := key.Encapsulate(0)
			if err == nil {
				_, _, err = key.Decapsulate(made.Ciphertext, made.Confirmation)
			}
			return err
		}, both(1, 0)},
		"refused": {keyring.Spec{Type: symmetric}, func(key *keyring.Key) error {
			_, _, err := key.Encrypt(keyring.Parameters{Version: 7}, []byte("abc"))
			if err == nil {
				return errors.New("version 7 encrypts")
			}
			if _, err = key.Decrypt(keyring.Parameters{}, "vault:v1:AAAA"); err == nil {
				return errors.New("noise decrypts")
			}
			return nil
		}, usage.Use{}},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMount(t)
			if err := test.use(m.create("k", test.spec)); err != nil {
				t.Fatal(err)
			}
			want := map[int]usage.Use{1: test.want}
			if test.want.IsZero() {
				want = map[int]usage.Use{}
			}
			m.wantUses("k", want)
		})
	}
}

// A warm use costs no storage call, counting included.
func TestCountingIsNoStorageCall(t *testing.T) {
	m := newMount(t)
	m.create("k", keyring.Spec{Type: symmetric})
	before := m.storage.Counts()
	for range 100 {
		m.mustDecrypt("k", keyring.Parameters{}, m.encrypt("k", keyring.Parameters{}, "x"), "x")
	}
	if got := m.storage.Counts(); got != before {
		t.Errorf("%+v, before %+v", got, before)
	}
}

// A key that is made again under the same name begins with no use.
func TestUsesEndWithTheKey(t *testing.T) {
	m := newMount(t)
	again := func() {
		t.Helper()
		m.create("k", keyring.Spec{Type: symmetric})
		m.wantUses("k", map[int]usage.Use{})
	}
	m.create("k", keyring.Spec{Type: symmetric})
	m.encrypt("k", keyring.Parameters{}, "x")
	m.mustFlush()
	leftover := m.storage.Snapshot()["palisade/usage/k"]
	m.encrypt("k", keyring.Parameters{}, "x")
	m.configure("k", keyring.Configuration{DeletionAllowed: new(true)})
	if err := m.keys.Delete(t.Context(), m.storage, "k"); err != nil {
		t.Fatal(err)
	}
	m.mustFlush()
	if left := m.storage.Snapshot(); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
	again()
	// As the built-in engine leaves it, which knows no such entry.
	m = over(t, map[string][]byte{"palisade/usage/k": leftover})
	again()
}

func TestFaultsLoseNoCounts(t *testing.T) {
	m := newMount(t)
	for _, name := range []string{"a", "b"} {
		m.create(name, keyring.Spec{Type: symmetric})
		m.encrypt(name, keyring.Parameters{}, "x")
	}
	want := map[int]usage.Use{1: protected(1, 1)}
	for _, broken := range []string{"get palisade/usage/a", "put palisade/usage/a"} {
		m.storage.FailWhen(func(operation, key string) bool { return operation+" "+key == broken })
		if err := m.flush(); !errors.Is(err, backendtest.ErrInjected) || !contains(err, "key a") {
			t.Errorf("%s: %v", broken, err)
		}
		m.storage.FailWhen(nil)
		m.fresh().wantUses("a", map[int]usage.Use{})
		m.fresh().wantUses("b", want)
		m.wantUses("a", want)
	}
	m.mustFlush()
	m.fresh().wantUses("a", want)
}

func TestStoredUsageIsFrozen(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 678, time.UTC)
	m := &mount{TB: t, storage: backendtest.NewStorage(), keys: keyring.New(keyring.Options{
		Rand: rand.Reader, Now: func() time.Time { return at }, Cache: true,
	})}
	m.create("k", keyring.Spec{Type: symmetric})
	m.mustDecrypt("k", keyring.Parameters{}, m.encrypt("k", keyring.Parameters{}, "x"), "x")
	m.rotate("k", keyring.Rotation{})
	m.encrypt("k", keyring.Parameters{}, "xyz")
	if err := m.keys.FlushUsage(t.Context(), m.storage, at.Add(1), 1); err != nil {
		t.Fatal(err)
	}
	checkGolden(t, "usage.golden.json", m.storage.Snapshot()["palisade/usage/k"])
}

func checkGolden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if flag.Lookup("update").Value.String() == "true" { // of the internal tests
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Error(diff)
	}
}
