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

// ownFormat is the version of the form that [ownKey] has in storage.
const ownFormat = 1

// ownKey is palisade/key/<name>. docs/formats.md draws it.
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

// encodeOwn is the only form that decodeOwn reads.
func encodeOwn(k *Key) ([]byte, error) {
	stored := ownKey{
		Format:               ownFormat,
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
	for _, number := range slices.Sorted(maps.Keys(k.versions)) {
		stored.Versions = append(stored.Versions, k.versions[number].encode())
	}
	encoded, err := json.Marshal(stored)
	if err != nil {
		return nil, fmt.Errorf("failed to encode key %s: %v", k.Name, err)
	}
	return encoded, nil
}

func (v *Version) encode() ownVersion {
	stored := ownVersion{
		Version:      v.Number,
		Suite:        v.Suite.Name,
		Purpose:      purposeNames(v.Purpose),
		Created:      v.Created,
		Private:      v.key.Private().Bytes(),
		HMACKey:      v.hmacKey.Bytes(),
		Convergent:   v.convergent,
		Certificates: v.Certificates,
	}
	if len(stored.Private) == 0 {
		stored.Public = v.key.Public().Bytes()
	}
	return stored
}

// decodeOwn reads the key of that name. Anything but what encodeOwn writes is an error,
// because guessing at a stored key is how keys are lost. Errors never quote the input.
func decodeOwn(name string, value []byte, known parsed) (*Key, error) {
	var version struct {
		Format int `json:"format"`
	}
	if err := json.Unmarshal(value, &version); err != nil {
		return nil, fmt.Errorf("stored key %s is not a JSON object", name)
	}
	if version.Format != ownFormat {
		return nil, fmt.Errorf("stored key %s has format %d, this release reads format %d", name, version.Format, ownFormat)
	}
	var stored ownKey
	if err := json.Unmarshal(value, &stored); err != nil {
		return nil, fmt.Errorf("stored key %s does not decode", name)
	}
	key, err := stored.key(known)
	if err != nil {
		return nil, fmt.Errorf("stored key %s: %v", name, err)
	}
	if key.Name != name {
		return nil, fmt.Errorf("stored key %s has another key's name", name)
	}
	if canonical, err := encodeOwn(key); err != nil || !bytes.Equal(canonical, value) {
		return nil, fmt.Errorf("stored key %s is not in its canonical form", name)
	}
	return key, nil
}

func (s *ownKey) key(known parsed) (*Key, error) {
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
	if err := key.takeVersions(s.Versions, known); err != nil {
		return nil, err
	}
	return key, key.check()
}

// takeVersions wants every version from the oldest available one on, in order.
func (k *Key) takeVersions(stored []ownVersion, known parsed) error {
	k.versions = make(map[int]*Version, len(stored))
	for i, entry := range stored {
		number := max(k.MinAvailable, 1) + i
		if entry.Version != number {
			return fmt.Errorf("version %d is where version %d should be", entry.Version, number)
		}
		version, err := entry.decode(known)
		if err != nil {
			return fmt.Errorf("version %d: %v", number, err)
		}
		k.versions[number] = version
		k.Latest = number
	}
	return nil
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
	version := &Version{
		Number:       s.Version,
		Suite:        algorithm,
		Purpose:      purpose,
		Created:      s.Created,
		Certificates: s.Certificates,
		hmacKey:      suite.NewSecret(s.HMACKey),
		convergent:   s.Convergent,
	}
	version.key, err = s.parse(algorithm, known)
	return version, err
}

func (s *ownVersion) parse(algorithm *suite.Suite, known parsed) (suite.Key, error) {
	private := suite.NewSecret(s.Private)
	key, ok := known.key(s.Version, algorithm, func(key suite.Key) bool { return !private.IsZero() && key.Private().Equal(private) })
	switch {
	case ok:
		return key, nil
	case !private.IsZero():
		defer clear(s.Private)
		return algorithm.Parse(s.Private)
	case algorithm.ParsePublic != nil:
		return algorithm.ParsePublic(s.Public)
	}
	return nil, errors.New("has no key")
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
