package keyring_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/palisade-vault/palisade/backend/backendtest"
	"github.com/palisade-vault/palisade/pqtransit/keyring"
	"github.com/palisade-vault/palisade/pqtransit/suite"
)

func (m *mount) postures(after string, limit int) keyring.PosturePage {
	m.Helper()
	page, err := m.keys.Postures(m.Context(), m.storage, after, limit)
	if err != nil {
		m.Fatal(err)
	}
	return page
}

func TestPosturePages(t *testing.T) {
	m := newMount(t)
	for i := range 7 {
		m.create(fmt.Sprintf("k%d", i), keyring.Spec{Type: symmetric})
	}
	m = m.fresh()
	var names []string
	after := ""
	for pages := 1; ; pages++ {
		page := m.postures(after, 3)
		if page.Total != 7 {
			t.Errorf("total %d", page.Total)
		}
		for _, key := range page.Keys {
			names = append(names, key.Name)
		}
		if after = page.Next; after == "" {
			if pages != 3 {
				t.Errorf("%d pages", pages)
			}
			break
		}
	}
	if diff := cmp.Diff([]string{"k0", "k1", "k2", "k3", "k4", "k5", "k6"}, names); diff != "" {
		t.Error(diff)
	}
	// None of it was cached.
	before := m.storage.Counts().Get
	m.get("k3")
	if m.storage.Counts().Get == before {
		t.Error("a report fills the cache")
	}
	if page := m.postures("k6", 1); len(page.Keys) != 0 || page.Next != "" {
		t.Errorf("%+v behind the last", page)
	}
}

// Every version is there that could come back, also from keysutil's archive.
func TestPostureOfVersions(t *testing.T) {
	m := newMount(t)
	for name, next := range map[string]string{"community": symmetric, "own": hybrid} {
		m.create(name, keyring.Spec{Type: symmetric, AutoRotatePeriod: time.Hour})
		for range 2 {
			m.rotate(name, keyring.Rotation{})
		}
		m.rotate(name, keyring.Rotation{Type: next, AllowUnauthenticatedEncryption: true})
		m.encrypt(name, keyring.Parameters{}, "x")
		m.configure(name, keyring.Configuration{MinDecryption: new(2), MinEncryption: new(2)})
		if _, err := m.keys.Trim(t.Context(), m.storage, name, new(2)); err != nil {
			t.Fatal(err)
		}
		m.configure(name, keyring.Configuration{MinDecryption: new(3), MinEncryption: new(3)})
	}
	for _, key := range m.postures("", 10).Keys {
		if len(key.Versions) != 3 || key.MinDecryption != 3 || key.Rotation.Period != time.Hour || key.Blocked != "" {
			t.Fatalf("%+v", key)
		}
		last := key.Versions[2]
		if !key.Rotation.Due.Equal(last.Created.Add(time.Hour)) || last.LastProtected.IsZero() || !last.LastProcessed.IsZero() {
			t.Errorf("%+v", key)
		}
		for i, version := range key.Versions {
			if version.Number != i+2 || version.Suite == nil || version.Purpose != suite.Encryption {
				t.Errorf("%+v", version)
			}
			if archived := key.Name == "community" && i == 0; version.Created.IsZero() != archived {
				t.Errorf("%s version %d: created %v", key.Name, version.Number, version.Created)
			}
		}
	}
}

// The mount's own wrapping keys are in the report, for what they are used for.
func TestPostureOfWrappingKeys(t *testing.T) {
	m := newMount(t)
	m.create("orders", keyring.Spec{Type: symmetric})
	for _, kind := range keyring.WrappingTypes() {
		if _, err := m.keys.WrappingKey(t.Context(), m.storage, kind); err != nil {
			t.Fatal(err)
		}
	}
	page := m.postures("", 10)
	if page.Total != 4 || len(page.Keys) != 4 {
		t.Fatalf("%+v", page)
	}
	for _, key := range page.Keys[:3] {
		if key.Versions[0].Purpose != suite.Encryption || key.Blocked == "" {
			t.Errorf("%+v", key)
		}
	}
}

func TestPostureOfImportedKeys(t *testing.T) {
	for _, allowed := range []bool{false, true} {
		m := newMount(t)
		policy := theirsCreate(t, m.storage, keyring.Spec{Type: symmetric, AutoRotatePeriod: time.Hour})
		policy.Imported, policy.AllowImportedKeyRotation, policy.AutoRotatePeriod = true, allowed, time.Hour
		persist(t, m.storage, policy)
		key := m.postures("", 1).Keys[0]
		if (key.Blocked == "") != allowed || key.Rotation.Due.IsZero() == allowed {
			t.Errorf("allowed %v: %+v", allowed, key)
		}
	}
}

func TestPostureAnswersFaults(t *testing.T) {
	m := newMount(t)
	m.create("k", keyring.Spec{Type: symmetric})
	for _, broken := range []string{"list policy/", "list policy/import/", "get policy/k", "get palisade/usage/k", "get palisade/crypto-policy"} {
		m := m.fresh()
		m.storage.FailWhen(func(operation, key string) bool { return operation+" "+key == broken })
		if _, err := m.keys.Postures(t.Context(), m.storage, "", 10); err == nil || !contains(err, backendtest.ErrInjected.Error()) {
			t.Errorf("%s: %v", broken, err)
		}
		m.storage.FailWhen(nil)
	}
}
