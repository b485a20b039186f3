package keyring_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/palisade-vault/palisade/backend/backendtest"
	"github.com/palisade-vault/palisade/pqtransit/keyring"
)

func (m *mount) autoRotate(later time.Duration) ([]string, error) {
	all, err := m.keys.Maintain(m.Context(), m.storage, time.Now().Add(later))
	var names []string
	for _, done := range all {
		if done.Reason != "" {
			names = append(names, done.Key.Name)
		}
	}
	slices.Sort(names)
	return names, err
}

func TestAutoRotate(t *testing.T) {
	m := newMount(t)
	m.create("never", keyring.Spec{Type: symmetric})
	m.create("hourly", keyring.Spec{Type: symmetric, AutoRotatePeriod: time.Hour})
	m.create("hybrid", keyring.Spec{Type: hybrid, AutoRotatePeriod: 2 * time.Hour})
	m.create("mixed", keyring.Spec{Type: symmetric, AutoRotatePeriod: time.Hour})
	m.rotate("mixed", keyring.Rotation{Type: hybrid, AllowUnauthenticatedEncryption: true})
	old := m.encrypt("mixed", keyring.Parameters{}, "x")
	for _, step := range []struct {
		later time.Duration
		want  []string
	}{
		{0, nil},
		{59 * time.Minute, nil},
		{61 * time.Minute, []string{"hourly", "mixed"}},
		{119 * time.Minute, []string{"hourly", "mixed"}},
		{121 * time.Minute, []string{"hourly", "hybrid", "mixed"}},
	} {
		got, err := m.autoRotate(step.later)
		if diff := cmp.Diff(step.want, got); diff != "" || err != nil {
			t.Errorf("after %v: %s, %v", step.later, diff, err)
		}
	}
	for name, version := range map[string]int{"never": 1, "hourly": 4, "hybrid": 2, "mixed": 5} {
		if got := m.fresh().get(name).Latest; got != version {
			t.Errorf("%s has version %d, want %d", name, got, version)
		}
	}
	if got := m.get("mixed").Suite().Name; got != hybrid {
		t.Errorf("rotated to %s", got)
	}
	m.mustDecrypt("mixed", keyring.Parameters{}, old, "x")
}

func TestAutoRotateOfImportedKeys(t *testing.T) {
	for allowed, want := range map[bool]int{false: 1, true: 2} {
		m := newMount(t)
		policy := theirsCreate(t, m.storage, keyring.Spec{Type: symmetric})
		policy.Imported, policy.AllowImportedKeyRotation, policy.AutoRotatePeriod = true, allowed, time.Hour
		if err := policy.Persist(t.Context(), m.storage); err != nil {
			t.Fatal(err)
		}
		if _, err := m.autoRotate(2 * time.Hour); err != nil {
			t.Error(err)
		}
		if got := m.get("k"); got.Latest != want || got.Imported == allowed {
			t.Errorf("allowed %v: version %d, imported %v", allowed, got.Latest, got.Imported)
		}
	}
}

// One broken key does not keep the others from their rotation.
func TestAutoRotateGoesOn(t *testing.T) {
	m := newMount(t)
	for _, name := range []string{"a", "b", "c"} {
		m.create(name, keyring.Spec{Type: symmetric, AutoRotatePeriod: time.Hour})
	}
	for _, broken := range []string{"get policy/b", "put policy/b"} {
		m := over(t, m.storage.Snapshot())
		m.storage.FailWhen(func(operation, key string) bool { return operation+" "+key == broken })
		got, err := m.autoRotate(2 * time.Hour)
		if diff := cmp.Diff([]string{"a", "c"}, got); diff != "" || !errors.Is(err, backendtest.ErrInjected) || !strings.Contains(err.Error(), "key b") {
			t.Errorf("%s: %s, %v", broken, diff, err)
		}
		m.storage.FailWhen(nil)
		if got, err := m.autoRotate(2*time.Hour + 59*time.Minute); err != nil || slices.Contains(got, "b") {
			t.Errorf("%s: at once %v, %v", broken, got, err)
		}
		if got, err := m.autoRotate(3 * time.Hour); err != nil || !slices.Contains(got, "b") {
			t.Errorf("%s: later %v, %v", broken, got, err)
		}
	}
	m = over(t, m.storage.Snapshot())
	m.storage.FailWhen(func(operation, _ string) bool { return operation == "list" })
	if _, err := m.autoRotate(0); !errors.Is(err, backendtest.ErrInjected) {
		t.Error(err)
	}
}

// Looking through the keys does not fill the cache.
func TestAutoRotateCachesNothing(t *testing.T) {
	m := newMount(t)
	m.create("k", keyring.Spec{Type: symmetric})
	m = m.fresh()
	if _, err := m.autoRotate(0); err != nil {
		t.Fatal(err)
	}
	before := m.storage.Counts().Get
	m.get("k")
	if m.storage.Counts().Get == before {
		t.Error("the key is cached")
	}
}
