package keyring_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/palisade-vault/palisade/pqtransit/keyring"
)

// The built-in engine lets an RSA key be imported as derived, and ignores that ever after.
func TestImportedKeysThatSayTheyAreDerived(t *testing.T) {
	entries, ciphertext := sharedRSA()
	var policy map[string]any
	decoder := json.NewDecoder(bytes.NewReader(entries["policy/k"]))
	decoder.UseNumber() // an RSA key's are large
	if err := decoder.Decode(&policy); err != nil {
		t.Fatal(err)
	}
	policy["derived"], policy["kdf"], policy["Imported"] = true, 1, true
	changed, err := json.Marshal(policy)
	if err != nil {
		t.Fatal(err)
	}
	m := over(t, map[string][]byte{"policy/k": changed, "archive/k": entries["archive/k"]})
	for _, with := range []keyring.Parameters{{}, {Context: []byte("c")}} {
		m.mustDecrypt("k", with, ciphertext, "old")
		theirs, _ := m.theirs("k")
		theirsDecrypt(t, theirs, with.Context, m.encrypt("k", with, "x"), "x")
	}
}
