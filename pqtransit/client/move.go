package client

import (
	"context"
	"errors"
	"fmt"
)

// Backup is a whole key in plaintext. It prints as "[redacted]" and encodes as that, and
// [Mount.Restore] is the one way to use it.
type Backup struct{ text string }

// String hides the key.
func (Backup) String() string { return "[redacted]" }

// GoString hides the key.
func (Backup) GoString() string { return "[redacted]" }

// MarshalText hides the key.
func (Backup) MarshalText() ([]byte, error) { return []byte("[redacted]"), nil }

// Backup takes a key's backup, which the key must allow. The mount notes it in the key.
func (m *Mount) Backup(ctx context.Context, name string) (Backup, error) {
	answer, err := read[struct {
		Backup string `json:"backup"`
	}](ctx, m, "backup/"+name, nil)
	switch {
	case err != nil:
		return Backup{}, err
	case answer == nil || answer.Backup == "":
		return Backup{}, fmt.Errorf("%s/backup/%s answers without a backup", m.path, name)
	}
	return Backup{answer.Backup}, nil
}

// Restore makes a key of a backup; an existing one is refused.
func (m *Mount) Restore(ctx context.Context, name string, backup Backup) error {
	if backup.text == "" {
		return errors.New("the backup is empty")
	}
	_, err := m.Write(ctx, "restore/"+name, map[string]any{"backup": backup.text})
	return err
}

// WrappingKey is the public key to which the mount's imports are encrypted, in PEM. The
// built-in engine has one of type rsa-4096 alone.
func (m *Mount) WrappingKey(ctx context.Context, kind string) (string, error) {
	answer, err := read[struct {
		PublicKey string `json:"public_key"`
	}](ctx, m, "wrapping_key", map[string][]string{"type": {kind}})
	switch {
	case err != nil:
		return "", err
	case answer == nil || answer.PublicKey == "":
		return "", fmt.Errorf("%s/wrapping_key answers without a key", m.path)
	}
	return answer.PublicKey, nil
}

// ExportWrapped gives the versions of a key in use, each encrypted to the public key of
// another key of the mount, as an import elsewhere takes it.
func (m *Mount) ExportWrapped(ctx context.Context, to, name string) (map[string]string, error) {
	answer, err := read[struct {
		Keys map[string]string `json:"keys"`
	}](ctx, m, "byok-export/"+to+"/"+name, nil)
	switch {
	case err != nil:
		return nil, err
	case answer == nil:
		return nil, fmt.Errorf("%s/byok-export/%s/%s answers without keys", m.path, to, name)
	}
	return answer.Keys, nil
}

// Delete removes a key for good. Whether it may be deleted is set first.
func (m *Mount) Delete(ctx context.Context, name string) error {
	if _, err := m.Write(ctx, "keys/"+name+"/config", map[string]any{"deletion_allowed": true}); err != nil {
		return err
	}
	_, err := m.vault.Logical().DeleteWithContext(ctx, m.path+"/keys/"+name)
	return err
}
