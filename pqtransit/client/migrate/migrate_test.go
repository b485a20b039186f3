package migrate_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/palisade-vault/palisade/backend/backendtest"
	"github.com/palisade-vault/palisade/pqtransit/client/migrate"
)

func (v *vaults) run(t *testing.T, dry bool, keys ...string) (*migrate.Report, error) {
	t.Helper()
	from, to := v.job()
	v.requests, v.paths = 0, nil
	return migrate.Job{From: from, To: to, Keys: keys, DryRun: dry}.Run(t.Context())
}

func (v *vaults) mustRun(t *testing.T, keys ...string) map[string]migrate.Result {
	t.Helper()
	report, err := v.run(t, false, keys...)
	if err != nil {
		t.Fatal(err)
	}
	results := map[string]migrate.Result{}
	for _, result := range report.Keys {
		results[result.Key] = result
	}
	return results
}

// keys of every kind of life, by name.
func makeKeys(t *testing.T, m *backendtest.Mount) {
	t.Helper()
	rotated := func(name string, count int, create object) {
		m.MustWrite("keys/"+name, create)
		for range count - 1 {
			m.MustWrite("keys/"+name+"/rotate", nil)
		}
	}
	rotated("backed-up", 3, object{"exportable": true, "allow_plaintext_backup": true})
	m.MustWrite("keys/backed-up/config", object{"min_decryption_version": 2, "min_encryption_version": 3, "deletion_allowed": true})
	m.MustWrite("keys/mixed", object{"type": "rsa-2048", "exportable": true, "allow_plaintext_backup": true})
	m.MustWrite("keys/mixed/rotate", object{"type": "x25519-mlkem768"})
	m.MustWrite("keys/kem", object{"type": "ml-kem-768", "purpose": "key-encapsulation", "exportable": true, "allow_plaintext_backup": true})
	rotated("plain", 2, object{"exportable": true})
	rotated("derived", 2, object{"exportable": true, "derived": true, "auto_rotate_period": "24h"})
	rotated("curve", 3, object{"exportable": true, "type": "ecdsa-p256"})
	rotated("edwards", 2, object{"exportable": true, "type": "ed25519", "derived": true})
	rotated("mac", 2, object{"exportable": true, "type": "hmac", "key_size": 32})
	rotated("cmac", 1, object{"exportable": true, "type": "aes256-cmac"})
	rotated("signature", 2, object{"exportable": true, "type": "ml-dsa-65"})
	rotated("trimmed", 5, object{"exportable": true})
	m.MustWrite("keys/trimmed/config", object{"min_decryption_version": 4, "min_encryption_version": 4})
	m.MustWrite("keys/trimmed/trim", object{"min_available_version": 3})
	m.MustWrite("keys/backed-up/config", object{"rotation_schedule": "0 3 * * *", "auto_rotate_max_bytes": 1 << 30})
	m.MustWrite("keys/curve/config", object{"retain_versions": 9, "destroy_after": "48h", "rotation_schedule": "0 4 * * *"})
	rotated("kept", 1, object{})
	rotated("convergent", 1, object{"derived": true, "convergent_encryption": true, "exportable": true})
	m.MustWrite("keys/mixed-no-backup", object{"type": "aes128-gcm96", "exportable": true})
	m.MustWrite("keys/mixed-no-backup/rotate", object{"type": "x25519-mlkem768", "allow_unauthenticated_encryption": true})
	m.MustWrite("keys/kem-no-backup", object{"type": "ml-kem-768", "purpose": "key-encapsulation", "exportable": true})
}

const alreadyThere = "present"

