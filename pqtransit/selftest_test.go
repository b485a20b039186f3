package pqtransit_test

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/palisade-vault/palisade/backend/backendtest"
	"github.com/palisade-vault/palisade/pqtransit"
	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// breakable is a self-test that fails for one algorithm once it is told to.
type breakable struct{ name string }

func (b *breakable) run(s *suite.Suite) error {
	if s.Name == b.name {
		return errors.New("wrong result")
	}
	return nil
}

func TestSelfTestRunsEverySuite(t *testing.T) {
	got := newMount(t).MustRead("self-test").Data
	if got["passed"] != true || len(got["failed"].([]any)) != 0 {
		t.Errorf("passed %v, failed %v", got["passed"], got["failed"])
	}
	suites, _ := got["suites"].(object)
	if diff := cmp.Diff(suite.Names(), slices.Sorted(maps.Keys(suites))); diff != "" {
		t.Errorf("tested suites: %s", diff)
	}
	for name, result := range suites {
		fields, _ := result.(object)
		if fields["passed"] != true || fields["error"] != nil || fields["duration_us"] == nil {
			t.Errorf("%s: %v", name, fields)
		}
	}
	if module, _ := got["go_module"].(object); module["version"] == nil || module["fips"] == nil || module["fips_only"] == nil {
		t.Errorf("go_module %v", got["go_module"])
	}
}

// A failing algorithm is refused wherever its code would run, and its keys can still be
// managed and leave.
func TestFailingSuiteIsRefused(t *testing.T) {
	for _, test := range []struct {
		suite  string
		create object
		use    map[string]func(m *backendtest.Mount, made object) object
	}{
		{hybrid, object{"type": hybrid}, encryptionUses()},
		{symmetric, object{"type": symmetric}, encryptionUses()},
		{"aes256-gcm96", object{"type": symmetric, "derived": true}, encryptionUses()},
		{"ml-dsa-65", object{"type": "ml-dsa", "parameter_set": "65"}, signingUses()},
		{"ml-kem-768", object{"type": "ml-kem", "parameter_set": "768", "purpose": "key-encapsulation"}, kemUses()},
		{"hmac", object{"type": "hmac"}, hmacUses()},
		{"aes256-cmac", object{"type": "aes256-cmac"}, cmacUses()},
	} {
		t.Run(test.suite, func(t *testing.T) {
			health := &breakable{}
			m := backendtest.New(t, pqtransit.FactoryWith(health.run))
			create := object{"exportable": true, "allow_plaintext_backup": true}
			maps.Copy(create, test.create)
			m.MustWrite("keys/k", create)
			made := object{}
			for _, name := range slices.Sorted(maps.Keys(test.use)) {
				maps.Copy(made, m.MustWrite(name, test.use[name](m, made)).Data)
			}
			health.name = test.suite
			m.MustRead("self-test")
			for name, body := range test.use {
				wantFailed(t, name, m.Write(name, body(m, made)), test.suite)
			}
			wantFailed(t, "rotate", m.Write("keys/k/rotate", nil), test.suite)
			wantFailed(t, "create", m.Write("keys/other", test.create), test.suite)
			stillManaged(t, m)
		})
	}
}

func wantFailed(t *testing.T, name string, got *backendtest.Answer, algorithm string) {
	t.Helper()
	if got.Status != http.StatusBadRequest || !strings.Contains(got.Message, "key type "+algorithm+" has failed its self-test") {
		t.Errorf("%s: %d %q", name, got.Status, got.Message)
	}
}

func stillManaged(t *testing.T, m *backendtest.Mount) {
	t.Helper()
	m.MustRead("keys/k")
	backup := m.MustRead("backup/k").Data["backup"]
	m.MustWrite("restore/copy", object{"backup": backup})
	if m.Read("keys/k").Data["type"] == "aes256-cmac" {
		m.MustRead("export/cmac-key/k")
	} else {
		m.MustRead("export/hmac-key/k")
	}
	m.MustWrite("keys/k/config", object{"deletion_allowed": true})
	if got := m.Delete("keys/k"); got.Status != http.StatusNoContent {
		t.Errorf("delete: %d %s", got.Status, got.Message)
	}
}

func encryptionUses() map[string]func(*backendtest.Mount, object) object {
	context := b64("context")
	return map[string]func(*backendtest.Mount, object) object{
		"encrypt/k": func(*backendtest.Mount, object) object { return object{"plaintext": b64("x"), "context": context} },
		"decrypt/k": func(m *backendtest.Mount, made object) object {
			return object{"ciphertext": sealedBy(m, made), "context": context}
		},
		"rewrap/k": func(m *backendtest.Mount, made object) object {
			return object{"ciphertext": sealedBy(m, made), "context": context}
		},
		"datakey/plaintext/k": func(*backendtest.Mount, object) object { return object{"context": context} },
	}
}

