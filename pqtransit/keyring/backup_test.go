package keyring_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"maps"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/vault/sdk/helper/keysutil"

	"github.com/palisade-vault/palisade/pqtransit/keyring"
)

func (m *mount) backup(name string) string {
	m.Helper()
	text, err := m.keys.Backup(m.Context(), m.storage, name)
	if err != nil {
		m.Fatalf("backup %s: %v", name, err)
	}
	return text
}

func (m *mount) restore(name, backup string, force bool) {
	m.Helper()
	if _, err := m.keys.Restore(m.Context(), m.storage, name, backup, force); err != nil {
		m.Fatalf("restore %s: %v", name, err)
	}
}

var backups = keyring.Configuration{Exportable: new(true), AllowPlaintextBackup: new(true)}

// aged is a key with versions that are trimmed, archived and in use, and a ciphertext of
// each that is not trimmed.
func aged(t *testing.T, prepare func(m *mount), p keyring.Parameters) (*mount, []string) {
	t.Helper()
	m := newMount(t)
	prepare(m)
	var ciphertexts []string
	for range 3 {
		m.rotate("k", keyring.Rotation{})
		ciphertexts = append(ciphertexts, m.encrypt("k", p, "v"))
	}
	m.configure("k", keyring.Configuration{MinDecryption: new(3), MinEncryption: new(3)})
	m.trim("k", 2)
	m.configure("k", backups)
	return m, ciphertexts
}

var agedKinds = map[string]struct {
	prepare func(m *mount)
	with    keyring.Parameters
}{
	"Community":  {func(m *mount) { m.create("k", keyring.Spec{Type: symmetric}) }, keyring.Parameters{}},
	"convergent": {func(m *mount) { m.create("k", keyring.Spec{Type: symmetric, Derived: true, Convergent: true}) }, keyring.Parameters{Context: []byte("c")}},
	"hybrid":     {func(m *mount) { m.create("k", keyring.Spec{Type: hybrid}) }, keyring.Parameters{}},
	"mixed": {func(m *mount) {
		m.create("k", keyring.Spec{Type: symmetric})
		m.rotate("k", keyring.Rotation{Type: hybrid, AllowUnauthenticatedEncryption: true})
	}, keyring.Parameters{}},
}

func TestRestoreOfABackup(t *testing.T) {
	for kind, test := range agedKinds {
		t.Run(kind, func(t *testing.T) {
			m, ciphertexts := aged(t, test.prepare, test.with)
			text := m.backup("k")
			if info := m.get("k").Backup; info == nil || info.Version != m.get("k").Latest || time.Since(info.Time) > time.Hour {
				t.Errorf("backup_info %v", info)
			}
			other := newMount(t)
			other.restore("", text, false)
			other.restore("renamed", text, false)
			for _, name := range []string{"k", "renamed"} {
				for _, other := range []*mount{other, other.fresh()} {
					if info := other.get(name).Restore; info == nil || info.Version != other.get(name).Latest {
						t.Errorf("restore_info %v", info)
					}
					if got := other.get(name); got.MinAvailable != 2 || got.MinDecryption < 2 || !got.Exportable {
						t.Errorf("settings %+v", got.Settings)
					}
					other.configure(name, keyring.Configuration{MinDecryption: new(2)})
					for _, ciphertext := range ciphertexts {
						other.mustDecrypt(name, test.with, ciphertext, "v")
					}
				}
				other.rotate(name, keyring.Rotation{})
				other.fresh().mustDecrypt(name, test.with, ciphertexts[0], "v")
			}
		})
	}
}

// Keysutil's own backup and restore, both ways.
func TestBackupsAreKeysutils(t *testing.T) {
	for _, kind := range []string{"Community", "convergent"} {
		t.Run(kind, func(t *testing.T) {
			test := agedKinds[kind]
			m, ciphertexts := aged(t, test.prepare, test.with)
			manager, err := keysutil.NewLockManager(true, 0)
			if err != nil {
				t.Fatal(err)
			}
			theirs := newMount(t)
			if _, err := manager.RestorePolicy(t.Context(), theirs.storage, "", m.backup("k"), false); err != nil {
				t.Fatalf("keysutil restores: %v", err)
			}
			theirs.configure("k", keyring.Configuration{MinDecryption: new(2)})
			for _, ciphertext := range ciphertexts {
				policy, _ := theirs.theirs("k")
				theirsDecrypt(t, policy, test.with.Context, ciphertext, "v")
			}
			text, err := manager.BackupPolicy(t.Context(), m.storage, "k")
			if err != nil {
				t.Fatalf("keysutil backs up: %v", err)
			}
			ours := newMount(t)
			ours.restore("other", text, false)
			ours.configure("other", keyring.Configuration{MinDecryption: new(2)})
			for _, ciphertext := range ciphertexts {
				ours.mustDecrypt("other", test.with, ciphertext, "v")
			}
		})
	}
}

