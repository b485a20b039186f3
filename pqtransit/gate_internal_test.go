package pqtransit

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/helper/keysutil"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend/backendtest"
	"github.com/palisade-vault/palisade/pqtransit/byok"
	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// paths that give out key material once the key's policy allows it, and no others do.
var gated = []string{"backup/", "byok-export/", "export/"}

// TestEveryPathThatGivesOutKeysPassesTheGate sends every operation of every path a request
// about keys that may not leave, and looks for their material in what comes back; then it
// lets them leave, and wants the material from exactly the gated paths.
func TestEveryPathThatGivesOutKeysPassesTheGate(t *testing.T) {
	m := backendtest.New(t, Factory)
	names := []string{"aes256-gcm96", "x25519-mlkem768", "rsa-4096"}
	for _, name := range names {
		m.MustWrite("keys/"+name, map[string]any{"type": name, "allow_plaintext_backup": true})
	}
	m.MustRead("wrapping_key")
	secrets := materialIn(t, m.Storage)
	if len(secrets) < 7 { // a key and an HMAC key each, and the wrapping key's
		t.Fatalf("found only %d secrets in storage", len(secrets))
	}
	if leaking := leaks(t, m, names, secrets); len(leaking) != 0 {
		t.Errorf("keys that may not leave do, through %v", leaking)
	}
	for _, name := range names {
		m.MustWrite("keys/"+name+"/config", map[string]any{"exportable": true})
	}
	if diff := cmp.Diff(gated, leaks(t, m, names, secrets)); diff != "" {
		t.Errorf("paths that give out key material and gated paths differ: %s", diff)
	}
}

