package pqtransit_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/cloudflare/circl/kem/xwing"

	"github.com/palisade-vault/palisade/pqtransit/suite"
)

func kemRequest(algorithm *suite.Suite) object {
	return with(asked(algorithm), object{"purpose": "key-encapsulation"})
}

func encapsulating(t *testing.T) []*suite.Suite {
	t.Helper()
	var found []*suite.Suite
	for _, algorithm := range suite.All() {
		if (algorithm.Purpose | algorithm.Alternative).Has(suite.KeyEncapsulation) {
			found = append(found, algorithm)
		}
	}
	if len(found) != 6 {
		t.Fatalf("%d suites encapsulate", len(found))
	}
	return found
}

func TestEncapsulate(t *testing.T) {
	for _, algorithm := range encapsulating(t) {
		t.Run(algorithm.Name, func(t *testing.T) {
			t.Parallel()
			m := newMount(t)
			created := m.MustWrite("keys/k", kemRequest(algorithm))
			if created.Data["supports_encryption"] != false || created.Data["supports_signing"] != false {
				t.Errorf("%v", created.Data)
			}
			m.Restart()
			made := m.MustWrite("encapsulate/k", object{})
			secret, _ := made.Data["shared_secret"].(string)
			if raw, err := base64.StdEncoding.DecodeString(secret); err != nil || len(raw) != 32 || made.Data["key_version"] != 1.0 {
				t.Errorf("%v", made.Data)
			}
			request := object{"ciphertext": made.Data["ciphertext"], "confirmation": made.Data["confirmation"]}
			if got := m.MustWrite("decapsulate/k", request); got.Data["shared_secret"] != secret || got.Data["key_version"] != 1.0 {
				t.Errorf("%v", got.Data)
			}
			// A ciphertext of another secret is an error, and not a random secret.
			request["ciphertext"] = m.MustWrite("encapsulate/k", object{}).Data["ciphertext"]
			if got := m.Write("decapsulate/k", request); got.Status != 400 || !strings.Contains(got.Message, "key confirmation failed") {
				t.Errorf("%d %s", got.Status, got.Message)
			}
			delete(request, "confirmation")
			if got := m.Write("decapsulate/k", request); got.Status != 400 || !strings.HasPrefix(got.Message, "missing confirmation") {
				t.Errorf("%d %s", got.Status, got.Message)
			}
			request["require_confirmation"] = false
			if got := m.MustWrite("decapsulate/k", request); got.Data["shared_secret"] == secret || got.Data["shared_secret"] == "" {
				t.Errorf("%v", got.Data)
			}
		})
	}
}

// A sender that knows no confirmation encapsulates with the published key alone.
func TestEncapsulateOutsideVault(t *testing.T) {
	m := newMount(t)
	_, keys := withoutKeys(t, m.MustWrite("keys/k", object{"type": hybrid, "purpose": "key-encapsulation"}))
	version, _ := keys["1"].(object)
	if version["purpose"] != "key-encapsulation" {
		t.Errorf("version %v", version)
	}
	text, _ := version["public_key"].(string)
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	secret, ciphertext, err := xwing.Encapsulate(raw, nil)
	if err != nil {
		t.Fatal(err)
	}
	got := m.MustWrite("decapsulate/k", object{
		"ciphertext": "vault:v1:" + base64.StdEncoding.EncodeToString(ciphertext), "require_confirmation": false,
	})
	if got.Data["shared_secret"] != base64.StdEncoding.EncodeToString(secret) {
		t.Error("another secret")
	}
}

