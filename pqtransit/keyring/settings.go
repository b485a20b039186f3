package keyring

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend"
	"github.com/palisade-vault/palisade/pqtransit/rotation"
	"github.com/palisade-vault/palisade/pqtransit/usage"
)

const rotationPrefix = "palisade/rotation/"

// storedRotation is palisade/rotation/<name>: the settings that the built-in engine's form has
// no place for. docs/formats.md draws it. Version and Created name a version of the key that
// they belong to: those of a deleted key do not apply to one that was made again.
type storedRotation struct {
	Version            int       `json:"version"`
	Created            time.Time `json:"created"`
	Schedule           string    `json:"rotation_schedule"`
	ScheduledSince     time.Time `json:"scheduled_since"`
	WindowSeconds      int64     `json:"rotation_window"`
	MaxOperations      int64     `json:"auto_rotate_max_operations"` // rotation.AlgorithmsOwn, Unlimited
	MaxBytes           int64     `json:"auto_rotate_max_bytes"`      // likewise
	RetainVersions     int       `json:"retain_versions"`
	DestroyAfter       int64     `json:"destroy_after"` // seconds
	DestroyDecryptable bool      `json:"destroy_decryptable"`
}

func newRotationStore() *backend.Store[storedRotation] {
	return backend.NewStore[storedRotation](rotationPrefix, 1)
}

func (s *storedRotation) settings() rotation.Settings {
	return rotation.Settings{
		Schedule:           s.Schedule,
		ScheduledSince:     s.ScheduledSince,
		Window:             time.Duration(s.WindowSeconds) * time.Second,
		MaxOperations:      s.MaxOperations,
		MaxBytes:           s.MaxBytes,
		RetainVersions:     s.RetainVersions,
		DestroyAfter:       time.Duration(s.DestroyAfter) * time.Second,
		DestroyDecryptable: s.DestroyDecryptable,
	}
}

func newStoredRotation(s rotation.Settings, of *Version) *storedRotation {
	return &storedRotation{
		Version:            of.Number,
		Created:            of.Created,
		Schedule:           s.Schedule,
		ScheduledSince:     s.ScheduledSince,
		WindowSeconds:      int64(s.Window.Seconds()),
		MaxOperations:      s.MaxOperations,
		MaxBytes:           s.MaxBytes,
		RetainVersions:     s.RetainVersions,
		DestroyAfter:       int64(s.DestroyAfter.Seconds()),
		DestroyDecryptable: s.DestroyDecryptable,
	}
}

// settledNames are the keys that may have settings of ours, so that loading any other costs no
// storage call more. It is read once, and kept by whoever changes settings.
type settledNames struct {
	mu    sync.Mutex // guards names
	names map[string]bool
}

func (s *settledNames) has(ctx context.Context, storage logical.Storage, name string) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.names == nil {
		listed, err := storage.List(ctx, rotationPrefix)
		if err != nil {
			return false, fmt.Errorf("failed to list %s: %w", rotationPrefix, err)
		}
		s.names = map[string]bool{}
		for _, name := range listed {
			s.names[name] = true
		}
	}
	return s.names[name], nil
}

// add is called before the settings are written.
func (s *settledNames) add(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.names != nil {
		s.names[name] = true
	}
}

// loadSettings adds to a loaded key the settings that are its own.
func (r *Keyring) loadSettings(ctx context.Context, storage logical.Storage, l *loaded) error {
	name := l.key.Name
	has, err := r.settled.has(ctx, storage, name)
	if err != nil || !has {
		return err
	}
	stored, err := r.settings.Get(ctx, storage, name)
	if err != nil || stored == nil {
		return err
	}
	of := usage.NewVersion(stored.Version, stored.Created)
	mine, err := l.owns(ctx, storage, of)
	if err != nil || !mine {
		return err
	}
	l.key.Rotation = stored.settings()
	l.settings, l.settingsOf = l.key.Rotation, of
	return nil
}

// owns reports whether a version is one of this key that was not trimmed.
func (l *loaded) owns(ctx context.Context, storage logical.Storage, version usage.Version) (bool, error) {
	if mine := l.key.versions[version.Number]; mine != nil {
		return mine.identity() == version, nil
	}
	if l.policy == nil || !l.key.may(version) {
		return false, nil
	}
	created, err := l.archived(ctx, storage)
	if err != nil {
		return false, err
	}
	return usage.NewVersion(version.Number, created(version.Number)) == version, nil
}

// archived tells when each version that was not trimmed was made, those that are too old to
// decrypt included; zero for any other.
func (l *loaded) archived(ctx context.Context, storage logical.Storage) (func(number int) time.Time, error) {
	times := map[int]time.Time{}
	if l.policy != nil {
		archive, err := l.policy.LoadArchive(ctx, storage)
		if err != nil {
			return nil, fmt.Errorf("failed to read the archive of key %s: %w", l.key.Name, err)
		}
		for index, entry := range archive.Keys {
			times[index+l.policy.MinAvailableVersion] = entry.CreationTime
		}
	}
	for number, version := range l.key.versions {
		times[number] = version.Created
	}
	return func(number int) time.Time { return times[number] }, nil
}

// saveSettings writes the settings if they have changed, or if the version by which they know
// the key will no longer be at hand. It comes before the key is saved: a crash in between
// leaves the key as it was, under the settings that it was to get.
func (r *Keyring) saveSettings(ctx context.Context, storage logical.Storage, l *loaded) error {
	key := l.key
	stays := l.settingsOf.Number >= max(key.MinDecryption, key.MinAvailable)
	switch {
	case key.Rotation == l.settings && (stays || key.Rotation == rotation.Settings{}):
		return nil
	case key.Rotation == rotation.Settings{}:
		return r.settings.Delete(ctx, storage, key.Name)
	}
	r.settled.add(key.Name)
	return r.settings.Put(ctx, storage, key.Name, newStoredRotation(key.Rotation, key.versions[key.Latest]))
}
