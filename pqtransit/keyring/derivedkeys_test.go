package keyring_test

import (
	"encoding/hex"
	"testing"

	"github.com/palisade-vault/palisade/pqtransit/keyring"
)

// Keys that were derived once must come out the same with every later release. The values
// were computed by another implementation of HKDF.
func TestDerivedKeysAreFrozen(t *testing.T) {
	const entry = `{"name":"k","type":0,"latest_version":1,"archive_version":1,"min_decryption_version":1,"keys":{"1":{` +
		`"key":"AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=","hmac_key":"BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc="}}}`
	m := over(t, map[string][]byte{"policy/k": []byte(entry)})
	keys, err := m.get("k").DerivedKeys(keyring.Parameters{}, keyring.Derivation{Salt: "2026-11-21", Info: "orders", From: 7, To: 9}, 32)
	if err != nil || len(keys) != 2 {
		t.Fatal(len(keys), err)
	}
	for i, want := range []string{
		"51d084faef438d1eb7fbf6f94f1451cb2ec95bf979a4b2909881b9b4efa6ec8e",
		"5506d204404fc61085e122412b46322e397f641f50a730d135eb471dd70fba5e",
	} {
		if got := hex.EncodeToString(keys[i].Plaintext.Bytes()); got != want {
			t.Errorf("%d: %s, want %s", i, got, want)
		}
	}
}

// Without a secret to derive from, anyone could.
func TestDerivedKeysNeedAnHMACKey(t *testing.T) {
	const entry = `{"name":"k","type":0,"latest_version":2,"archive_version":2,"min_decryption_version":1,"keys":{` +
		`"1":{"key":"AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI="},` +
		`"2":{"key":"AwICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=","hmac_key":"BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc="}}}`
	m := over(t, map[string][]byte{"policy/k": []byte(entry)})
	_, err := m.get("k").DerivedKeys(keyring.Parameters{Version: 1}, keyring.Derivation{Salt: "s", To: 1}, 32)
	wantRefusal(t, err, "no HMAC key exists for that key version")
}
