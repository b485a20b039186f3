package backend

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/hashicorp/vault/sdk/helper/locksutil"
	"github.com/hashicorp/vault/sdk/logical"
)

// Store keeps values of one type as JSON entries under one storage prefix. An entry is
//
//	{"schema": <version>, "value": <T as JSON>}
//
// and is read strictly: another schema version or an unknown field is an error, because
// guessing at a stored value is how keys and users are lost. A Store may be used by many
// goroutines.
type Store[T any] struct {
	prefix string
	schema int
	locks  []*locksutil.LockEntry
}

type storeEntry[T any] struct {
	Schema int `json:"schema"`
	Value  *T  `json:"value"`
}

// NewStore makes a store under prefix, which ends in "/". schema is the version of T's
// JSON form, from 1, and rises with every change of it.
func NewStore[T any](prefix string, schema int) *Store[T] {
	return &Store[T]{prefix: prefix, schema: schema, locks: locksutil.CreateLocks()}
}

// Get reads the value of that name, or nil when there is none.
func (s *Store[T]) Get(ctx context.Context, storage logical.Storage, name string) (*T, error) {
	entry, err := storage.Get(ctx, s.prefix+name)
	if err != nil {
		return nil, fmt.Errorf("failed to read %s%s: %w", s.prefix, name, err)
	}
	if entry == nil {
		return nil, nil
	}
	value, err := s.decode(entry.Value)
	if err != nil {
		return nil, fmt.Errorf("stored entry %s%s: %w", s.prefix, name, err)
	}
	return value, nil
}

// Put writes the value of that name in one storage operation.
func (s *Store[T]) Put(ctx context.Context, storage logical.Storage, name string, value *T) error {
	body, err := json.Marshal(storeEntry[T]{Schema: s.schema, Value: value})
	if err != nil {
		return fmt.Errorf("failed to encode %s%s: %w", s.prefix, name, err)
	}
	if err := storage.Put(ctx, &logical.StorageEntry{Key: s.prefix + name, Value: body}); err != nil {
		return fmt.Errorf("failed to write %s%s: %w", s.prefix, name, err)
	}
	return nil
}

// Delete removes the value of that name; removing what is absent is no error.
func (s *Store[T]) Delete(ctx context.Context, storage logical.Storage, name string) error {
	if err := storage.Delete(ctx, s.prefix+name); err != nil {
		return fmt.Errorf("failed to delete %s%s: %w", s.prefix, name, err)
	}
	return nil
}

// List is every name in the store, in storage order. It is one storage operation.
func (s *Store[T]) List(ctx context.Context, storage logical.Storage) ([]string, error) {
	names, err := storage.List(ctx, s.prefix)
	if err != nil {
		return nil, fmt.Errorf("failed to list %s: %w", s.prefix, err)
	}
	return names, nil
}

// Update replaces the value of that name by what change makes of it, with no other Update
// of the name in between. change gets nil when there is no value; when it answers an error
// nothing is written, and when it answers nil the value is deleted.
func (s *Store[T]) Update(ctx context.Context, storage logical.Storage, name string, change func(*T) (*T, error)) error {
	lock := locksutil.LockForKey(s.locks, name)
	lock.Lock()
	defer lock.Unlock()
	old, err := s.Get(ctx, storage, name)
	if err != nil {
		return err
	}
	value, err := change(old)
	switch {
	case err != nil:
		return err
	case value == nil:
		return s.Delete(ctx, storage, name)
	}
	return s.Put(ctx, storage, name, value)
}

func (s *Store[T]) decode(body []byte) (*T, error) {
	var version struct {
		Schema int `json:"schema"`
	}
	if err := json.Unmarshal(body, &version); err != nil {
		return nil, fmt.Errorf("not a JSON entry: %w", err)
	}
	if version.Schema != s.schema {
		return nil, fmt.Errorf("schema version %d, this release reads version %d", version.Schema, s.schema)
	}
	var entry storeEntry[T]
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&entry); err != nil {
		return nil, fmt.Errorf("does not decode: %w", err)
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, fmt.Errorf("has trailing data")
	}
	if entry.Value == nil {
		return nil, fmt.Errorf("has no value")
	}
	return entry.Value, nil
}
