package pqtransit_test

import (
	"net/http"
	"testing"
)

func TestBackupAndRestore(t *testing.T) {
	m := withRSA(t)
	for _, name := range []string{symmetric, rsa, hybrid} {
		if name != rsa {
			m.MustWrite("keys/"+name, object{"type": name})
		}
		wantRefused(t, name, m.Read("backup/"+name), "exporting is disallowed on the policy")
		m.MustWrite("keys/"+name+"/config", object{"exportable": true})
		wantRefused(t, name, m.Read("backup/"+name), "plaintext backup is disallowed on the policy")
		m.MustWrite("keys/"+name+"/config", object{"allow_plaintext_backup": true, "deletion_allowed": true})
		old := encrypt(t, m, name, "hello")
		text := m.MustRead("backup/" + name).Data["backup"]
		info, _ := m.MustRead("keys/" + name).Data["backup_info"].(object)
		if info["version"] != 1.0 || info["time"] == nil {
			t.Errorf("%s: backup_info %v", name, info)
		}

		wantRefused(t, name, m.Write("restore", object{"backup": text}), `key "`+name+`" already exists`)
		if got := m.Write("restore/copy-of-"+name, object{"backup": text}); got.Status != http.StatusNoContent {
			t.Errorf("%s: %d %s", name, got.Status, got.Message)
		}
		wantPlaintext(t, m, "copy-of-"+name, old, "hello")
		m.Delete("keys/" + name)
		m.MustWrite("restore", object{"backup": text})
		m.Restart()
		wantPlaintext(t, m, name, old, "hello")
		m.MustWrite("keys/"+name+"/rotate", nil)
		m.MustWrite("restore", object{"backup": text, "force": true})
		if got := m.MustRead("keys/" + name).Data; got["latest_version"] != 1.0 || got["restore_info"] == nil {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestRestoreRefuses(t *testing.T) {
	m := newMount(t)
	wantRefused(t, "nothing", m.Write("restore", object{}), "'backup' must be supplied")
	wantRefused(t, "empty", m.Write("restore/a", object{"backup": ""}), "'backup' must be supplied")
	wantRefused(t, "noise", m.Write("restore/a", object{"backup": "noise"}), "backup is not base64")
	m.MustWrite("keys/k", object{"exportable": true, "allow_plaintext_backup": true})
	sound := m.MustRead("backup/k").Data["backup"]
	for path, want := range map[string]string{"restore/a/b": "key names cannot be paths", "restore/a b": "invalid key name", "restore/a.": "invalid key name"} {
		wantRefused(t, path, m.Write(path, object{"backup": sound}), want)
	}
	wantRefused(t, "a list", m.Write("restore/a", object{"backup": []any{"x"}}), "Field validation failed")
	wantRefused(t, "unknown key", m.Read("backup/a"), `key "a" not found`)
	if left := m.Storage.Snapshot(); len(left) != 2 {
		t.Errorf("left behind: %d entries", len(left))
	}
}
