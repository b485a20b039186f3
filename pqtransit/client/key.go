package client

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
)

// Key is what a mount shows of a key to all who may read it.
type Key struct {
	Name                 string             `json:"name"`
	Type                 string             `json:"type"`
	Latest               int                `json:"latest_version"`
	MinAvailable         int                `json:"min_available_version"`
	MinDecryption        int                `json:"min_decryption_version"`
	MinEncryption        int                `json:"min_encryption_version"`
	Derived              bool               `json:"derived"`
	KDF                  string             `json:"kdf"`
	Convergent           bool               `json:"convergent_encryption"`
	Exportable           bool               `json:"exportable"`
	AllowPlaintextBackup bool               `json:"allow_plaintext_backup"`
	DeletionAllowed      bool               `json:"deletion_allowed"`
	AutoRotatePeriod     int64              `json:"auto_rotate_period"` // seconds
	Imported             bool               `json:"imported_key"`
	ImportedRotation     bool               `json:"imported_key_allow_rotation"`
	Encrypts             bool               `json:"supports_encryption"`
	Signs                bool               `json:"supports_signing"`
	Versions             map[string]Version `json:"keys"` // those in use, by number; none of keys that only make MACs
	// Own are the settings that only pqtransit has, as they read and as config takes them.
	Own map[string]any `json:"-"`
}

// ownSettings are their names.
var ownSettings = []string{
	"rotation_schedule", "rotation_window", "auto_rotate_max_operations", "auto_rotate_max_bytes",
	"retain_versions", "destroy_after", "destroy_decryptable",
}

// UnmarshalJSON also collects Own.
func (k *Key) UnmarshalJSON(text []byte) error {
	type plain Key
	if err := json.Unmarshal(text, (*plain)(k)); err != nil {
		return err
	}
	k.Own = map[string]any{}
	if err := json.Unmarshal(text, &k.Own); err != nil {
		return err
	}
	maps.DeleteFunc(k.Own, func(name string, _ any) bool { return !slices.Contains(ownSettings, name) })
	return nil
}

// Version is one version of a key. What a symmetric key shows of one is its age alone.
type Version struct {
	// Type and Purpose are shown where the built-in engine could not serve the key.
	Type             string `json:"type"`
	Purpose          string `json:"purpose"`
	PublicKey        string `json:"public_key"`
	CertificateChain string `json:"certificate_chain"`
}

// UnmarshalJSON reads either form in which transit shows a version.
func (v *Version) UnmarshalJSON(text []byte) error {
	var created json.Number
	if json.Unmarshal(text, &created) == nil {
		return nil
	}
	type object Version
	return json.Unmarshal(text, (*object)(v))
}

// Types are the algorithms of the versions in use, sorted, each once. One that rotations
// never changed has one.
func (k *Key) Types() []string {
	types := map[string]bool{}
	for _, version := range k.Versions {
		if version.Type != "" {
			types[version.Type] = true
		}
	}
	if len(types) == 0 {
		types[k.Type] = true
	}
	return slices.Sorted(maps.Keys(types))
}

// Version is one version in use, zero where the key shows none.
func (k *Key) Version(number int) Version { return k.Versions[strconv.Itoa(number)] }

// Asymmetric reports whether the key has public halves.
func (k *Key) Asymmetric() bool { return k.Version(k.Latest).PublicKey != "" || k.Derived && k.Signs }

// ReadKey is the key of that name, nil where there is none.
func (m *Mount) ReadKey(ctx context.Context, name string) (*Key, error) {
	return read[Key](ctx, m, "keys/"+name, nil)
}

// ListKeys are the names of the mount's keys, sorted.
func (m *Mount) ListKeys(ctx context.Context) ([]string, error) {
	secret, err := m.vault.Logical().ListWithContext(ctx, m.path+"/keys")
	listed, err := decode[struct {
		Keys []string `json:"keys"`
	}](secret, err)
	if err != nil || listed == nil {
		return nil, err
	}
	slices.Sort(listed.Keys)
	return listed.Keys, nil
}