// The built-in engine takes no key that it could not use, and says so.
func TestKeysutilRefusesOurOwnBackups(t *testing.T) {
	m, _ := aged(t, agedKinds["mixed"].prepare, keyring.Parameters{})
	manager, err := keysutil.NewLockManager(true, 0)
	if err != nil {
		t.Fatal(err)
	}
	theirs := newMount(t)
	if _, err := manager.RestorePolicy(t.Context(), theirs.storage, "k", m.backup("k"), false); err == nil {
		t.Error("no error")
	}
	if left := theirs.storage.Snapshot(); len(left) != 0 {
		t.Errorf("left behind: %d entries", len(left))
	}
}

func TestBackupRefuses(t *testing.T) {
	for _, algorithm := range []string{symmetric, hybrid} {
		m := newMount(t)
		m.create("k", keyring.Spec{Type: algorithm})
		steps := []struct {
			settings keyring.Configuration
			want     string
		}{
			{keyring.Configuration{AllowPlaintextBackup: new(true)}, "exporting is disallowed on the policy"},
			{keyring.Configuration{}, "exporting is disallowed on the policy"},
		}
		for _, step := range steps {
			m.configure("k", step.settings)
			_, err := m.keys.Backup(t.Context(), m.storage, "k")
			wantRefusal(t, err, step.want)
		}
		m = newMount(t)
		m.create("k", keyring.Spec{Type: algorithm, Exportable: true})
		before := m.storage.Counts().Put
		_, err := m.keys.Backup(t.Context(), m.storage, "k")
		wantRefusal(t, err, "plaintext backup is disallowed on the policy")
		if m.storage.Counts().Put != before {
			t.Error("a refused backup wrote")
		}
		_, err = m.keys.Backup(t.Context(), m.storage, "none")
		wantRefusal(t, err, `key "none" not found`)
	}
}

// edited is a backup whose JSON was changed.
func edited(t *testing.T, backup string, edit func(whole, policy map[string]any)) string {
	t.Helper()
	decoded, err := base64.StdEncoding.DecodeString(backup)
	if err != nil {
		t.Fatal(err)
	}
	var whole map[string]any
	if err := json.Unmarshal(decoded, &whole); err != nil {
		t.Fatal(err)
	}
	policy, _ := whole["policy"].(map[string]any)
	edit(whole, policy)
	changed, err := json.Marshal(whole)
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(changed)
}

