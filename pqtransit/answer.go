package pqtransit

import (
	"fmt"
	"strconv"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/pqtransit/keyring"
	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// publicView is how public keys are shown; the zero value is as transit does.
type publicView struct {
	context []byte // whose public keys, of a derived key
	format  string
}

// keyAnswer shows a key as transit does.
func keyAnswer(key *keyring.Key, view publicView) (*logical.Response, error) {
	encrypts := key.Purpose().Has(suite.Encryption)
	data := map[string]any{
		"name":                   key.Name,
		"type":                   typeName(key.Suite()),
		"derived":                key.Derived,
		"deletion_allowed":       key.DeletionAllowed,
		"min_available_version":  key.MinAvailable,
		"min_decryption_version": key.MinDecryption,
		"min_encryption_version": key.MinEncryption,
		"latest_version":         key.Latest,
		"exportable":             key.Exportable,
		"allow_plaintext_backup": key.AllowPlaintextBackup,
		"supports_encryption":    encrypts,
		"supports_decryption":    encrypts,
		"supports_signing":       key.Purpose().Has(suite.Signing),
		"supports_derivation":    key.Suite().Derivation,
		"auto_rotate_period":     int64(key.AutoRotatePeriod.Seconds()),
		"imported_key":           key.Imported,
	}
	addOptional(data, key)
	addRotation(data, key, time.Now())
	addTypeParameters(data, key.Suite())
	if authenticates(key) {
		return &logical.Response{Data: data}, nil // transit shows no versions of such keys
	}
	versions, err := versionsAnswer(key, view)
	if err != nil {
		return nil, asAnswer(err)
	}
	data["keys"] = versions
	return &logical.Response{Data: data}, nil
}

// addOptional adds what transit shows of some keys only.
func addOptional(data map[string]any, key *keyring.Key) {
	if key.KeySize != 0 {
		data["key_size"] = key.KeySize
	}
	if key.Imported {
		data["imported_key_allow_rotation"] = key.ImportedRotation
	}
	if key.Backup != nil {
		data["backup_info"] = map[string]any{"time": key.Backup.Time, "version": key.Backup.Version}
	}
	if key.Restore != nil {
		data["restore_info"] = map[string]any{"time": key.Restore.Time, "version": key.Restore.Version}
	}
	if !key.Derived {
		return
	}
	switch key.KDF {
	case suite.HMACSHA256Counter:
		data["kdf"], data["kdf_mode"] = "hmac-sha256-counter", "hmac-sha256-counter"
	case suite.HKDFSHA256:
		data["kdf"] = "hkdf_sha256"
	}
	data["convergent_encryption"] = key.Convergent
	if key.Convergent {
		data["convergent_encryption_version"] = key.ConvergentVersion
	}
}

// versionsAnswer is creation times for a symmetric key, else flat maps of strings:
// clients, Terraform's provider among them, know these two forms and no other.
func versionsAnswer(key *keyring.Key, view publicView) (map[string]any, error) {
	answer := map[string]any{}
	for _, version := range key.Versions() {
		number := strconv.Itoa(version.Number)
		if !key.Mixed() && !key.Suite().Asymmetric {
			answer[number] = version.Created.Unix()
			continue
		}
		entry, err := versionAnswer(key, version, view)
		if err != nil {
			return nil, err
		}
		answer[number] = entry
	}
	return answer, nil
}

func versionAnswer(key *keyring.Key, version *keyring.Version, view publicView) (map[string]any, error) {
	public, err := key.PublicText(version, view.context, view.format)
	if err != nil {
		return nil, err
	}
	name := version.Suite.KeyName
	if name == "" {
		name = version.Suite.Name
	}
	entry := map[string]any{
		"name":              name,
		"public_key":        public,
		"certificate_chain": keyring.ChainText(version.Certificates),
		"creation_time":     version.Created,
		"hybrid_public_key": hybridText(version),
	}
	if key.Community() {
		return entry, nil
	}
	entry["type"] = version.Suite.Name
	entry["purpose"] = keyring.PurposeText(version.Purpose)
	if identifiers := version.Suite.HPKE; identifiers != nil {
		// As text, so that the map is flat and of strings.
		entry["hpke_kem"] = fmt.Sprintf("%#04x", identifiers.KEM)
		entry["hpke_kdf"] = fmt.Sprintf("%#04x", identifiers.KDF)
		entry["hpke_aead"] = fmt.Sprintf("%#04x", identifiers.AEAD)
	}
	return entry, nil
}
