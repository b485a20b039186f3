package keyring

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/hashicorp/vault/sdk/helper/keysutil"

	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// keyOfPolicy reads what keysutil loaded. The key shares no byte slice with the policy, but
// big numbers, which neither side changes.
func keyOfPolicy(policy *keysutil.Policy, known parsed) (*Key, error) {
	algorithm, ok := suite.ByStoredType(int(policy.Type))
	if !ok {
		return nil, refuse("key %s has type %v, which this release does not support", policy.Name, policy.Type)
	}
	key := &Key{
		Name:     policy.Name,
		Settings: settingsOfPolicy(policy),
		Latest:   policy.LatestVersion,
		versions: make(map[int]*Version, len(policy.Keys)),
	}
	for text, entry := range policy.Keys {
		number, err := strconv.Atoi(text)
		if err != nil {
			return nil, fmt.Errorf("key %s: version %q is not a number", policy.Name, text)
		}
		version, err := versionOfEntry(algorithm, number, entry, known)
		if err != nil {
			return nil, fmt.Errorf("key %s: version %d: %v", policy.Name, number, err)
		}
		key.versions[number] = version
	}
	if key.versions[key.Latest] == nil {
		return nil, fmt.Errorf("key %s: latest version %d is missing", policy.Name, key.Latest)
	}
	return key, nil
}

func settingsOfPolicy(policy *keysutil.Policy) Settings {
	settings := Settings{
		Derived:              policy.Derived,
		KDF:                  suite.KDF(policy.KDF),
		Convergent:           policy.ConvergentEncryption,
		ConvergentVersion:    policy.ConvergentVersion,
		Exportable:           policy.Exportable,
		AllowPlaintextBackup: policy.AllowPlaintextBackup,
		DeletionAllowed:      policy.DeletionAllowed,
		MinDecryption:        policy.MinDecryptionVersion,
		MinEncryption:        policy.MinEncryptionVersion,
		MinAvailable:         policy.MinAvailableVersion,
		AutoRotatePeriod:     policy.AutoRotatePeriod,
		KeySize:              policy.KeySize,
		Imported:             policy.Imported,
		ImportedRotation:     policy.AllowImportedKeyRotation,
	}
	if policy.BackupInfo != nil {
		settings.Backup = &Event{Time: policy.BackupInfo.Time, Version: policy.BackupInfo.Version}
	}
	if policy.RestoreInfo != nil {
		settings.Restore = &Event{Time: policy.RestoreInfo.Time, Version: policy.RestoreInfo.Version}
	}
	return settings
}

// intoPolicy carries a changed key over into the policy it was read from, or into a new
// one. Whatever the policy holds beyond that stays as it is.
func (k *Key) intoPolicy(policy *keysutil.Policy) error {
	policy.Derived = k.Derived
	policy.KDF = int(k.KDF)
	policy.ConvergentEncryption = k.Convergent
	policy.ConvergentVersion = k.ConvergentVersion
	policy.Exportable = k.Exportable
	policy.AllowPlaintextBackup = k.AllowPlaintextBackup
	policy.DeletionAllowed = k.DeletionAllowed
	policy.MinDecryptionVersion = k.MinDecryption
	policy.MinEncryptionVersion = k.MinEncryption
	policy.MinAvailableVersion = k.MinAvailable
	policy.AutoRotatePeriod = k.AutoRotatePeriod
	policy.KeySize = k.KeySize
	policy.Imported = k.Imported
	policy.AllowImportedKeyRotation = k.ImportedRotation
	if k.Backup != nil {
		policy.BackupInfo = &keysutil.BackupInfo{Time: k.Backup.Time, Version: k.Backup.Version}
	}
	if k.Restore != nil {
		policy.RestoreInfo = &keysutil.RestoreInfo{Time: k.Restore.Time, Version: k.Restore.Version}
	}
	for number := policy.LatestVersion + 1; number <= k.Latest; number++ {
		entry, err := k.versions[number].entry()
		if err != nil {
			return err
		}
		policy.Keys[strconv.Itoa(number)] = entry
	}
	policy.LatestVersion = k.Latest
	return nil
}

