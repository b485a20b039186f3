package keyring

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/palisade-vault/palisade/pqtransit/rotation"
	"github.com/palisade-vault/palisade/pqtransit/suite"
	"github.com/palisade-vault/palisade/pqtransit/usage"
)

// Key is one named key as it was at one moment. A Key that a [Keyring] gave out never
// changes, so it is used without a lock, and a batch sees one state of it throughout.
type Key struct {
	Name string
	Settings
	// Rotation are the settings that transit does not have.
	Rotation rotation.Settings
	// Latest is the number of the newest version, from 1.
	Latest int

	versions   map[int]*Version
	algorithms usability
	ring       *Keyring // whose policy holds
}

// Settings are what applies to a key as a whole.
type Settings struct {
	// Derived keys need a context with every use.
	Derived bool
	// KDF counts for derived keys only.
	KDF suite.KDF
	// Convergent keys make equal ciphertexts of equal plaintexts.
	Convergent bool
	// ConvergentVersion is keysutil's: -1 when each version names its own.
	ConvergentVersion int
	// Exportable and AllowPlaintextBackup cannot be taken back.
	Exportable, AllowPlaintextBackup bool
	// DeletionAllowed must be set before a key can be deleted.
	DeletionAllowed bool
	// MinDecryption is the oldest version that decrypts, from 1.
	MinDecryption int
	// MinEncryption is the oldest version that encrypts; 0 is any version.
	MinEncryption int
	// MinAvailable is the oldest version that was not trimmed; 0 is all.
	MinAvailable int
	// AutoRotatePeriod is zero or at least an hour.
	AutoRotatePeriod time.Duration
	// KeySize counts for algorithms of variable key size, in bytes.
	KeySize int
	// Imported keys have a latest version that was not made here, and rotate only if
	// ImportedRotation allows it.
	Imported, ImportedRotation bool
	// Backup and Restore are the last such events, nil for none.
	Backup, Restore *Event
}

// Event is when a backup or restore was made, and the latest version then.
type Event struct {
	Time    time.Time `json:"time"`
	Version int       `json:"version"`
}

// Version is one version of a key.
type Version struct {
	// Number counts from 1.
	Number int
	// Suite is the version's algorithm.
	Suite *suite.Suite
	// Purpose is what the version is for, perhaps less than its algorithm could do.
	Purpose suite.Purpose
	// Created is when the version was made or imported.
	Created time.Time
	// Certificates is a chain of DER certificates, leaf first, or nil.
	Certificates [][]byte

	key        *lazyKey
	chunk      *chunk // where the version lies, of a key in our own format; nil beside its settings
	hmacKey    suite.Secret
	convergent int // version of the convergent scheme, 0: as the key's settings say
	uses       *usage.Counter
}

// Public is the version's public half, zero for a symmetric one.
func (v *Version) Public() suite.PublicKey {
	key, err := v.open()
	if err != nil {
		return suite.PublicKey{}
	}
	return key.Public()
}

// open is the version's key. An error is a fault of what lies in storage.
func (v *Version) open() (suite.Key, error) {
	key, err := v.key.open()
	if err != nil {
		return nil, fmt.Errorf("version %d does not parse: %v", v.Number, err)
	}
	return key, nil
}

// Suite is the algorithm of the latest version.
func (k *Key) Suite() *suite.Suite { return k.versions[k.Latest].Suite }

// Purpose is what the key is for: what its latest version is for.
func (k *Key) Purpose() suite.Purpose { return k.versions[k.Latest].Purpose }

// Versions are those that may still be used, oldest first.
func (k *Key) Versions() []*Version {
	var usable []*Version
	for _, number := range slices.Sorted(maps.Keys(k.versions)) {
		if number >= k.MinDecryption {
			usable = append(usable, k.versions[number])
		}
	}
	return usable
}

// Mixed reports whether the versions differ in algorithm or purpose, trimmed ones apart.
func (k *Key) Mixed() bool {
	for _, version := range k.versions {
		if version.Suite != k.Suite() || version.Purpose != k.Purpose() {
			return true
		}
	}
	return false
}

// Community reports whether the built-in engine of Vault Community could serve the key, in
// which case it lies in that engine's own storage format.
func (k *Key) Community() bool {
	return k.Suite().StoredAs != suite.NotCommunity && k.Purpose() == k.Suite().Purpose && !k.Mixed()
}

func (k *Key) derive(version *Version, context []byte) (suite.Key, error) {
	key, err := version.open()
	if err != nil {
		return nil, err
	}
	deriver, ok := key.(suite.Deriver)
	if !ok {
		return nil, refuse("derivation not supported for key type %s", version.Suite.Name)
	}
	derived, err := deriver.Derive(k.KDF, context)
	if err != nil {
		return nil, refuse("%v", err)
	}
	return derived, nil
}

// convergentVersion is the scheme that a version's ciphertexts follow, 0 for none.
func (k *Key) convergentVersion(version *Version) int {
	switch {
	case !k.Convergent:
		return 0
	case version.convergent != 0:
		return version.convergent
	case k.ConvergentVersion == 0: // as the first releases of Vault left it
		return 1
	}
	return k.ConvergentVersion
}
