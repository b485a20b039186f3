package migrate

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/palisade-vault/palisade/pqtransit/client"
)

// plan is how a key can move. way is empty when it cannot, and reason says why.
func plan(key *client.Key) (way Way, reason string) {
	switch {
	case key.Exportable && key.AllowPlaintextBackup:
		return ByBackup, ""
	case !key.Exportable:
		return "", "it is not exportable; keys/" + key.Name + "/config with exportable=true and allow_plaintext_backup=true lets it move, and cannot be undone"
	case key.Convergent:
		return "", "convergent keys cannot be imported; allow_plaintext_backup=true in its config lets it move"
	case key.Derived && key.KDF != "hkdf_sha256":
		return "", "its derivation is of the first Vault releases and cannot be imported; allow_plaintext_backup=true in its config lets it move"
	case len(key.Types()) > 1:
		return "", "its versions are of different types (" + strings.Join(key.Types(), ", ") + "); allow_plaintext_backup=true in its config lets it move"
	case key.Version(key.Latest).Purpose == "key-encapsulation":
		return "", "an import would change its purpose; allow_plaintext_backup=true in its config lets it move"
	}
	return ByImport, ""
}

// lost is what does not come along.
func (m *mover) lost(key *client.Key, way Way) []string {
	var list []string
	if m.toBuiltin {
		for _, name := range slices.Sorted(maps.Keys(key.Own)) {
			list = append(list, name+", which the built-in engine does not have")
		}
	}
	if way == ByBackup {
		return list
	}
	list = append(list, "creation times")
	if key.Type == "hmac" {
		list = append(list, "key_size, if the destination is the built-in engine")
	} else {
		list = append(list, "HMACs made with the key, as an imported key has another HMAC key")
	}
	if oldest := max(key.MinAvailable, 1); oldest < key.MinDecryption {
		list = append(list, fmt.Sprintf("versions %d to %d, which are below min_decryption_version", oldest, key.MinDecryption-1))
	}
	return list
}

// conflict is why the key that is in the destination cannot be one that this or an earlier
// run put there, "" if it may be. partly says that an import may have to go on.
func (m *mover) conflict(key, there *client.Key, way Way) (reason string, partly bool) {
	switch {
	case there.Type != key.Type || there.Derived != key.Derived || there.Latest > key.Latest:
		return "another key of that name is there", false
	case there.Latest == key.Latest && sameSettings(key, there):
		return "", !m.sameOwn(key, there)
	case way == ByImport && there.Imported:
		return "", true
	}
	return "a key of that name is there with other versions or settings; if it is an older copy, delete it there to move the key again", false
}

// sameOwn compares the settings that only pqtransit has.
func (m *mover) sameOwn(key, there *client.Key) bool {
	return m.toBuiltin || reflect.DeepEqual(key.Own, there.Own)
}

func sameSettings(a, b *client.Key) bool {
	return a.MinDecryption == b.MinDecryption && a.MinEncryption == b.MinEncryption && a.MinAvailable == b.MinAvailable &&
		a.DeletionAllowed == b.DeletionAllowed && a.AutoRotatePeriod == b.AutoRotatePeriod &&
		a.Exportable == b.Exportable && a.AllowPlaintextBackup == b.AllowPlaintextBackup
}
