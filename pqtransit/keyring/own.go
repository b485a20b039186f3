package keyring

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// The versions of the form of [ownKey]. The first is that of backups, and was that of storage.
const (
	wholeFormat = 1 // every version is in versions
	ownFormat   = 2 // older versions are in chunks
)

// ownKey is palisade/key/<name>, and the key in a backup. docs/formats.md draws it.
type ownKey struct {
	Format               int          `json:"format"`
	Name                 string       `json:"name"`
	Derived              bool         `json:"derived"`
	KDF                  suite.KDF    `json:"kdf"`
	Convergent           bool         `json:"convergent_encryption"`
	ConvergentVersion    int          `json:"convergent_version"`
	Exportable           bool         `json:"exportable"`
	AllowPlaintextBackup bool         `json:"allow_plaintext_backup"`
	DeletionAllowed      bool         `json:"deletion_allowed"`
	MinDecryption        int          `json:"min_decryption_version"`
	MinEncryption        int          `json:"min_encryption_version"`
	MinAvailable         int          `json:"min_available_version"`
	AutoRotateSeconds    int64        `json:"auto_rotate_seconds"`
	KeySize              int          `json:"key_size"`
	Imported             bool         `json:"imported_key"`
	ImportedRotation     bool         `json:"imported_key_allow_rotation"`
	Backup               *Event       `json:"backup_info"`
	Restore              *Event       `json:"restore_info"`
	Chunks               []chunk      `json:"chunks,omitempty"` // of format 2, ascending
	Versions             []ownVersion `json:"versions"`
}

type ownVersion struct {
	Version      int       `json:"version"`
	Suite        string    `json:"suite"`
	Purpose      []string  `json:"purpose"`
	Created      time.Time `json:"created"`
	Private      []byte    `json:"private,omitempty"` // suite.Key.Private
	Public       []byte    `json:"public,omitempty"`  // suite.PublicKey.Bytes, only where private is absent
	HMACKey      []byte    `json:"hmac_key"`
	Convergent   int       `json:"convergent_version,omitempty"`
	Certificates [][]byte  `json:"certificate_chain,omitempty"`
}

// encodeOwn is the only form that decodeOwn reads. In format 2 the versions that have a chunk
// are named by it, and are elsewhere.
func encodeOwn(k *Key, format int) ([]byte, error) {
	stored := storedSettings(k)
	stored.Format = format
	for _, number := range slices.Sorted(maps.Keys(k.versions)) {
		version := k.versions[number]
		if format != wholeFormat && version.chunk != nil {
			if version.chunk.First == number {
				stored.Chunks = append(stored.Chunks, *version.chunk)
			}
			continue
		}
		entry, err := version.encode()
		if err != nil {
			return nil, fmt.Errorf("failed to encode key %s: %v", k.Name, err)
		}
		stored.Versions = append(stored.Versions, entry)
	}
	encoded, err := json.Marshal(stored)
	if err != nil {
		return nil, fmt.Errorf("failed to encode key %s: %v", k.Name, err)
	}
	return encoded, nil
}

func storedSettings(k *Key) *ownKey {
	return &ownKey{
		Name:                 k.Name,
		Derived:              k.Derived,
		KDF:                  k.KDF,
		Convergent:           k.Convergent,
		ConvergentVersion:    k.ConvergentVersion,
		Exportable:           k.Exportable,
		AllowPlaintextBackup: k.AllowPlaintextBackup,
		DeletionAllowed:      k.DeletionAllowed,
		MinDecryption:        k.MinDecryption,
		MinEncryption:        k.MinEncryption,
		MinAvailable:         k.MinAvailable,
		AutoRotateSeconds:    int64(k.AutoRotatePeriod / time.Second),
		KeySize:              k.KeySize,
		Imported:             k.Imported,
		ImportedRotation:     k.ImportedRotation,
		Backup:               k.Backup,
		Restore:              k.Restore,
	}
}

func (v *Version) encode() (ownVersion, error) {
	form, err := v.key.form()
	if err != nil {
		return ownVersion{}, fmt.Errorf("version %d: %v", v.Number, err)
	}
	return ownVersion{
		Version:      v.Number,
		Suite:        v.Suite.Name,
		Purpose:      purposeNames(v.Purpose),
		Created:      v.Created,
		Private:      form.private.Bytes(),
		Public:       form.public,
		HMACKey:      v.hmacKey.Bytes(),
		Convergent:   v.convergent,
		Certificates: v.Certificates,
	}, nil
}

// decodeOwn reads the key of that name, with the versions of its chunks as open gives them.
// Anything but what encodeOwn writes is an error, because guessing at a stored key is how keys
// are lost; but what a version's material is worth its first use tells. Errors never quote the
// input.
func decodeOwn(name string, value []byte, known parsed, open opener) (*Key, error) {
	var version struct {
		Format int `json:"format"`
	}
	if err := json.Unmarshal(value, &version); err != nil {
		return nil, fmt.Errorf("stored key %s is not a JSON object", name)
	}
	if version.Format != wholeFormat && version.Format != ownFormat {
		return nil, fmt.Errorf("stored key %s has format %d, this release reads formats %d and %d", name, version.Format, wholeFormat, ownFormat)
	}
	var stored ownKey
	if err := json.Unmarshal(value, &stored); err != nil {
		return nil, fmt.Errorf("stored key %s does not decode", name)
	}
	if len(stored.Chunks) > 0 && version.Format == wholeFormat {
		return nil, fmt.Errorf("stored key %s has chunks, which format %d has not", name, wholeFormat)
	}
	key, err := stored.key(known, open)
	if err != nil {
		return nil, fmt.Errorf("stored key %s: %w", name, err)
	}
	if key.Name != name {
		return nil, fmt.Errorf("stored key %s has another key's name", name)
	}
	if canonical, err := encodeOwn(key, version.Format); err != nil || !bytes.Equal(canonical, value) {
		return nil, fmt.Errorf("stored key %s is not in its canonical form", name)
	}
	return key, nil
}

