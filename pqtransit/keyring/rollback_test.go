package keyring_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/pqtransit/keyring"
	"github.com/palisade-vault/palisade/pqtransit/rotation"
	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// strandings reads every page, of so many names.
func strandings(m *mount, limit int) (all []keyring.Stranded, total int) {
	m.Helper()
	after := ""
	for {
		page, err := m.keys.Strandings(m.Context(), m.storage, after, limit)
		if err != nil {
			m.Fatal(err)
		}
		all, total = append(all, page.Keys...), page.Total
		if page.Next == "" {
			return all, total
		}
		if page.Next <= after {
			m.Fatalf("page after %q ends at %q", after, page.Next)
		}
		after = page.Next
	}
}

// strandedMount has a key of every kind that strands, and others.
func strandedMount(t *testing.T) *mount {
	m := newMount(t)
	toHybrid := keyring.Rotation{Type: hybrid, AllowUnauthenticatedEncryption: true}
	m.create("classical", keyring.Spec{Type: symmetric})
	m.create("hybrid", keyring.Spec{Type: hybrid})
	m.create("kem", keyring.Spec{Type: "ml-kem-768", Purpose: suite.KeyEncapsulation})
	m.create("mixed", keyring.Spec{Type: symmetric})
	m.rotate("mixed", keyring.Rotation{})
	m.rotate("mixed", toHybrid)
	// The versions that differ are those that nothing shows: below min_decryption_version.
	m.create("archived", keyring.Spec{Type: "aes128-gcm96"})
	m.rotate("archived", keyring.Rotation{Type: symmetric})
	m.configure("archived", keyring.Configuration{MinDecryption: new(2)})
	m.create("healed", keyring.Spec{Type: symmetric})
	m.rotate("healed", toHybrid)
	m.rotate("healed", keyring.Rotation{Type: symmetric})
	m.configure("healed", keyring.Configuration{MinDecryption: new(3), MinEncryption: new(3)})
	if _, err := m.keys.Trim(t.Context(), m.storage, "healed", new(3)); err != nil {
		t.Fatal(err)
	}
	// What a crash leaves beside a classical key, and without any.
	for _, name := range []string{"classical", "nothing"} {
		if err := m.storage.Put(t.Context(), &logical.StorageEntry{Key: "palisade/key/" + name, Value: []byte("{")}); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

func TestStrandingsSayWhichKeysAndWhy(t *testing.T) {
	m := strandedMount(t)
	want := []keyring.Stranded{
		{"archived", map[int]string{1: "aes128-gcm96", 2: symmetric}, []string{"the versions differ in type or purpose, and the built-in engine knows one for all"}},
		{"healed", map[int]string{3: symmetric}, []string{"the key was such a one and has stayed in Palisade's own form"}},
		{"hybrid", map[int]string{1: hybrid}, []string{"version 1 is of type x25519-mlkem768, which the built-in engine does not have"}},
		{"kem", map[int]string{1: "ml-kem-768"}, []string{
			"version 1 is of type ml-kem-768, which the built-in engine does not have",
			"version 1 is for the purpose key-encapsulation alone, which the built-in engine cannot keep to",
		}},
		{"mixed", map[int]string{1: symmetric, 2: symmetric, 3: hybrid}, []string{
			"version 3 is of type x25519-mlkem768, which the built-in engine does not have",
			"the versions differ in type or purpose, and the built-in engine knows one for all",
		}},
	}
	for _, limit := range []int{1, 2, 7, 1000} {
		got, total := strandings(m.fresh(), limit)
		if diff := cmp.Diff(want, got); diff != "" || total != 6 {
			t.Errorf("pages of %d: total %d, %s", limit, total, diff)
		}
	}
}

// Exactly the listed keys are those that the built-in engine's own library cannot use.
func TestStrandingsAreWhatTheBuiltInEngineRefuses(t *testing.T) {
	m := strandedMount(t)
	names, err := m.keys.List(t.Context(), m.storage)
	if err != nil {
		t.Fatal(err)
	}
	listed, _ := strandings(m, 10)
	var refused []string
	for _, name := range names {
		policy, upserted := m.theirs(name)
		if _, err := policy.Encrypt(0, nil, nil, "eA=="); err != nil {
			refused = append(refused, name)
		}
		if upserted {
			t.Errorf("%s was made anew", name)
		}
	}
	var stranded []string
	for _, key := range listed {
		stranded = append(stranded, key.Name)
	}
	if diff := cmp.Diff(refused, stranded); diff != "" {
		t.Error(diff)
	}
}

func TestStrandingsReportFaults(t *testing.T) {
	m := strandedMount(t)
	for _, place := range []string{"policy/", "palisade/key/", "policy/hybrid", "palisade/key/hybrid"} {
		m.storage.FailWhen(func(_, key string) bool { return key == place })
		if _, err := m.fresh().keys.Strandings(t.Context(), m.storage, "", 10); err == nil {
			t.Errorf("a fault at %s shows no stranded key", place)
		}
	}
}

func TestStrandingsNameKeysWithSettingsOfOurOwn(t *testing.T) {
	m := newMount(t)
	m.create("plain", keyring.Spec{Type: symmetric})
	for name, kind := range map[string]string{"b": symmetric, "a": symmetric, "hybrid": hybrid} {
		m.create(name, keyring.Spec{Type: kind})
		m.configure(name, keyring.Configuration{Rotation: rotation.Change{Schedule: new("0 3 * * *")}})
	}
	for after, want := range map[string][]string{"": {"a", "b"}, "a": nil} {
		page, err := m.keys.Strandings(t.Context(), m.storage, after, 10)
		if diff := cmp.Diff(want, page.Unheeded); diff != "" || err != nil {
			t.Errorf("after %q: %v %s", after, err, diff)
		}
	}
	m.storage.FailWhen(func(_, key string) bool { return key == "palisade/rotation/" })
	if _, err := m.keys.Strandings(t.Context(), m.storage, "", 10); err == nil {
		t.Error("a fault shows no such key")
	}
}

func TestStrandingsOfManyVersions(t *testing.T) {
	m := newMount(t)
	m.create("k", keyring.Spec{Type: hybrid})
	m.rotate("k", keyring.Rotation{})
	m.rotate("k", keyring.Rotation{})
	got, _ := strandings(m, 10)
	if len(got) != 1 || !strings.HasPrefix(got[0].Reasons[0], "versions 1, 2 and 3 are of type") {
		t.Errorf("%+v", got)
	}
}