// newPolicy is an empty policy for a key that was never stored.
func (k *Key) newPolicy() *keysutil.Policy {
	policy := keysutil.NewPolicy(keysutil.PolicyConfig{
		Name: k.Name,
		Type: keysutil.KeyType(k.Suite().StoredAs),
	})
	// The type of the map is not exported, but a map literal of its shape is assignable.
	policy.Keys = map[string]keysutil.KeyEntry{}
	return policy
}

func versionOfEntry(algorithm *suite.Suite, number int, entry keysutil.KeyEntry, known parsed) (*Version, error) {
	material := materialOf(algorithm, entry)
	if material == nil {
		return nil, errors.New("has no key")
	}
	version := &Version{
		Number:       number,
		Suite:        algorithm,
		Purpose:      algorithm.Purpose,
		Created:      entry.CreationTime,
		Certificates: entry.CertificateChain,
		key:          known.ofPolicy(number, algorithm, material),
		hmacKey:      suite.NewSecret(entry.HMACKey),
		convergent:   entry.ConvergentVersion,
	}
	if version.Created.IsZero() {
		version.Created = time.Unix(entry.DeprecatedCreationTime, 0)
	}
	return version, nil
}

// materialOf is nil for an entry that is not whole.
func materialOf(algorithm *suite.Suite, entry keysutil.KeyEntry) any {
	switch {
	case algorithm.Curve != nil:
		return ecdsaMaterial(algorithm, entry)
	case entry.RSAKey != nil:
		return entry.RSAKey
	case entry.RSAPublicKey != nil:
		return entry.RSAPublicKey
	case len(entry.Key) == 0 && entry.FormattedPublicKey != "":
		return ed25519Public(entry.FormattedPublicKey)
	}
	if len(entry.Key) == 0 {
		return nil
	}
	return bytes.Clone(entry.Key)
}

//nolint:staticcheck // keysutil stores the numbers, so they must be named
func ecdsaMaterial(algorithm *suite.Suite, entry keysutil.KeyEntry) any {
	if entry.EC_X == nil || entry.EC_Y == nil {
		return nil
	}
	public := ecdsa.PublicKey{Curve: algorithm.Curve, X: entry.EC_X, Y: entry.EC_Y}
	if entry.EC_D == nil {
		return &public
	}
	return &ecdsa.PrivateKey{PublicKey: public, D: entry.EC_D}
}

// ed25519Public is an imported key that has its public half alone.
func ed25519Public(text string) any {
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil
	}
	return ed25519.PublicKey(raw)
}

func (v *Version) entry() (keysutil.KeyEntry, error) {
	entry := keysutil.KeyEntry{
		CreationTime:           v.Created,
		DeprecatedCreationTime: v.Created.Unix(),
		CertificateChain:       v.Certificates,
		HMACKey:                v.hmacKey.Bytes(),
		ConvergentVersion:      v.convergent,
	}
	switch material := v.key.held().(type) {
	case []byte:
		entry.Key, entry.FormattedPublicKey = material, v.Public().String()
	case ed25519.PublicKey:
		entry.FormattedPublicKey = v.Public().String()
	case *ecdsa.PrivateKey:
		entry.EC_D = material.D //nolint:staticcheck // keysutil stores the number
		v.ecdsaPublic(&entry, &material.PublicKey)
	case *ecdsa.PublicKey:
		v.ecdsaPublic(&entry, material)
	case *rsa.PrivateKey:
		entry.RSAKey, entry.RSAPublicKey = material, &material.PublicKey
	case *rsa.PublicKey:
		entry.RSAPublicKey = material
	default:
		return keysutil.KeyEntry{}, fmt.Errorf("type %s has no place in the built-in engine's storage", v.Suite.Name)
	}
	return entry, nil
}

func (v *Version) ecdsaPublic(entry *keysutil.KeyEntry, public *ecdsa.PublicKey) {
	entry.EC_X, entry.EC_Y = public.X, public.Y //nolint:staticcheck // keysutil stores the numbers
	entry.FormattedPublicKey = v.Public().String()
}
