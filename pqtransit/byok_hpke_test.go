package pqtransit_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend/backendtest"
	"github.com/palisade-vault/palisade/pqtransit/suite"
)

const (
	unwrapRefusal = "provided ciphertext does not unwrap to a key: it is not for a wrapping key of this mount, " +
		"not for this type or hash function, or damaged; read wrapping_key again and wrap anew"
	hybridKind = "x25519-mlkem768"
)

// wrappingKey is a mount's wrapping key of a type.
func wrappingKey(t testing.TB, m *backendtest.Mount, kind string) object {
	t.Helper()
	answer := m.Do(t.Context(), logical.ReadOperation, "wrapping_key", object{"type": kind})
	if answer.Status != 200 {
		t.Fatalf("%s: %d %s", kind, answer.Status, answer.Message)
	}
	return answer.Data
}

// receiver imports a mount's wrapping keys into another as public keys, by their types.
func receiver(t testing.TB, m, other *backendtest.Mount) {
	t.Helper()
	for _, kind := range suite.WrappingTypes() {
		mustImport(t, m, "keys/to-"+kind+"/import", object{"type": kind, "public_key": wrappingKey(t, other, kind)["public_key"]})
	}
}

func TestWrappingKeyByType(t *testing.T) {
	m := newMount(t)
	withWrapping(t, m)
	bare := m.MustRead("wrapping_key").Data
	if len(bare) != 1 || bare["public_key"] == nil {
		t.Errorf("by default %v", bare)
	}
	if diff := cmp.Diff(bare["public_key"], wrappingKey(t, m, rsa)["public_key"]); diff != "" {
		t.Error(diff)
	}
	for _, kind := range suite.WrappingTypes() {
		first := wrappingKey(t, m, kind)
		m.Restart()
		if diff := cmp.Diff(first, wrappingKey(t, m, kind)); diff != "" {
			t.Errorf("another key after a restart: %s", diff)
		}
		if id, _ := first["key_id"].(string); first["type"] != kind || len(id) != 16 || first["version"] != 1.0 {
			t.Errorf("%s: %v %v %v", kind, first["type"], first["key_id"], first["version"])
		}
		rotated := m.MustWrite("wrapping_key/rotate", object{"type": kind}).Data
		if rotated["version"] != 2.0 || rotated["public_key"] == first["public_key"] {
			t.Errorf("%s did not rotate: %v", kind, rotated["version"])
		}
		if diff := cmp.Diff(rotated, wrappingKey(t, m, kind)); diff != "" {
			t.Error(diff)
		}
	}
	for _, path := range []string{"wrapping_key", "wrapping_key/rotate"} {
		got := m.Do(t.Context(), logical.ReadOperation, path, object{"type": "ed25519"})
		if path != "wrapping_key" {
			got = m.Write(path, object{"type": "ed25519"})
		}
		wantRefused(t, path, got, "no wrapping key of type ed25519: use one of rsa-4096, p384-mlkem1024, x25519-mlkem768")
	}
	if got := m.List("keys/"); got.Data["keys"] != nil {
		t.Errorf("listed: %v", got.Data)
	}
}

// Every suite's keys go from one mount to another through both hybrid wrapping keys.
func TestHybridBYOKOfEverySuite(t *testing.T) {
	for _, algorithm := range quickSuites() {
		t.Run(algorithm.Name, func(t *testing.T) {
			t.Parallel()
			m, other := newMount(t), newMount(t)
			receiver(t, m, other)
			made := asked(algorithm)
			made["exportable"] = true
			m.MustWrite("keys/k", made)
			m.MustWrite("keys/k/rotate", nil)
			for _, kind := range suite.WrappingTypes() {
				got := m.MustRead("byok-export/to-" + kind + "/k").Data
				keys, _ := got["keys"].(object)
				if len(keys) != 2 || got["type"] != algorithm.Name {
					t.Fatalf("%v: %d keys", got["type"], len(keys))
				}
				moved := asked(algorithm)
				moved["exportable"], moved["ciphertext"] = true, keys["1"]
				if text, _ := keys["1"].(string); !strings.HasPrefix(text, "palisade-wrap:v1:"+kind+":") {
					t.Errorf("wrapped as %.40s", text)
				}
				mustImport(t, other, "keys/"+kind+"/import", moved)
				mustImport(t, other, "keys/"+kind+"/import_version", object{"ciphertext": keys["2"]})
				sameKeys(t, algorithm, m, other, kind)
			}
		})
	}
}

