package keyring

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"

	"github.com/hashicorp/vault/sdk/helper/keysutil"
	"github.com/hashicorp/vault/sdk/logical"
)

// backupFormat is the version of the form of [ownBackup], whose key has [wholeFormat].
const backupFormat = 1

// ownBackup is the backup of a key in our own format. To the built-in engine its policy is a
// key that cannot be stored, so a restore there fails and changes nothing.
type ownBackup struct {
	Palisade int             `json:"palisade"` // backupFormat
	Policy   json.RawMessage `json:"policy"`   // the stub
	Key      json.RawMessage `json:"key"`      // the whole of it
}

// Backup gives the whole key as base64 text, in keysutil's format for a Community key, which
// the built-in engine restores as well. It records the backup in the key first.
func (r *Keyring) Backup(ctx context.Context, storage logical.Storage, name string) (string, error) {
	place := r.acquire(name)
	defer r.release(name, place)
	found, err := r.load(ctx, storage, name, place.known())
	switch {
	case err != nil:
		return "", err
	case found == nil:
		return "", refuse("key %q not found", name)
	}
	released, err := found.key.release(WayBackup)
	if err != nil {
		return "", err
	}
	if err := found.mend(ctx, storage); err != nil {
		return "", err
	}
	found.key.Backup = &Event{Time: r.now(), Version: found.key.Latest}
	if err := found.save(ctx, storage); err != nil {
		place.key.Store(nil)
		return "", err
	}
	r.publish(place, found.key)
	return released.backup(ctx, storage, found)
}

// backup encodes the key as it now lies in storage.
func (r release) backup(ctx context.Context, storage logical.Storage, found *loaded) (string, error) {
	var whole any
	if found.policy != nil {
		archive, err := found.policy.LoadArchive(ctx, storage)
		if err != nil {
			return "", fmt.Errorf("failed to read the archive of key %s: %w", r.key.Name, err)
		}
		whole = &keysutil.KeyData{Policy: found.policy, ArchivedKeys: archive}
	} else {
		own, err := r.ownBackup(found.key)
		if err != nil {
			return "", err
		}
		whole = own
	}
	encoded, err := json.Marshal(whole)
	if err != nil {
		return "", fmt.Errorf("failed to encode the backup of key %s: %v", r.key.Name, err)
	}
	return base64.StdEncoding.EncodeToString(encoded), nil
}

func (release) ownBackup(key *Key) (*ownBackup, error) {
	encoded, err := encodeOwn(key, wholeFormat)
	if err != nil {
		return nil, err
	}
	stub, err := encodeStub(key.Name)
	if err != nil {
		return nil, err
	}
	return &ownBackup{Palisade: backupFormat, Policy: stub, Key: encoded}, nil
}

// parseBackup reads what Backup or the built-in engine's backup gave, for the key to get
// that name; empty keeps the key's own. Everything in it is the caller's: it is checked as
// a whole before anything is stored. Errors never quote it.
func parseBackup(name, text string) (*restored, error) {
	decoded, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, refuse("backup is not base64")
	}
	var kind struct {
		Palisade int `json:"palisade"`
	}
	if err := json.Unmarshal(decoded, &kind); err != nil {
		return nil, refuse("backup does not decode")
	}
	if kind.Palisade != 0 {
		return parseOwnBackup(name, decoded)
	}
	return parsePolicyBackup(name, decoded)
}

func parseOwnBackup(name string, decoded []byte) (*restored, error) {
	var backup ownBackup
	if err := json.Unmarshal(decoded, &backup); err != nil {
		return nil, refuse("backup does not decode")
	}
	if backup.Palisade != backupFormat {
		return nil, refuse("backup has format %d, this release reads format %d", backup.Palisade, backupFormat)
	}
	var named struct {
		Name string `json:"name"`
	}
	if err := json.Unmarshal(backup.Key, &named); err != nil {
		return nil, refuse("backup does not decode")
	}
	key, err := decodeOwn(named.Name, backup.Key, nil, nil)
	if err == nil {
		err = key.openAll(nil)
	}
	if err != nil {
		return nil, refuse("backup is not sound: %v", err)
	}
	// So that a backup is one text and no other.
	if again, err := json.Marshal(backup); err != nil || !bytes.Equal(again, decoded) {
		return nil, refuse("backup is not in its canonical form")
	}
	if stub, err := encodeStub(key.Name); err != nil || !bytes.Equal(stub, backup.Policy) {
		return nil, refuse("backup is not sound: its policy is not that of key %s", key.Name)
	}
	if name != "" {
		key.Name = name
	}
	return &restored{key: key}, checkName(key.Name)
}