func (s *ownKey) key(known parsed, open opener) (*Key, error) {
	if s.AutoRotateSeconds < 0 || s.AutoRotateSeconds > int64(1<<63-1)/int64(time.Second) {
		return nil, errors.New("auto-rotation period is out of range")
	}
	key := &Key{
		Name: s.Name,
		Settings: Settings{
			Derived:              s.Derived,
			KDF:                  s.KDF,
			Convergent:           s.Convergent,
			ConvergentVersion:    s.ConvergentVersion,
			Exportable:           s.Exportable,
			AllowPlaintextBackup: s.AllowPlaintextBackup,
			DeletionAllowed:      s.DeletionAllowed,
			MinDecryption:        s.MinDecryption,
			MinEncryption:        s.MinEncryption,
			MinAvailable:         s.MinAvailable,
			AutoRotatePeriod:     time.Duration(s.AutoRotateSeconds) * time.Second,
			KeySize:              s.KeySize,
			Imported:             s.Imported,
			ImportedRotation:     s.ImportedRotation,
			Backup:               s.Backup,
			Restore:              s.Restore,
		},
	}
	key.versions = make(map[int]*Version, len(s.Versions))
	for i := range s.Chunks {
		versions, err := s.Chunks[i].versions(s.Name, known, open)
		if err != nil {
			return nil, err
		}
		if err := key.takeVersions(versions); err != nil {
			return nil, err
		}
	}
	latest, err := decodeVersions(s.Versions, known)
	if err != nil {
		return nil, err
	}
	if err := key.takeVersions(latest); err != nil {
		return nil, err
	}
	return key, key.check()
}

// takeVersions wants every version from the oldest available one on, in order.
func (k *Key) takeVersions(versions []*Version) error {
	for _, version := range versions {
		number := max(k.MinAvailable, 1) + len(k.versions)
		if version.Number != number {
			return fmt.Errorf("version %d is where version %d should be", version.Number, number)
		}
		k.versions[number] = version
		k.Latest = number
	}
	return nil
}

func decodeVersions(stored []ownVersion, known parsed) ([]*Version, error) {
	versions := make([]*Version, len(stored))
	for i := range stored {
		var err error
		if versions[i], err = stored[i].decode(known); err != nil {
			return nil, fmt.Errorf("version %d: %v", stored[i].Version, err)
		}
	}
	return versions, nil
}

func (s *ownVersion) decode(known parsed) (*Version, error) {
	algorithm, ok := suite.Lookup(s.Suite)
	if !ok {
		return nil, fmt.Errorf("unknown key type %q", s.Suite)
	}
	purpose, err := parsePurpose(s.Purpose)
	if err != nil || purpose == 0 || !allowed(algorithm, purpose) {
		return nil, errors.New("its purpose is not one of its key type")
	}
	form := &ownForm{private: suite.NewSecret(s.Private), public: s.Public}
	clear(s.Private)
	if form.private.IsZero() && (algorithm.ParsePublic == nil || len(form.public) == 0) {
		return nil, errors.New("has no key")
	}
	return &Version{
		Number:       s.Version,
		Suite:        algorithm,
		Purpose:      purpose,
		Created:      s.Created,
		Certificates: s.Certificates,
		key:          known.ofOwn(s.Version, algorithm, form),
		hmacKey:      suite.NewSecret(s.HMACKey),
		convergent:   s.Convergent,
	}, nil
}

// check holds what every stored key must fulfil.
func (k *Key) check() error {
	if err := checkRange(k.MinAvailable, k.Latest); err != nil {
		return err
	}
	switch {
	case len(k.versions) == 0:
		return errors.New("has no versions")
	case k.MinDecryption < 1 || k.MinDecryption > k.Latest || k.MinDecryption < k.MinAvailable:
		return fmt.Errorf("minimum decryption version %d is out of range", k.MinDecryption)
	case k.MinEncryption != 0 && (k.MinEncryption < k.MinDecryption || k.MinEncryption > k.Latest):
		return fmt.Errorf("minimum encryption version %d is out of range", k.MinEncryption)
	}
	return nil
}

// maxVersion is far beyond any key's, and far from where numbers of versions overflow.
const maxVersion = math.MaxInt32

func checkRange(minAvailable, latest int) error {
	switch {
	case minAvailable < 0 || minAvailable > maxVersion:
		return fmt.Errorf("minimum available version %d is out of range", minAvailable)
	case latest > maxVersion:
		return fmt.Errorf("latest version %d is out of range", latest)
	}
	return nil
}