// leaks are the paths, to their first slash, whose answers contain one of the secrets. A
// path to which no request goes fails the test, so that whoever adds one thinks of the gate.
func leaks(t *testing.T, m *backendtest.Mount, names []string, secrets [][]byte) []string {
	t.Helper()
	b, ok := m.Backend().(*pqBackend)
	if !ok {
		t.Fatalf("%T", m.Backend())
	}
	found, asked := map[string]bool{}, map[*framework.Path]bool{}
	for _, name := range names {
		for path, data := range requests(name) {
			route := b.Route(path)
			asked[route] = true
			for operation := range route.Operations {
				if operation == logical.DeleteOperation {
					continue // would only end the test
				}
				if contains(m, m.Do(t.Context(), operation, path, data), secrets) {
					first, _, _ := strings.Cut(path, "/")
					found[first+"/"] = true
				}
			}
		}
	}
	for _, path := range b.Paths {
		if !asked[path] {
			t.Errorf("path %q is new: say in requests what to ask of it", path.Pattern)
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// requests are what to ask about a key, by path.
func requests(name string) map[string]map[string]any {
	all := map[string]map[string]any{
		"keys/":                               nil,
		"keys/" + name:                        nil,
		"keys/" + name + "/config":            {"min_decryption_version": 1},
		"keys/" + name + "/rotate":            {"type": "no such"},
		"keys/" + name + "/trim":              {"min_available_version": 1},
		"keys/" + name + "/import":            nil,
		"config/keys":                         nil,
		"config/crypto-policy":                {},
		"cache-config":                        nil,
		"rollback-check":                      nil,
		"posture":                             nil,
		"metrics":                             nil,
		"wrapping_key":                        {"type": "x25519-mlkem768"},
		"wrapping_key/rotate":                 {"type": "x25519-mlkem768"},
		"byok-export/x25519-mlkem768/" + name: nil,
		"random":                              nil,
		"hash":                                {"input": "AAAA"},
		"restore/" + name:                     {"backup": "AAAA"},
		"backup/" + name:                      nil,
		"encrypt/" + name:                     {"plaintext": "AAAA"},
		"decrypt/" + name:                     {"ciphertext": "vault:v1:AAAA"},
		"hmac/" + name:                        {"input": "AAAA"},
		"verify/" + name:                      {"input": "AAAA", "hmac": "vault:v1:AAAA"},
		"sign/" + name:                        {"input": "AAAA"},
		"encapsulate/" + name:                 nil,
		"age-unwrap/" + name:                  {"enc": "AAAA", "body": "AAAA"},
		"decapsulate/" + name:                 {"ciphertext": "vault:v1:AAAA"},
		"self-test":                           nil,
		"rewrap/" + name:                      {"ciphertext": "vault:v1:AAAA"},
		"datakey/plaintext/" + name:           nil,
		"datakeys/plaintext/" + name:          {"count": 1},
		"derivedkeys/plaintext/" + name:       {"salt": "s", "key_index_from": 0, "key_index_to": 1},
		"byok-export/rsa-4096/" + name:        nil,
	}
	all["keys/"+name+"/history"] = nil
	all["journal"], all["journal/verify"] = nil, nil
	all["keys/"+name+"/import_version"] = nil
	all["keys/"+name+"/csr"] = nil
	all["keys/"+name+"/set-certificate"] = map[string]any{"certificate_chain": "no such"}
	all["cmac/"+name] = map[string]any{"input": "AAAA"}
	for _, part := range []string{"encryption-key/" + name, "signing-key/" + name + "/1", "hmac-key/" + name + "/latest", "cmac-key/" + name, "public-key/" + name, "certificate-chain/" + name} {
		all["export/"+part] = nil
	}
	return all
}

// contains looks into every text of an answer, decoded as often as it decodes, and into
// what was encrypted to a key of this mount.
func contains(m *backendtest.Mount, answer *backendtest.Answer, secrets [][]byte) bool {
	texts := []string{answer.Message}
	walk(answer.Data, func(text string) { texts = append(texts, text) })
	return slices.ContainsFunc(texts, func(text string) bool { return reveals(m, []byte(text), secrets, 4) })
}

func reveals(m *backendtest.Mount, value []byte, secrets [][]byte, depth int) bool {
	for _, secret := range secrets {
		if bytes.Contains(value, secret) {
			return true
		}
	}
	if depth == 0 {
		return false
	}
	for _, decoded := range decodings(m, value) {
		if reveals(m, decoded, secrets, depth-1) {
			return true
		}
	}
	return false
}

func decodings(m *backendtest.Mount, value []byte) [][]byte {
	var all [][]byte
	text := string(value)
	if raw, err := base64.StdEncoding.DecodeString(text); err == nil {
		all = append(all, raw)
	}
	if raw, err := hex.DecodeString(text); err == nil {
		all = append(all, raw)
	}
	if block, _ := pem.Decode(value); block != nil {
		all = append(all, block.Bytes)
	}
	if len(value) > 512 {
		if raw, ok := unwrapped(m, value); ok {
			all = append(all, raw)
		}
		all = append(all, unwrappedHPKE(m, text)...)
	}
	var object map[string]any
	decoder := json.NewDecoder(bytes.NewReader(value))
	decoder.UseNumber() // an RSA key's are large
	if decoder.Decode(&object) == nil {
		walk(object, func(text string) { all = append(all, []byte(text)) })
	}
	return all
}

func walk(value any, visit func(string)) {
	switch value := value.(type) {
	case string:
		visit(value)
	case []any:
		for _, item := range value {
			walk(item, visit)
		}
	case map[string]any:
		for _, item := range value {
			walk(item, visit)
		}
	}
}

// materialIn is every key's private bytes and HMAC key, as they lie in storage.
func materialIn(t *testing.T, storage *backendtest.Storage) [][]byte {
	t.Helper()
	var secrets [][]byte
	for path, value := range storage.Snapshot() {
		switch {
		case strings.HasPrefix(path, "policy/"):
			policy, err := keysutil.LoadPolicy(t.Context(), storage, path)
			if err != nil {
				t.Fatal(err)
			}
			for _, entry := range policy.Keys {
				if entry.RSAKey != nil {
					secrets = append(secrets, entry.RSAKey.D.Bytes(), entry.HMACKey)
				} else if policy.Type != 1000 {
					secrets = append(secrets, entry.Key, entry.HMACKey)
				}
			}
		case strings.HasPrefix(path, "palisade/key/"):
			var stored struct {
				Versions []struct {
					Private []byte `json:"private"`
					HMACKey []byte `json:"hmac_key"`
				} `json:"versions"`
			}
			if err := json.Unmarshal(value, &stored); err != nil {
				t.Fatal(err)
			}
			for _, version := range stored.Versions {
				secrets = append(secrets, version.Private, version.HMACKey)
			}
		}
	}
	return slices.DeleteFunc(secrets, func(secret []byte) bool { return len(secret) == 0 })
}

// unwrappedHPKE is what was wrapped to the mount's key x25519-mlkem768, in an import's form.
func unwrappedHPKE(m *backendtest.Mount, text string) [][]byte {
	wrapped, err := byok.ParseHPKE(text)
	if err != nil {
		return nil
	}
	var stored struct {
		Versions []struct {
			Private []byte `json:"private"`
		} `json:"versions"`
	}
	hybrid, _ := suite.Lookup(wrapped.Type)
	if json.Unmarshal(m.Storage.Snapshot()["palisade/key/"+hybrid.Name], &stored) != nil {
		return nil
	}
	var all [][]byte
	for _, version := range stored.Versions {
		private, err := hybrid.Parse(version.Private)
		if err != nil {
			continue
		}
		for _, of := range suite.All() {
			if form, err := wrapped.Unwrap(private, of); err == nil {
				all = append(all, form.Bytes())
			}
		}
	}
	return all
}

// unwrapped is what was wrapped to the mount's key rsa-4096, by an import's form.
func unwrapped(m *backendtest.Mount, wrapped []byte) ([]byte, bool) {
	policy, err := keysutil.LoadPolicy(context.Background(), m.Storage, "policy/rsa-4096")
	if err != nil {
		return nil, false
	}
	hash, err := byok.ParseHash("SHA256")
	if err != nil {
		return nil, false
	}
	private := policy.Keys["1"].RSAKey
	private.Precompute()
	raw, err := byok.Unwrap(private, hash, wrapped)
	return raw, err == nil
}