// A raw decapsulation would open what HPKE sealed past every check, so no key does both.
func TestPurposesOfKEMKeysExcludeEachOther(t *testing.T) {
	for _, algorithm := range encapsulating(t) {
		t.Run(algorithm.Name, func(t *testing.T) {
			m := newMount(t)
			m.MustWrite("keys/kem", kemRequest(algorithm))
			made := m.MustWrite("encapsulate/kem", object{})
			for path, request := range map[string]object{
				"encrypt/kem": {"plaintext": b64("x")},
				"decrypt/kem": {"ciphertext": made.Data["ciphertext"]},
				"rewrap/kem":  {"ciphertext": made.Data["ciphertext"]},
			} {
				if got := m.Write(path, request); got.Status != 400 || !strings.Contains(got.Message, "not supported") {
					t.Errorf("%s: %d %s", path, got.Status, got.Message)
				}
			}
			if algorithm.Alternative == 0 {
				return
			}
			m.MustWrite("keys/enc", asked(algorithm))
			ciphertext := encrypt(t, m, "enc", "x")
			for path, request := range map[string]object{
				"encapsulate/enc": {},
				"decapsulate/enc": {"ciphertext": ciphertext, "require_confirmation": false},
			} {
				if got := m.Write(path, request); got.Status != 400 || !strings.Contains(got.Message, "key encapsulation not supported") {
					t.Errorf("%s: %d %s", path, got.Status, got.Message)
				}
			}
			for _, name := range []string{"kem", "enc"} { // a rotation keeps the purpose
				before := m.MustRead("keys/" + name).Data["supports_encryption"]
				if got := m.MustWrite("keys/"+name+"/rotate", asked(algorithm)); got.Data["supports_encryption"] != before {
					t.Errorf("%s: %v", name, got.Data)
				}
			}
		})
	}
}

func TestVersionsOfEncapsulations(t *testing.T) {
	m := newMount(t)
	m.MustWrite("keys/k", object{"type": "ml-kem", "parameter_set": "512"})
	old := m.MustWrite("encapsulate/k", object{}).Data
	m.MustWrite("keys/k/rotate", object{"type": hybrid})
	if got := m.MustWrite("decapsulate/k", object{"ciphertext": old["ciphertext"], "confirmation": old["confirmation"]}); got.Data["shared_secret"] != old["shared_secret"] {
		t.Error("another secret")
	}
	if got := m.MustWrite("encapsulate/k", object{"key_version": 1}); got.Data["key_version"] != 1.0 {
		t.Errorf("%v", got.Data)
	}
	m.MustWrite("keys/k/config", object{"min_decryption_version": 2})
	for path, request := range map[string]object{
		"encapsulate/k": {"key_version": 1},
		"decapsulate/k": {"ciphertext": old["ciphertext"], "confirmation": old["confirmation"]},
	} {
		if got := m.Write(path, request); got.Status != 400 {
			t.Errorf("%s: %d", path, got.Status)
		}
	}
	for _, request := range []object{
		{"key_version": 3},
		{"key_version": -1},
	} {
		if got := m.Write("encapsulate/k", request); got.Status != 400 {
			t.Errorf("%v: %d", request, got.Status)
		}
	}
}

func TestBatchesOfEncapsulations(t *testing.T) {
	m := newMount(t)
	m.MustWrite("keys/k", object{"type": hybrid, "purpose": "key-encapsulation"})
	made := results(t, m.MustWrite("encapsulate/k", object{"batch_input": []any{object{"reference": "a"}, object{"key_version": 9}, object{}}}), 3)
	if made[0]["reference"] != "a" || made[1]["error"] != "requested version for encapsulation is higher than the latest key version" || made[0]["shared_secret"] == made[2]["shared_secret"] {
		t.Errorf("%v", made)
	}
	item := func(i int) object {
		return object{"ciphertext": made[i]["ciphertext"], "confirmation": made[i]["confirmation"]}
	}
	got := results(t, m.MustWrite("decapsulate/k", object{"batch_input": []any{
		item(2), with(item(0), object{"confirmation": made[2]["confirmation"]}), with(item(0), object{"confirmation": "!"}), object{"ciphertext": "x"},
	}}), 4)
	if got[0]["shared_secret"] != made[2]["shared_secret"] || got[1]["error"] == nil || got[1]["shared_secret"] != nil || got[2]["error"] == nil || got[3]["error"] == nil {
		t.Errorf("%v", got)
	}
}
