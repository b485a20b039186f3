package pqtransit_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/palisade-vault/palisade/backend/backendtest"
)

var noPolicy = object{
	"allowed_types": []any{}, "forbidden_types": []any{}, "minimum_security_category": 0.0, "quantum_safe_required": false,
	"existing_keys": "report", "successors": object{}, "narrow_purpose": false,
}

func TestCryptoPolicyPath(t *testing.T) {
	m := newMount(t)
	want := func(got *backendtest.Answer, data object) {
		t.Helper()
		if diff := cmp.Diff(data, got.Data); diff != "" {
			t.Error(diff)
		}
	}
	want(m.MustRead("config/crypto-policy"), noPolicy)
	set := object{
		"allowed_types": "ml-dsa,rsa-2048,aes256-gcm96,x25519-mlkem768", "forbidden_types": []any{"aes128-gcm96"},
		"minimum_security_category": "1", "quantum_safe_required": true, "existing_keys": "auto-rotate",
		"successors": object{"rsa-2048": "x25519-mlkem768"}, "narrow_purpose": "true",
	}
	whole := object{
		"allowed_types":   []any{"aes256-gcm96", "ml-dsa-44", "ml-dsa-65", "ml-dsa-87", "rsa-2048", "x25519-mlkem768"},
		"forbidden_types": []any{"aes128-gcm96"}, "minimum_security_category": 1.0, "quantum_safe_required": true,
		"existing_keys": "auto-rotate", "successors": object{"rsa-2048": "x25519-mlkem768"}, "narrow_purpose": true,
	}
	want(m.MustWrite("config/crypto-policy", set), whole)
	m.Restart()
	want(m.MustRead("config/crypto-policy"), whole)
	// As the CLI sends it.
	set["successors"] = "rsa-2048=x25519-mlkem768"
	want(m.MustWrite("config/crypto-policy", set), whole)
	// A write replaces all of it.
	want(m.MustWrite("config/crypto-policy", object{"quantum_safe_required": true}), with(noPolicy, object{"quantum_safe_required": true}))
	wantRefused(t, "create", m.Write("keys/k", object{"type": "ed25519"}),
		"the mount's crypto policy does not let key k have a new version of type ed25519, which is not quantum-safe; use type=hybrid-ml-dsa-65-ed25519, or change config/crypto-policy")
	if got := m.Delete("config/crypto-policy"); got.Status != http.StatusNoContent {
		t.Errorf("%d %s", got.Status, got.Message)
	}
	want(m.MustRead("config/crypto-policy"), noPolicy)
	m.MustWrite("keys/k", object{"type": "ed25519"})
}

func TestCryptoPolicyRefusesWhatItDoesNotKnow(t *testing.T) {
	m := newMount(t)
	for name, test := range map[string]struct {
		data object
		want string
	}{
		"a misspelt parameter": {object{"quantum_safe": true, "minimum_category": 1}, "unknown parameters: minimum_category, quantum_safe"},
		"an unknown type":      {object{"allowed_types": "rot13"}, `unknown key type "rot13" in allowed_types`},
		"an unknown mode":      {object{"existing_keys": "delete"}, `unknown existing_keys "delete"`},
		"a wrong category":     {object{"minimum_security_category": 6}, "minimum_security_category 6 is not one of 0 to 5"},
		"a fraction":           {object{"minimum_security_category": 1.5}, ""},
		"a word":               {object{"quantum_safe_required": "perhaps"}, "Field validation failed"},
		"several faults":       {object{"bogus": 1, "allowed_types": "rot13"}, "unknown parameters: bogus; unknown key type"},
	} {
		wantRefused(t, name, m.Write("config/crypto-policy", test.data), test.want)
	}
	if got := m.Storage.Counts().Put; got != 0 {
		t.Errorf("%d writes", got)
	}
}

// What cannot be read stops the mount's keys, and can be deleted.
func TestUnreadableCryptoPolicy(t *testing.T) {
	m := newMount(t)
	m.MustWrite("keys/k", nil)
	put(t, m, "palisade/crypto-policy", `{"format":2}`)
	m.Restart()
	checkFault(t, "encrypt", m.Write("encrypt/k", object{"plaintext": ""}))
	checkFault(t, "read", m.Read("config/crypto-policy"))
	if !strings.Contains(m.Logs.String(), "write or delete config/crypto-policy to replace it") {
		t.Error("the log does not say what to do")
	}
	m.Delete("config/crypto-policy")
	encrypt(t, m, "k", "x")
}

func TestCryptoPolicyInBatches(t *testing.T) {
	m := newMount(t)
	m.MustWrite("keys/k", object{"type": "aes128-gcm96"})
	old := encrypt(t, m, "k", "x")
	m.MustWrite("config/crypto-policy", object{"minimum_security_category": 3, "existing_keys": "refuse-new-encryption"})
	got := m.Write("encrypt/k", object{"batch_input": []any{object{"plaintext": ""}, object{"plaintext": "!"}}})
	items := results(t, got, 2)
	if got.Status != http.StatusBadRequest || !strings.Contains(items[0]["error"].(string), "the mount's crypto policy refuses new use of version 1 of key k") {
		t.Errorf("%d %v", got.Status, items)
	}
	wantRefused(t, "data key", m.Write("datakey/plaintext/k", nil), "the mount's crypto policy refuses new use")
	wantRefused(t, "upsert", m.Write("encrypt/new", object{"plaintext": "", "type": "aes128-gcm96"}), "the mount's crypto policy does not let key new have")
	m.MustWrite("keys/k/rotate", object{"type": symmetric})
	rewrapped := m.MustWrite("rewrap/k", object{"ciphertext": old}).Data["ciphertext"].(string)
	wantPlaintext(t, m, "k", rewrapped, "x")
}
