package keyring_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/palisade-vault/palisade/pqtransit/keyring"
	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// Neither a key nor anything that an operation gives out prints key material, whatever the
// verb, however it is held.
func TestKeysPrintNoSecret(t *testing.T) {
	printed := 0
	for _, s := range suite.All() {
		if s.Slow || strings.HasPrefix(s.Name, "rsa-") && s.Name != "rsa-2048" {
			continue // the same code as their quicker kin
		}
		t.Run(s.Name, func(t *testing.T) {
			m := newMount(t)
			key := m.create("k", keyring.Spec{Type: s.Name, Exportable: true})
			material := storedMaterial(t, m)
			for _, value := range []any{key, *key, key.Versions(), key.Versions()[0], *key.Versions()[0], map[string]any{"k": key}, m.keys, given(t, key, s)} {
				for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
					text := fmt.Sprintf(verb, value)
					for _, needle := range material {
						if strings.Contains(text, needle) {
							t.Fatalf("%s of a %T prints key material", verb, value)
						}
					}
				}
			}
		})
		printed++
	}
	if printed < 30 {
		t.Errorf("only %d types", printed)
	}
}

// given is what operations answer that holds a secret.
func given(t *testing.T, key *keyring.Key, s *suite.Suite) any {
	t.Helper()
	if !s.Purpose.Has(suite.Encryption) {
		return nil
	}
	made, err := key.DataKey(keyring.Parameters{}, 32)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// storedMaterial is each secret of the only key in storage, its first bytes, in the forms
// that printing could give it.
func storedMaterial(t *testing.T, m *mount) []string {
	t.Helper()
	var secrets [][]byte
	var needles []string
	var walk func(any)
	walk = func(value any) {
		switch value := value.(type) {
		case map[string]any:
			for name, inner := range value {
				text, isText := inner.(string)
				raw, err := base64.StdEncoding.DecodeString(text)
				number, _ := inner.(json.Number)
				switch name {
				case "D", "ec_d": // of an RSA or ECDSA key
					if len(number) > 30 {
						needles = append(needles, number.String()[:30])
					}
				case "key", "hmac_key", "private":
					if isText && err == nil && len(raw) >= 16 {
						secrets = append(secrets, raw)
					}
				}
				walk(inner)
			}
		case []any:
			for _, inner := range value {
				walk(inner)
			}
		}
	}
	for _, entry := range m.storage.Snapshot() {
		var parsed any
		decoder := json.NewDecoder(bytes.NewReader(entry))
		decoder.UseNumber()
		if err := decoder.Decode(&parsed); err != nil {
			t.Fatal(err)
		}
		walk(parsed)
	}
	if len(secrets)+len(needles) == 0 {
		t.Fatal("no secret in storage")
	}
	for _, secret := range secrets {
		secret = secret[:8]
		needles = append(needles, hex.EncodeToString(secret), strings.ToUpper(hex.EncodeToString(secret)), base64.StdEncoding.EncodeToString(secret)[:10],
			strings.Trim(fmt.Sprintf("%d", secret), "[]"), string(secret), fmt.Sprintf("%#v", secret)[7:])
	}
	return needles
}
