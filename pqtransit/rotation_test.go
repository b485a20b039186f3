package pqtransit_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/palisade-vault/palisade/backend/backendtest"
)

// rotationNames are what a read shows beyond transit's fields.
var rotationNames = []string{
	"rotation_schedule", "rotation_window", "next_vault_rotation", "auto_rotate_max_operations", "auto_rotate_max_bytes",
	"retain_versions", "destroy_after", "destroy_decryptable",
}

func rotationOf(data map[string]any) map[string]any {
	shown := map[string]any{}
	for _, name := range rotationNames {
		if value, ok := data[name]; ok {
			shown[name] = value
		}
	}
	return shown
}

func TestRotationSettings(t *testing.T) {
	m := newMount(t)
	want := func(path string, data, want object) {
		t.Helper()
		answered := rotationOf(m.MustWrite(path, data).Data)
		if diff := cmp.Diff(answered, rotationOf(m.MustRead("keys/k").Data)); diff != "" {
			t.Errorf("answered and read differ: %s", diff)
		}
		if _, ok := answered["next_vault_rotation"]; ok {
			next, err := time.Parse(time.RFC3339, answered["next_vault_rotation"].(string))
			if err != nil || next.Hour() != 3 || time.Until(next) <= 0 || time.Until(next) > 24*time.Hour {
				t.Errorf("next_vault_rotation %v, %v", answered["next_vault_rotation"], err)
			}
			delete(answered, "next_vault_rotation")
		}
		if diff := cmp.Diff(want, answered); diff != "" {
			t.Errorf("%s %v: %s", path, data, diff)
		}
	}
	want("keys/k", nil, object{})
	want("keys/k/config", object{"rotation_schedule": "0 3 * * *", "rotation_window": "2h"},
		object{"rotation_schedule": "0 3 * * *", "rotation_window": 7200.0})
	want("keys/k/config", object{"rotation_schedule": ""}, object{})
	want("keys/k/config", object{"auto_rotate_max_operations": 5000, "auto_rotate_max_bytes": 0},
		object{"auto_rotate_max_operations": 5000.0, "auto_rotate_max_bytes": 0.0})
	want("keys/k/config", object{"auto_rotate_max_operations": -1, "auto_rotate_max_bytes": -1, "retain_versions": 3},
		object{"retain_versions": 3.0, "destroy_after": 0.0, "destroy_decryptable": false})
	want("keys/k/config", object{"retain_versions": 0}, object{})
	for _, data := range []object{
		{"rotation_schedule": "never"},
		{"rotation_schedule": "0 3 * * *", "auto_rotate_period": "1h"},
		{"rotation_window": "1h"},
		{"auto_rotate_max_operations": 10},
		{"auto_rotate_max_bytes": 1.5},
		{"retain_versions": -1},
		{"destroy_after": "1s"},
	} {
		if got := m.Write("keys/k/config", data); got.Status != 400 {
			t.Errorf("config %v: %d", data, got.Status)
		}
		if got := m.Write("keys/new", data); got.Status != 400 {
			t.Errorf("create %v: %d", data, got.Status)
		}
	}
	want("keys/k/config", object{}, object{})
}

func TestKeyHistory(t *testing.T) {
	m := newMount(t)
	if got := m.Read("keys/k/history"); got.Status != 404 {
		t.Errorf("%d", got.Status)
	}
	m.MustWrite("keys/k", nil)
	m.Template.EntityID, m.Template.DisplayName = "e-1", "userpass-alice"
	m.MustWrite("keys/k/rotate", object{"type": "x25519-mlkem768", "allow_unauthenticated_encryption": true})
	data := m.MustRead("keys/k/history").Data
	history, _ := data["history"].([]any)
	for _, record := range history {
		at, err := time.Parse(time.RFC3339, record.(map[string]any)["time"].(string))
		if err != nil || time.Since(at) > time.Minute {
			t.Errorf("time %v, %v", at, err)
		}
		delete(record.(map[string]any), "time")
	}
	if diff := cmp.Diff(map[string]any{"name": "k", "history": []any{
		map[string]any{"version": 1.0, "reason": "creation", "entity_id": "", "display_name": "", "from": "", "to": "aes256-gcm96"},
		map[string]any{"version": 2.0, "reason": "request", "entity_id": "e-1", "display_name": "userpass-alice", "from": "aes256-gcm96", "to": "x25519-mlkem768"},
	}}, data); diff != "" {
		t.Error(diff)
	}
}

// Every path that makes something counts it, single and in batches, on one road: at the limit
// the key rotates before it does more, and the answer comes from the new version.
func TestLimitsOnEveryPath(t *testing.T) {
	items := func(item object, count int) []any {
		all := make([]any, count)
		for i := range all {
			all[i] = item
		}
		return all
	}
	for name, test := range map[string]struct {
		key  object
		path string
		data func(m *backendtest.Mount, count int) object
	}{
		"encrypt": {object{}, "encrypt/k", func(_ *backendtest.Mount, count int) object {
			return object{"batch_input": items(object{"plaintext": "AAAA"}, count)}
		}},
		"rewrap": {object{}, "rewrap/k", func(m *backendtest.Mount, count int) object {
			text := m.MustWrite("encrypt/k", object{"plaintext": "AAAA"}).Data["ciphertext"]
			return object{"batch_input": items(object{"ciphertext": text}, count)}
		}},
		"datakeys": {object{}, "datakeys/wrapped/k", func(_ *backendtest.Mount, count int) object { return object{"count": count} }},
		"derivedkeys": {object{}, "derivedkeys/wrapped/k", func(_ *backendtest.Mount, count int) object {
			return object{"salt": "s", "key_index_from": 0, "key_index_to": count}
		}},
		"hmac": {object{"type": "ed25519"}, "hmac/k", func(_ *backendtest.Mount, count int) object {
			return object{"batch_input": items(object{"input": "AAAA"}, count)}
		}},
		"sign": {object{"type": "ed25519"}, "sign/k", func(_ *backendtest.Mount, count int) object {
			return object{"batch_input": items(object{"input": "AAAA"}, count)}
		}},
		"cmac": {object{"type": "aes256-cmac"}, "cmac/k", func(_ *backendtest.Mount, count int) object {
			return object{"batch_input": items(object{"input": "AAAA"}, count)}
		}},
		"encapsulate": {object{"type": "ml-kem", "parameter_set": "768", "purpose": "key-encapsulation"}, "encapsulate/k", func(_ *backendtest.Mount, count int) object {
			return object{"batch_input": items(object{}, count)}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMount(t)
			test.key["auto_rotate_max_operations"] = 1000
			m.MustWrite("keys/k", test.key)
			for _, want := range []float64{1, 2, 3} {
				m.MustWrite(test.path, test.data(m, 600))
				if got := m.MustRead("keys/k").Data["latest_version"]; got != want {
					t.Errorf("version %v, want %v", got, want)
				}
			}
		})
	}
}

func TestLimitsOfSingleRequests(t *testing.T) {
	m := newMount(t)
	m.MustWrite("keys/k", object{"auto_rotate_max_operations": 1000})
	for i := range 1001 {
		data := m.MustWrite("encrypt/k", object{"plaintext": "AAAA"}).Data
		if want := float64(1 + i/1000); data["key_version"] != want {
			t.Fatalf("request %d: version %v, want %v", i, data["key_version"], want)
		}
		m.MustWrite("decrypt/k", object{"ciphertext": data["ciphertext"]})
	}
}