func TestEveryKeyThatCanMoveMoves(t *testing.T) {
	v := newVaults(t)
	makeKeys(t, v.from)
	want := map[string]string{
		"backed-up": "backup moved [3]", "mixed": "backup moved [1 2]", "kem": "backup moved [1]",
		"plain": "import moved [1 2]", "derived": "import moved [1 2]", "curve": "import moved [1 2 3]", "edwards": "import moved [1 2]",
		"mac": "import moved [1 2]", "cmac": "import moved [1]", "signature": "import moved [1 2]", "trimmed": "import moved [4 5]",
		"kept": " cannot move []", "convergent": " cannot move []", "mixed-no-backup": " cannot move []", "kem-no-backup": " cannot move []",
	}
	for _, again := range []bool{false, true} {
		got := map[string]string{}
		for name, result := range v.mustRun(t) {
			got[name] = fmt.Sprint(result.Way, " ", result.Status, " ", result.Verified)
			if (result.Reason == "") == (result.Status == migrate.Stays) {
				t.Errorf("%s: reason %q", name, result.Reason)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("again %t: %s", again, diff)
		}
		for name, text := range want {
			want[name] = strings.Replace(text, "moved", alreadyThere, 1)
		}
	}
	for name := range want {
		if there := v.to.Read("keys/" + name); (there.Data != nil) != strings.Contains(want[name], alreadyThere) {
			t.Errorf("%s: %d", name, there.Status)
		}
	}
	for _, m := range []*backendtest.Mount{v.from, v.to} {
		for path := range m.Storage.Snapshot() {
			if strings.Contains(path, "palisade-migrate") {
				t.Errorf("%s is left", path)
			}
		}
	}
}

// settings are what a read of the key shows of it, but for what a move changes.
func settings(m *backendtest.Mount, name string) object {
	data := maps.Clone(m.MustRead("keys/" + name).Data)
	for _, field := range []string{"keys", "imported_key", "imported_key_allow_rotation", "backup_info", "restore_info", "key_size"} {
		delete(data, field)
	}
	return data
}

func TestSettingsComeAlong(t *testing.T) {
	v := newVaults(t)
	makeKeys(t, v.from)
	results := v.mustRun(t)
	moved := 0
	for name, result := range results {
		if result.Status != migrate.Moved {
			continue
		}
		moved++
		if diff := cmp.Diff(settings(v.from, name), settings(v.to, name)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	if moved != 11 {
		t.Errorf("%d keys moved", moved)
	}
	// What moves still rotates, and the places that were filled opened nothing.
	v.to.MustWrite("keys/plain/rotate", nil)
	if got := v.to.Write("keys/trimmed/config", object{"min_decryption_version": 2}); got.Status != 400 {
		t.Errorf("versions that were trimmed at the source are there: %d", got.Status)
	}
}

func TestADryRunChangesNothing(t *testing.T) {
	v := newVaults(t)
	makeKeys(t, v.from)
	from, to := v.from.Storage.Snapshot(), v.to.Storage.Snapshot()
	report, err := v.run(t, true)
	if err != nil || report.Count(migrate.WouldMove) != 11 || report.Count(migrate.Stays) != 4 {
		t.Errorf("%v, %+v", err, report)
	}
	if diff := cmp.Diff(from, v.from.Storage.Snapshot()) + cmp.Diff(to, v.to.Storage.Snapshot()); diff != "" {
		t.Error(diff)
	}
}

// A run that loses Vault at any request, and is run again, ends as one that did not.
func TestARunSurvivesTheLossOfVaultAtAnyRequest(t *testing.T) {
	v := newVaults(t)
	// Of every way that has several requests, one.
	v.from.MustWrite("keys/a", object{"exportable": true, "allow_plaintext_backup": true})
	v.from.MustWrite("keys/a/config", object{"auto_rotate_max_operations": 5000})
	v.from.MustWrite("keys/b", object{"exportable": true})
	for range 3 {
		v.from.MustWrite("keys/b/rotate", nil)
	}
	v.from.MustWrite("keys/b/config", object{"min_decryption_version": 2, "min_encryption_version": 3})
	v.to.MustRead("wrapping_key")
	begin := [2]map[string][]byte{v.from.Storage.Snapshot(), v.to.Storage.Snapshot()}
	lost, step := 0, 1
	if testing.Short() {
		step = 5
	}
	for n := 1; ; n += step {
		restoreStorage(t, v.from, begin[0])
		restoreStorage(t, v.to, begin[1])
		v.failing = n
		_, err := v.run(t, false)
		v.failing = 0
		if err == nil {
			break
		}
		lost++
		results := v.mustRun(t)
		for _, name := range []string{"a", "b"} {
			if got := results[name]; got.Status != migrate.Moved && got.Status != migrate.Present || len(got.Verified) == 0 {
				t.Fatalf("request %d: %+v", n, got)
			}
			if diff := cmp.Diff(settings(v.from, name), settings(v.to, name)); diff != "" {
				t.Errorf("request %d: %s: %s", n, name, diff)
			}
		}
		for path := range v.from.Storage.Snapshot() {
			if strings.Contains(path, "palisade-migrate") {
				t.Errorf("request %d: %s is left", n, path)
			}
		}
	}
	if lost < 25/step {
		t.Errorf("lost at %d requests only", lost)
	}
}

func restoreStorage(t *testing.T, m *backendtest.Mount, entries map[string][]byte) {
	t.Helper()
	for path := range m.Storage.Snapshot() {
		if err := m.Storage.Delete(t.Context(), path); err != nil {
			t.Fatal(err)
		}
	}
	for path, value := range entries {
		put(t, m, path, value)
	}
	m.Restart()
}

// A key at the destination that only looks the same is found out, and left alone.
func TestAnotherKeyOfTheSameNameIsLeftAlone(t *testing.T) {
	for name, test := range map[string]struct {
		there  object
		rotate int
		want   migrate.Status
	}{
		"the same settings": {object{"exportable": true}, 1, migrate.Failed},
		"another type":      {object{"type": "aes128-gcm96"}, 1, migrate.Stays},
		"fewer versions":    {object{"exportable": true}, 0, migrate.Stays},
		"more versions":     {object{"exportable": true}, 2, migrate.Stays},
	} {
		t.Run(name, func(t *testing.T) {
			v := newVaults(t)
			v.from.MustWrite("keys/k", object{"exportable": true})
			v.from.MustWrite("keys/k/rotate", nil)
			v.to.MustWrite("keys/k", test.there)
			for range test.rotate {
				v.to.MustWrite("keys/k/rotate", nil)
			}
			before := v.to.Storage.Snapshot()
			got := v.mustRun(t)["k"]
			if got.Status != test.want || got.Reason == "" {
				t.Errorf("%+v", got)
			}
			if diff := cmp.Diff(before, v.to.Storage.Snapshot()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// An imported key of another origin must not get versions of this one.
func TestAForeignImportIsNotContinued(t *testing.T) {
	v, other := newVaults(t), newVaults(t)
	for _, each := range []*vaults{v, other} {
		each.from.MustWrite("keys/k", object{"exportable": true})
	}
	other.to = v.to
	if got := other.mustRun(t)["k"]; got.Status != migrate.Moved {
		t.Fatalf("%+v", got)
	}
	v.from.MustWrite("keys/k/rotate", nil)
	before := v.to.MustRead("keys/k").Data["latest_version"]
	if got := v.mustRun(t)["k"]; got.Status != migrate.Failed || !strings.Contains(got.Reason, "the two keys differ") {
		t.Errorf("%+v", got)
	}
	if after := v.to.MustRead("keys/k").Data["latest_version"]; after != before {
		t.Errorf("the foreign key has version %v", after)
	}
	// Its own goes on, with the version that was made since.
	other.from.MustWrite("keys/k/rotate", nil)
	if got := other.mustRun(t)["k"]; got.Status != migrate.Moved || len(got.Verified) != 2 {
		t.Errorf("%+v", got)
	}
}

func TestPublicKeysMove(t *testing.T) {
	v := newVaults(t)
	for _, kind := range []string{"rsa-2048", "ed25519", "ecdsa-p384"} {
		v.from.MustWrite("keys/"+kind, object{"type": kind})
		v.from.MustWrite("keys/public-"+kind+"/import", object{"type": kind, "public_key": publicKey(t, v.from, kind)})
	}
	results := v.mustRun(t)
	for _, kind := range []string{"rsa-2048", "ed25519", "ecdsa-p384"} {
		if got := results["public-"+kind]; got.Status != migrate.Moved || !slices.Equal(got.Verified, []int{1}) {
			t.Errorf("%s: %+v", kind, got)
		}
		if got := results[kind]; got.Status != migrate.Stays {
			t.Errorf("%s: %+v", kind, got)
		}
	}
}

func TestKeysByName(t *testing.T) {
	v := newVaults(t)
	v.from.MustWrite("keys/a", object{"exportable": true})
	v.from.MustWrite("keys/b", object{"exportable": true})
	if got := v.mustRun(t, "b"); len(got) != 1 || got["b"].Status != migrate.Moved {
		t.Errorf("%+v", got)
	}
	if _, err := v.run(t, false, "c"); err == nil || !strings.Contains(err.Error(), "no key c") {
		t.Error(err)
	}
}

// No answer that goes to a person or a file has key material in it: backups print redacted.
func TestBackupsDoNotPrint(t *testing.T) {
	v := newVaults(t)
	v.from.MustWrite("keys/a", object{"exportable": true, "allow_plaintext_backup": true})
	from, _ := v.job()
	backup, err := from.Backup(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		if got := fmt.Sprintf(format, backup); got != "[redacted]" {
			t.Errorf("%s: %s", format, got)
		}
	}
}