// sameKeys compares what the two mounts export of both versions.
func sameKeys(t *testing.T, algorithm *suite.Suite, m, other *backendtest.Mount, name string) {
	t.Helper()
	part := privatePart(algorithm)
	if part == "" {
		if algorithm.Asymmetric {
			part = "public-key/"
		} else {
			return
		}
	}
	if diff := cmp.Diff(exported(t, m, part+"k"), exported(t, other, part+name)); diff != "" {
		t.Errorf("%s: the keys differ", name)
	}
}

func TestHybridImportRefuses(t *testing.T) {
	m, other := newMount(t), newMount(t)
	receiver(t, m, other)
	m.MustWrite("keys/k", object{"exportable": true})
	m.MustWrite("keys/closed", object{})
	m.MustWrite("keys/kem", object{"type": hybridKind, "purpose": "key-encapsulation"})
	wantRefused(t, "not exportable", m.Read("byok-export/to-"+hybridKind+"/closed"), "key is not exportable")
	wantRefused(t, "for encapsulation", m.Read("byok-export/kem/k"), "unsupported key type in use; must be a rsa key, or for encryption and one of p384-mlkem1024, x25519-mlkem768")
	wantRefused(t, "hash", m.Do(t.Context(), logical.ReadOperation, "byok-export/to-"+hybridKind+"/k", object{"hash": "SHA256"}), "a hash function is for RSA keys")
	keys, _ := m.MustRead("byok-export/to-" + hybridKind + "/k").Data["keys"].(object)
	text, _ := keys["1"].(string)
	before := len(other.Storage.Snapshot())
	refused := func(name, want string, data object) {
		t.Helper()
		wantRefused(t, name, other.Write("keys/new/import", data), want)
	}
	refused("hash function", "hash_function is for ciphertexts to the RSA wrapping key", object{"ciphertext": text, "hash_function": "SHA256"})
	refused("another type", unwrapRefusal, object{"ciphertext": text, "type": "chacha20-poly1305"})
	refused("both", "only one of the following fields", object{"ciphertext": text, "public_key": "x"})
	at := strings.LastIndex(text, ":") + 500
	for name, changed := range map[string]string{
		"truncated": text[:len(text)-8], "no fields": "palisade-wrap:v1:", "flipped": text[:at] + flip(text[at]) + text[at+1:],
		"version": strings.Replace(text, "v1", "v2", 1), "other key": strings.Replace(text, text[33:36], "000", 1),
		"other type": strings.Replace(text, hybridKind, "p384-mlkem1024", 1),
	} {
		refused(name, unwrapRefusal, object{"ciphertext": changed})
	}
	if got := len(other.Storage.Snapshot()); got != before {
		t.Errorf("%d entries, were %d", got, before)
	}
	// The sender itself cannot import it.
	wantRefused(t, "sender", m.Write("keys/new/import", object{"ciphertext": text}), unwrapRefusal)
}

func flip(c byte) string {
	if c == 'A' {
		return "B"
	}
	return "A"
}

// A key that was wrapped before a rotation comes in after it.
func TestImportAcrossARotationOfTheWrappingKey(t *testing.T) {
	m, other := newMount(t), newMount(t)
	receiver(t, m, other)
	m.MustWrite("keys/k", object{"exportable": true})
	keys, _ := m.MustRead("byok-export/to-" + hybridKind + "/k").Data["keys"].(object)
	other.MustWrite("wrapping_key/rotate", object{"type": hybridKind})
	text, _ := keys["1"].(string)
	mustImport(t, other, "keys/k/import", object{"ciphertext": text + "\n"}) // as from a file
	wantPlaintext(t, other, "k", encrypt(t, m, "k", "x"), "x")
	other.MustWrite("wrapping_key/rotate", object{"type": hybridKind})
	wantRefused(t, "older", other.Write("keys/late/import", object{"ciphertext": keys["1"]}), unwrapRefusal)
}