// sealedBy is a ciphertext that was made while that was possible.
func sealedBy(m *backendtest.Mount, made object) any {
	if made["ciphertext"] == nil {
		made["ciphertext"] = m.MustWrite("encrypt/k", object{"plaintext": b64("x"), "context": b64("context")}).Data["ciphertext"]
	}
	return made["ciphertext"]
}

func signingUses() map[string]func(*backendtest.Mount, object) object {
	return map[string]func(*backendtest.Mount, object) object{
		"keys/k/csr": func(*backendtest.Mount, object) object { return nil },
		"sign/k":     func(*backendtest.Mount, object) object { return object{"input": b64("x")} },
		"verify/k": func(_ *backendtest.Mount, made object) object {
			return object{"input": b64("x"), "signature": made["signature"]}
		},
	}
}

func kemUses() map[string]func(*backendtest.Mount, object) object {
	return map[string]func(*backendtest.Mount, object) object{
		"decapsulate/k": func(m *backendtest.Mount, made object) object {
			if made["confirmation"] == nil {
				maps.Copy(made, m.MustWrite("encapsulate/k", nil).Data)
			}
			return object{"ciphertext": made["ciphertext"], "confirmation": made["confirmation"]}
		},
		"encapsulate/k": func(*backendtest.Mount, object) object { return nil },
	}
}

func hmacUses() map[string]func(*backendtest.Mount, object) object {
	return map[string]func(*backendtest.Mount, object) object{
		"hmac/k":   func(*backendtest.Mount, object) object { return object{"input": b64("x")} },
		"verify/k": func(_ *backendtest.Mount, made object) object { return object{"input": b64("x"), "hmac": made["hmac"]} },
	}
}

func cmacUses() map[string]func(*backendtest.Mount, object) object {
	return map[string]func(*backendtest.Mount, object) object{
		"cmac/k":   func(*backendtest.Mount, object) object { return object{"input": b64("x")} },
		"verify/k": func(_ *backendtest.Mount, made object) object { return object{"input": b64("x"), "cmac": made["cmac"]} },
	}
}

// A key whose algorithm failed moves to one that works, and keys of other types never notice.
func TestKeyOfAFailingSuiteRotatesAway(t *testing.T) {
	health := &breakable{}
	m := backendtest.New(t, pqtransit.FactoryWith(health.run))
	m.MustWrite("keys/k", object{"type": "ml-dsa", "parameter_set": "65"})
	m.MustWrite("keys/other", object{"type": symmetric})
	health.name = "ml-dsa-65"
	got := m.MustRead("self-test").Data
	if diff := cmp.Diff([]any{"ml-dsa-65"}, got["failed"]); diff != "" || got["passed"] != false {
		t.Errorf("passed %v, failed: %s", got["passed"], diff)
	}
	if result := got["suites"].(object)["ml-dsa-65"].(object); result["passed"] != false || result["error"] != "wrong result" {
		t.Errorf("ml-dsa-65: %v", result)
	}
	m.MustWrite("keys/k/rotate", object{"parameter_set": "87"})
	m.MustWrite("sign/k", object{"input": b64("x")})
	wantPlaintext(t, m, "other", encrypt(t, m, "other", "x"), "x")
	if !strings.Contains(fmt.Sprint(m.Logs), "ml-dsa-65") {
		t.Error("the failure is not in the log")
	}
	m.Restart()
	health.name = ""
	m.MustWrite("keys/k/rotate", object{"parameter_set": "65"})
}

// An import is refused before anything of the key is parsed.
func TestImportOfAFailingSuiteIsRefused(t *testing.T) {
	health := &breakable{name: symmetric}
	m := backendtest.New(t, pqtransit.FactoryWith(health.run))
	wantFailed(t, "import", m.Write("keys/k/import", object{"type": symmetric, "ciphertext": b64(strings.Repeat("x", 600))}), symmetric)
}

// A wrapping key of an algorithm that failed unwraps nothing, whatever the imported key's type.
func TestImportThroughAFailingWrappingKeyIsRefused(t *testing.T) {
	health := &breakable{}
	m := backendtest.New(t, pqtransit.FactoryWith(health.run))
	wrapped := object{"type": symmetric, "ciphertext": wrap(t, withWrapping(t, m), "SHA256", make([]byte, 32))}
	mustImport(t, m, "keys/before/import", wrapped)
	health.name = "rsa-4096"
	m.MustRead("self-test")
	wantFailed(t, "import", m.Write("keys/k/import", wrapped), "rsa-4096")
}
