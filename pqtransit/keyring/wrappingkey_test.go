package keyring_test

import (
	"bytes"
	cryptorsa "crypto/rsa"
	"crypto/x509"
	"testing"
	"time"

	"github.com/palisade-vault/palisade/backend/backendtest"
	"github.com/palisade-vault/palisade/pqtransit/byok"
	"github.com/palisade-vault/palisade/pqtransit/keyring"
	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// clock is a keyring's time, for a test to move.
type clock struct{ now time.Time }

func mountAt(t testing.TB, c *clock) *mount {
	return &mount{TB: t, keys: newKeyringAt(func() time.Time { return c.now }), storage: backendtest.NewStorage()}
}

// wrapped is an AES key under the current wrapping key of a type.
func (m *mount) wrapped(kind string) keyring.Material {
	m.Helper()
	key, err := m.keys.WrappingKey(m.Context(), m.storage, kind)
	if err != nil {
		m.Fatal(err)
	}
	versions := key.Versions()
	public, err := key.Suite().ParsePublic(versions[len(versions)-1].Public().Bytes())
	if err != nil {
		m.Fatal(err)
	}
	algorithm, _ := suite.Lookup(symmetric)
	text, err := byok.WrapHPKE(key.Suite(), public, algorithm, suite.NewSecret(make([]byte, 32)))
	if err != nil {
		m.Fatal(err)
	}
	parsed, err := byok.ParseHPKE(text)
	if err != nil {
		m.Fatal(err)
	}
	return keyring.Material{HPKE: &parsed}
}

func (m *mount) importKey(name string, material keyring.Material) error {
	_, err := m.keys.Import(m.Context(), m.storage, name, keyring.Import{Spec: keyring.Spec{Type: symmetric}, Material: material})
	return err
}

func (m *mount) rotateWrapping(kind string) *keyring.Key {
	m.Helper()
	key, err := m.keys.RotateWrappingKey(m.Context(), m.storage, kind)
	if err != nil {
		m.Fatal(err)
	}
	return key
}

func TestWrappingKeysRotate(t *testing.T) {
	for _, kind := range suite.WrappingTypes() {
		t.Run(kind, func(t *testing.T) {
			c := &clock{time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)}
			m := mountAt(t, c)
			first := m.wrapped(kind)
			second := m.rotateWrapping(kind)
			if second.Latest != 2 || len(second.Versions()) != 2 {
				t.Fatalf("version %d of %d", second.Latest, len(second.Versions()))
			}
			old := m.wrapped(kind)
			c.now = c.now.Add(keyring.WrappingGrace - time.Nanosecond)
			for name, material := range map[string]keyring.Material{"first": first, "second": old} {
				if err := m.importKey(name, material); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
			c.now = c.now.Add(time.Nanosecond)
			wantRefusal(t, m.importKey("late", first), byok.ErrUnwrap.Error())
			if err := m.importKey("in time", old); err != nil {
				t.Error(err)
			}
			// A third version destroys the first, a fourth the second at once.
			m.rotateWrapping(kind)
			if key := m.rotateWrapping(kind); key.Latest != 4 || len(key.Versions()) != 2 || key.MinAvailable != 3 {
				t.Errorf("version %d, %d left from %d on", key.Latest, len(key.Versions()), key.MinAvailable)
			}
			wantRefusal(t, m.importKey("older", old), byok.ErrUnwrap.Error())
			// After the period a read destroys what is no longer needed.
			c.now = c.now.Add(keyring.WrappingGrace)
			key, err := m.keys.WrappingKey(m.Context(), m.storage, kind)
			if err != nil || len(key.Versions()) != 1 || key.MinAvailable != 4 {
				t.Fatalf("%d versions are left, %v", len(key.Versions()), err)
			}
			if stored := m.storage.Snapshot()["palisade/key/import/wrapping-key-"+kind]; bytes.Count(stored, []byte(`"version":`)) != 1 {
				t.Errorf("in storage: %d", bytes.Count(stored, []byte(`"version":`)))
			}
		})
	}
}

func TestWrappingKeyRefuses(t *testing.T) {
	m := newMount(t)
	for _, kind := range []string{"", "p256-mlkem768", "aes256-gcm96", "rsa-2048"} {
		_, err := m.keys.WrappingKey(m.Context(), m.storage, kind)
		wantRefusal(t, err, "use one of rsa-4096, p384-mlkem1024, x25519-mlkem768")
		_, err = m.keys.RotateWrappingKey(m.Context(), m.storage, kind)
		wantRefusal(t, err, "use one of rsa-4096, p384-mlkem1024, x25519-mlkem768")
	}
	elsewhere := newMount(t).wrapped(hybrid)
	wantRefusal(t, m.importKey("k", elsewhere), byok.ErrUnwrap.Error())
	if got := m.storage.Snapshot(); len(got) != 0 {
		t.Errorf("%d entries were written", len(got))
	}
	m.wrapped(hybrid)
	wantRefusal(t, m.importKey("k", elsewhere), byok.ErrUnwrap.Error())
	if names, err := m.keys.List(m.Context(), m.storage); err != nil || len(names) != 0 {
		t.Errorf("listed: %v, %v", names, err)
	}
}

// The built-in engine's key rotates too, and its last version is tried for ciphertexts that
// name none.
func TestTheRSAWrappingKeyRotates(t *testing.T) {
	m := newMount(t)
	key, err := m.keys.WrappingKey(m.Context(), m.storage, rsa)
	if err != nil {
		t.Fatal(err)
	}
	material := rsaWrapped(t, key)
	if got := m.rotateWrapping(rsa); got.Latest != 2 {
		t.Fatalf("version %d", got.Latest)
	}
	if err := m.fresh().importKey("old", material); err != nil {
		t.Error(err)
	}
	if err := m.fresh().importKey("new", rsaWrapped(t, m.rotateWrapping(rsa))); err != nil {
		t.Error(err)
	}
	wantRefusal(t, m.fresh().importKey("older", material), byok.ErrUnwrap.Error())
	policy, _ := m.theirs("import/wrapping-key")
	if policy.LatestVersion != 3 || policy.MinAvailableVersion != 2 {
		t.Errorf("the built-in engine sees version %d, from %d on", policy.LatestVersion, policy.MinAvailableVersion)
	}
}

func rsaWrapped(t testing.TB, key *keyring.Key) keyring.Material {
	t.Helper()
	versions := key.Versions()
	parsed, err := x509.ParsePKIXPublicKey(versions[len(versions)-1].Public().Bytes())
	if err != nil {
		t.Fatal(err)
	}
	raw, err := byok.Wrap(parsed.(*cryptorsa.PublicKey), byok.DefaultHash, make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	return keyring.Material{Wrapped: raw, Hash: byok.DefaultHash}
}

// A rotation that fails at any write leaves a key that imports what was wrapped before, and
// rotates afterwards.
func TestWrappingKeyRotationSurvivesEveryFault(t *testing.T) {
	m := newMount(t)
	m.wrapped(hybrid)
	m.rotateWrapping(hybrid)
	material := m.wrapped(hybrid)
	rotate := func(m *mount) error {
		_, err := m.keys.RotateWrappingKey(m.Context(), m.storage, hybrid)
		return err
	}
	eachFault(t, m.storage.Snapshot(), rotate, func(t *testing.T, m *mount, _ error) {
		if err := m.importKey("k", material); err != nil {
			t.Fatal(err)
		}
		if err := m.fresh().importKey("again", material); err != nil {
			t.Fatal(err)
		}
		if err := rotate(m.fresh()); err != nil {
			t.Fatalf("repeated: %v", err)
		}
	})
}