func decoded(t *testing.T, backup string) string {
	t.Helper()
	body, err := base64.StdEncoding.DecodeString(backup)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// endless is a backup whose latest version has that number, and is the only one.
func endless(t *testing.T, backup string, number int) string {
	t.Helper()
	return edited(t, backup, func(_, policy map[string]any) {
		versions := policy["keys"].(map[string]any)
		policy["keys"] = map[string]any{strconv.Itoa(number): versions["4"]}
		for _, name := range []string{"latest_version", "min_available_version", "min_decryption_version", "min_encryption_version"} {
			policy[name] = number
		}
	})
}

// endlessOwn is such a backup of a key in our own format.
func endlessOwn(t *testing.T, backup string) string {
	t.Helper()
	const number = "9223372036854775806"
	body := decoded(t, backup)
	first, last := strings.Index(body, `{"version":2`), strings.Index(body, `{"version":4`)
	body = body[:first] + strings.Replace(body[last:], `{"version":4`, `{"version":`+number, 1)
	for _, name := range []string{"min_available_version", "min_decryption_version", "min_encryption_version"} {
		place := regexp.MustCompile(`"` + name + `":[23]`)
		body = place.ReplaceAllString(body, `"`+name+`":`+number)
	}
	return base64.StdEncoding.EncodeToString([]byte(body))
}

func TestRestoreRefuses(t *testing.T) {
	m, _ := aged(t, agedKinds["Community"].prepare, keyring.Parameters{})
	sound := m.backup("k")
	h, _ := aged(t, agedKinds["hybrid"].prepare, keyring.Parameters{})
	own := h.backup("k")
	set := func(name string, value any) string {
		return edited(t, sound, func(_, policy map[string]any) { policy[name] = value })
	}
	tests := []struct{ name, backup, want string }{
		{"not base64", "backup!", "backup is not base64"},
		{"not JSON", "AAAA", "backup does not decode"},
		{"empty object", base64.StdEncoding.EncodeToString([]byte("{}")), "backup data does not contain a valid policy"},
		{"two values", base64.StdEncoding.EncodeToString([]byte("{} {}")), "backup does not decode"},
		{"a path", set("name", "import/wrapping-key"), "key names cannot be paths"},
		{"upwards", set("name", "../config/keys"), "key names cannot be paths"},
		{"no name", set("name", ""), "invalid key name"},
		{"odd name", set("name", "a b"), "invalid key name"},
		{"a prefix", set("storage_prefix", "elsewhere"), "it has a storage prefix"},
		{"a template", set("version_template", "v{{version}}"), "it has a version template"},
		{"unknown type", set("type", 999), "which this release does not support"},
		{"another type", set("type", 4), "backup is not sound"},
		{"no versions", set("keys", nil), "has no versions"},
		{"too few versions", set("latest_version", 9), "backup is not sound"},
		{"negative latest", set("latest_version", -1), "backup is not sound"},
		{"minimum of 0", set("min_decryption_version", 0), "backup is not sound"},
		{"minimum too high", set("min_decryption_version", 9), "backup is not sound"},
		{"negative trim", set("min_available_version", -3), "backup is not sound"},
		{"trim too high", set("min_available_version", 4), "backup is not sound"},
		{"negative period", set("auto_rotate_period", -1), "backup is not sound"},
		{"endless trim", set("min_available_version", json.Number("-9223372036854775808")), "minimum available version"},
		{"endless latest", endless(t, sound, math.MaxInt64), "is out of range"},
		{"almost endless latest", endless(t, sound, math.MaxInt64-1), "is out of range"},
		{"own: endless latest", endlessOwn(t, own), "is out of range"},
		{"a version twice", edited(t, sound, func(_, policy map[string]any) {
			versions := policy["keys"].(map[string]any)
			versions["04"] = versions["3"]
		}), "is not a plain number"},
		{"a key that a load would put in place of all", set("key", "AAAA"), "the single key of the first Vault releases"},
		{"endless creation time", edited(t, sound, func(_, policy map[string]any) {
			version := policy["keys"].(map[string]any)["4"].(map[string]any)
			version["time"], version["creation_time"] = "0001-01-01T00:00:00Z", math.MaxInt64
		}), "creation time of version 4 is out of range"},
		{"own: policy", base64.StdEncoding.EncodeToString([]byte(strings.Replace(decoded(t, own), `"type":1000`, `"type":0`, 1))), "backup is not sound"},
		{"no archive", edited(t, sound, func(whole, _ map[string]any) { delete(whole, "archived_keys") }), "version 2 of key k is missing"},
		{"own: format", edited(t, own, func(whole, _ map[string]any) { whole["palisade"] = 2 }), "backup has format 2, this release reads format 1"},
		{"own: order", edited(t, own, func(map[string]any, map[string]any) {}), "backup is not"},
		{"own: no key", edited(t, own, func(whole, _ map[string]any) { delete(whole, "key") }), "backup does not decode"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m := newMount(t)
			_, err := m.keys.Restore(t.Context(), m.storage, "", test.backup, true)
			wantRefusal(t, err, test.want)
			if left := m.storage.Snapshot(); len(left) != 0 {
				t.Errorf("left behind: %d entries", len(left))
			}
		})
	}
	_, err := m.keys.Restore(t.Context(), m.storage, "", sound, false)
	wantRefusal(t, err, `key "k" already exists`)
}

// A forced restore over any key ends with one of the two, whole.
func TestForcedRestoreSurvivesEveryFault(t *testing.T) {
	for oldKind, old := range agedKinds {
		for newKind, fresh := range agedKinds {
			if oldKind == "convergent" || newKind == "convergent" {
				continue
			}
			t.Run(oldKind+" by "+newKind, func(t *testing.T) {
				before, oldTexts := aged(t, old.prepare, old.with)
				source, newTexts := aged(t, fresh.prepare, fresh.with)
				text := source.backup("k")
				restore := func(m *mount) error {
					_, err := m.keys.Restore(context.WithoutCancel(m.Context()), m.storage, "", text, true)
					return err
				}
				eachFault(t, before.storage.Snapshot(), restore, func(t *testing.T, m *mount, _ error) {
					for _, m := range []*mount{m, m.fresh()} {
						m = over(t, maps.Clone(m.storage.Snapshot()))
						m.configure("k", keyring.Configuration{MinDecryption: new(2)})
						_, err := m.get("k").Decrypt(old.with, oldTexts[0])
						texts := newTexts
						if err == nil {
							texts = oldTexts
						}
						for _, ciphertext := range texts {
							m.mustDecrypt("k", keyring.Parameters{}, ciphertext, "v")
						}
						m.restore("", text, true)
						m.fresh().mustDecrypt("k", keyring.Parameters{}, newTexts[2], "v")
						for path := range m.storage.Snapshot() {
							if strings.HasPrefix(path, "palisade/key/") && newKind == "Community" {
								t.Errorf("left behind: %s", path)
							}
						}
					}
				})
			})
		}
	}
}
