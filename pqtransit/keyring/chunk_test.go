package keyring_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/palisade-vault/palisade/pqtransit/certtest"
	"github.com/palisade-vault/palisade/pqtransit/keyring"
	"github.com/palisade-vault/palisade/pqtransit/rotation"
)

// bulky is a key in our own format whose versions 1 to 3 are so large, by their certificates,
// that each has an entry of its own; and a chain for a version 4.
func bulky(t *testing.T) (entries map[string][]byte, chain string) {
	t.Helper()
	m, authority := newMount(t), certtest.New(t)
	m.create("k", keyring.Spec{Type: "ml-dsa-44", Exportable: true, AllowPlaintextBackup: true})
	certificates := func(version int) string {
		return authority.Issue(m.request("k", version)) + strings.Repeat("\n"+authority.Root(), 150)
	}
	for version := 1; version <= 3; version++ {
		if err := m.certify("k", version, certificates(version)); err != nil {
			t.Fatal(err)
		}
		m.rotate("k", keyring.Rotation{})
	}
	m.configure("k", keyring.Configuration{MinDecryption: new(2), MinEncryption: new(2)})
	return m.storage.Snapshot(), certificates(2)
}

// chunkEntries are the entries that hold older versions of k, and those that its own names.
func chunkEntries(t *testing.T, m *mount) (there, named []string) {
	t.Helper()
	for path, value := range m.storage.Snapshot() {
		if rest, ok := strings.CutPrefix(path, "palisade/versions/k/"); ok {
			there = append(there, rest)
		}
		if path != "palisade/key/k" {
			continue
		}
		var stored struct {
			Chunks []struct{ Entry json.Number }
		}
		if err := json.Unmarshal(value, &stored); err != nil {
			t.Fatal(err)
		}
		for _, c := range stored.Chunks {
			named = append(named, c.Entry.String())
		}
	}
	slices.Sort(there)
	slices.Sort(named)
	return there, named
}

// summary is what a key is, as anyone could see it.
func (m *mount) summary() map[string]any {
	m.Helper()
	key, err := m.keys.Get(m.Context(), m.storage, "k")
	if err != nil {
		m.Fatal(err)
	}
	if key == nil {
		return nil
	}
	seen := map[string]any{"latest": key.Latest, "available": key.MinAvailable, "decryption": key.MinDecryption}
	for _, version := range key.Versions() {
		seen[version.Created.String()] = []any{version.Number, version.Public().String(), len(version.Certificates)}
	}
	return seen
}

// Every change of a key whose versions lie in several entries happens or does not, whichever
// write fails, and leaves nothing behind once it was repeated.
func TestChunksSurviveEveryFault(t *testing.T) {
	entries, chain := bulky(t)
	before := over(t, entries)
	backup, err := before.keys.Backup(t.Context(), before.storage, "k")
	if err != nil {
		t.Fatal(err)
	}
	if there, named := chunkEntries(t, before); len(there) != 3 || !slices.Equal(there, named) {
		t.Fatalf("chunks %v, named %v", there, named)
	}
	ignore := func(_ any, err error) error { return err }
	for _, change := range []change{
		{"rotate", func(m *mount) error { return ignore(m.keys.Rotate(m.Context(), m.storage, "k", keyring.Rotation{})) }},
		{"lower", func(m *mount) error {
			return ignore(m.keys.Configure(m.Context(), m.storage, "k", keyring.Configuration{MinDecryption: new(1)}))
		}},
		{"trim", func(m *mount) error { return ignore(m.keys.Trim(m.Context(), m.storage, "k", new(2))) }},
		{"certify", func(m *mount) error { return m.certify("k", 2, chain) }},
		{"restore", func(m *mount) error {
			return ignore(m.keys.Restore(m.Context(), m.storage, "k", backup, true))
		}},
	} {
		t.Run(change.name, func(t *testing.T) {
			after := over(t, entries)
			if err := change.do(after); err != nil {
				t.Fatal(err)
			}
			changed := after.summary()
			eachFault(t, entries, change.do, func(t *testing.T, m *mount, _ error) {
				m.TB = t
				running, stored := m.summary(), m.fresh().summary()
				if diff := cmp.Diff(running, stored); diff != "" {
					t.Errorf("running and stored differ: %s", diff)
				}
				if err := change.do(m); err != nil {
					t.Fatalf("repeated: %v", err)
				}
				if change.name != "rotate" { // whose new version is another each time
					if diff := cmp.Diff(changed, m.fresh().summary()); diff != "" {
						t.Errorf("repeated, it is another key: %s", diff)
					}
				}
				if there, named := chunkEntries(t, m); !slices.Equal(there, named) {
					t.Errorf("chunks %v, named %v", there, named)
				}
			})
		})
	}
}

