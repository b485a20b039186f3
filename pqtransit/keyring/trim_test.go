package keyring_test

import (
	"strings"
	"testing"

	"github.com/palisade-vault/palisade/pqtransit/keyring"
)

func (m *mount) trim(name string, minAvailable int) *keyring.Key {
	m.Helper()
	key, err := m.keys.Trim(m.Context(), m.storage, name, &minAvailable)
	if err != nil {
		m.Fatalf("trim %s: %v", name, err)
	}
	return key
}

// threeVersions is a key of which everything before version 2 may be trimmed, and a
// ciphertext of each version.
func threeVersions(t *testing.T, algorithm string) (*mount, []string) {
	t.Helper()
	m := newMount(t)
	m.create("k", keyring.Spec{Type: algorithm})
	ciphertexts := []string{m.encrypt("k", keyring.Parameters{}, "v")}
	for range 2 {
		m.rotate("k", keyring.Rotation{})
		ciphertexts = append(ciphertexts, m.encrypt("k", keyring.Parameters{}, "v"))
	}
	m.configure("k", keyring.Configuration{MinDecryption: new(3), MinEncryption: new(3)})
	return m, ciphertexts
}

func TestTrim(t *testing.T) {
	for _, algorithm := range []string{symmetric, hybrid} {
		t.Run(algorithm, func(t *testing.T) {
			m, ciphertexts := threeVersions(t, algorithm)
			if got := m.trim("k", 2).MinAvailable; got != 2 {
				t.Errorf("oldest version %d", got)
			}
			for _, m := range []*mount{m, m.fresh()} {
				m.mustDecrypt("k", keyring.Parameters{}, ciphertexts[2], "v")
				m.configure("k", keyring.Configuration{MinDecryption: new(2)})
				m.mustDecrypt("k", keyring.Parameters{}, ciphertexts[1], "v")
				_, err := m.keys.Configure(t.Context(), m.storage, "k", keyring.Configuration{MinDecryption: new(1)})
				wantRefusal(t, err, "min decryption version should not be less then min available version")
			}
			before := m.storage.Counts()
			m.trim("k", 2)
			if after := m.storage.Counts(); after.Put != before.Put {
				t.Error("a trim to the same version wrote")
			}
			m.rotate("k", keyring.Rotation{})
			m.fresh().mustDecrypt("k", keyring.Parameters{}, ciphertexts[1], "v")
		})
	}
}

func TestKeysutilServesTrimmedKeys(t *testing.T) {
	m, ciphertexts := threeVersions(t, symmetric)
	m.trim("k", 2)
	m.configure("k", keyring.Configuration{MinDecryption: new(2)})
	policy, _ := m.theirs("k")
	theirsDecrypt(t, policy, nil, ciphertexts[1], "v")
	theirsDecrypt(t, policy, nil, ciphertexts[2], "v")
	archive, err := policy.LoadArchive(t.Context(), m.storage)
	if err != nil || len(archive.Keys) != 2 {
		t.Errorf("%d versions in the archive, %v", len(archive.Keys), err)
	}
}

func TestTrimRefuses(t *testing.T) {
	m := newMount(t)
	m.create("k", keyring.Spec{Type: symmetric})
	m.rotate("k", keyring.Rotation{})
	m.rotate("k", keyring.Rotation{})
	steps := []struct {
		name     string
		settings keyring.Configuration
		to       int
		want     string
	}{
		{"no minimum", keyring.Configuration{}, 1, "minimum available version cannot be set when minimum encryption version is not set"},
		{"above encryption", keyring.Configuration{MinEncryption: new(2)}, 3, "minimum available version cannot be greater than minmum encryption version"},
		{"above decryption", keyring.Configuration{}, 2, "minimum available version cannot be greater than minimum decryption version"},
		{"zero", keyring.Configuration{}, 0, "minimum available version should be positive"},
		{"negative", keyring.Configuration{}, -1, "minimum available version cannot be decremented"},
	}
	for _, step := range steps {
		m.configure("k", step.settings)
		_, err := m.keys.Trim(t.Context(), m.storage, "k", &step.to)
		wantRefusal(t, err, step.want)
	}
	m.configure("k", keyring.Configuration{MinDecryption: new(2)})
	m.trim("k", 2)
	_, err := m.keys.Trim(t.Context(), m.storage, "k", new(1))
	wantRefusal(t, err, "minimum available version cannot be decremented")
	_, err = m.keys.Trim(t.Context(), m.storage, "k", nil)
	wantRefusal(t, err, "missing min_available_version")
	_, err = m.keys.Trim(t.Context(), m.storage, "none", new(1))
	wantRefusal(t, err, "invalid key name")
}

// Whatever a crash leaves of a trim, the versions that stay are the right ones.
func TestTrimSurvivesEveryFault(t *testing.T) {
	for _, algorithm := range []string{symmetric, hybrid} {
		t.Run(algorithm, func(t *testing.T) {
			sound, ciphertexts := threeVersions(t, algorithm)
			trim := func(m *mount) error {
				_, err := m.keys.Trim(m.Context(), m.storage, "k", new(2))
				return err
			}
			next := map[string]func(m *mount){
				"trim again": func(m *mount) { m.trim("k", 2) },
				"rotate":     func(m *mount) { m.rotate("k", keyring.Rotation{}) },
				"configure":  func(m *mount) { m.configure("k", keyring.Configuration{MinDecryption: new(2)}) },
				"convert": func(m *mount) {
					m.rotate("k", keyring.Rotation{Type: hybrid, AllowUnauthenticatedEncryption: true})
				},
			}
			eachFault(t, sound.storage.Snapshot(), trim, func(t *testing.T, m *mount, err error) {
				if err == nil {
					t.Fatal("no error")
				}
				for name, change := range next {
					after := over(t, m.storage.Snapshot())
					after.mustDecrypt("k", keyring.Parameters{}, ciphertexts[2], "v")
					change(after)
					after.configure("k", keyring.Configuration{MinDecryption: new(2)})
					for _, after := range []*mount{after, after.fresh()} {
						after.mustDecrypt("k", keyring.Parameters{}, ciphertexts[1], "v")
						after.mustDecrypt("k", keyring.Parameters{}, ciphertexts[2], "v")
					}
					if strings.HasPrefix(name, "trim") && after.get("k").MinAvailable != 2 {
						t.Errorf("%s: oldest version %d", name, after.get("k").MinAvailable)
					}
				}
			})
		})
	}
}