// A destruction that nobody asked for, interrupted where its chunks go, is finished by the next
// look at the key, though nothing else is left to do.
func TestInterruptedDestructionIsFinished(t *testing.T) {
	entries, _ := bulky(t)
	m := over(t, entries)
	m.configure("k", keyring.Configuration{Rotation: rotation.Change{RetainVersions: new(1), DestroyDecryptable: new(true)}})
	m.storage.FailWhen(func(operation, path string) bool {
		return operation == "delete" && strings.HasPrefix(path, "palisade/versions/")
	})
	_, _ = m.autoRotate(2 * time.Hour)
	there, named := chunkEntries(t, m.fresh())
	if slices.Equal(there, named) {
		t.Fatalf("chunks %v, named %v: nothing was interrupted", there, named)
	}
	m.storage.FailWhen(nil)
	m = m.fresh()
	if _, err := m.autoRotate(4 * time.Hour); err != nil {
		t.Fatal(err)
	}
	if there, named := chunkEntries(t, m); !slices.Equal(there, named) {
		t.Errorf("chunks %v, named %v", there, named)
	}
}

// What a trim destroys is in no entry any more once it has succeeded.
func TestTrimDestroysChunks(t *testing.T) {
	entries, _ := bulky(t)
	trim := func(m *mount) error {
		_, err := m.keys.Trim(m.Context(), m.storage, "k", new(2))
		return err
	}
	gone := func(t *testing.T, m *mount) {
		t.Helper()
		for path, value := range m.storage.Snapshot() {
			if strings.Contains(string(value), `"version":1,`) {
				t.Errorf("%s still has version 1", path)
			}
		}
	}
	eachFault(t, entries, trim, func(t *testing.T, m *mount, err error) {
		if err == nil {
			gone(t, m)
		}
		if err := trim(m); err != nil {
			t.Fatal(err)
		}
		gone(t, m)
	})
}

func TestDeletionRemovesChunks(t *testing.T) {
	entries, _ := bulky(t)
	m := over(t, entries)
	m.configure("k", keyring.Configuration{DeletionAllowed: new(true)})
	remove := func(m *mount) error { return m.keys.Delete(m.Context(), m.storage, "k") }
	eachFault(t, m.storage.Snapshot(), remove, func(t *testing.T, m *mount, err error) {
		if err == nil {
			t.Fatal("no error")
		}
		// A refusal says that nothing was left.
		if _, refused := errors.AsType[*keyring.Refusal](remove(m)); !refused && len(m.storage.Snapshot()) != 0 {
			t.Errorf("%d entries are left", len(m.storage.Snapshot()))
		}
		m.TB = t
		m.create("k", keyring.Spec{Type: hybrid})
		if there, _ := chunkEntries(t, m); len(there) != 0 {
			t.Errorf("chunks %v", there)
		}
	})
}

// keysutil keeps all versions in one entry. Before that grows beyond what Vault's storage
// takes, the change is refused and nothing is written.
func TestArchivesStaySmall(t *testing.T) {
	m, authority := newMount(t), certtest.New(t)
	m.create("k", keyring.Spec{Type: "ecdsa-p256"})
	chain := func(version, certificates int) string {
		return authority.Issue(m.request("k", version)) + strings.Repeat("\n"+authority.Root(), certificates)
	}
	for version := 1; version <= 3; version++ {
		if err := m.certify("k", version, chain(version, 600)); err != nil {
			t.Fatal(err)
		}
		m.rotate("k", keyring.Rotation{})
	}
	before := m.storage.Snapshot()
	if err := m.certify("k", 4, chain(4, 600)); err == nil {
		t.Fatalf("an archive of %d bytes grew", len(before["archive/k"]))
	} else {
		wantRefusal(t, err, "in one entry, and Vault's storage takes at most 1032192: destroy old versions by keys/k/trim, or rotate to another type")
	}
	if diff := cmp.Diff(before, m.storage.Snapshot()); diff != "" {
		t.Errorf("something was written: %s", diff)
	}
	// Up to the brim, then a rotation is too much.
	for certificates := 600; certificates > 0; certificates -= 10 {
		if m.certify("k", 4, chain(4, certificates)) == nil {
			break
		}
	}
	var err error
	for range 20 {
		if _, err = m.keys.Rotate(t.Context(), m.storage, "k", keyring.Rotation{}); err != nil {
			break
		}
	}
	wantRefusal(t, err, "the versions of key k would need")
	if size := len(m.storage.Snapshot()["archive/k"]); size > 1<<20 {
		t.Errorf("an archive of %d bytes", size)
	}
	// Both ways out that the text names.
	other := over(t, m.storage.Snapshot())
	other.rotate("k", keyring.Rotation{Type: "ml-dsa-65"})
	m.configure("k", keyring.Configuration{MinDecryption: new(3), MinEncryption: new(3)})
	if _, err := m.keys.Trim(t.Context(), m.storage, "k", new(3)); err != nil {
		t.Fatal(err)
	}
	m.rotate("k", keyring.Rotation{})
}
