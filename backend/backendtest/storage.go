package backendtest

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync"

	"github.com/hashicorp/vault/sdk/logical"
)

// ErrInjected is what a storage operation answers when a test made it fail.
var ErrInjected = errors.New("injected storage fault")

// Storage is in-memory storage that counts its calls, fails where it is told to, and refuses
// ".." in a key, as Vault's does. It may be used by many goroutines.
type Storage struct {
	inner logical.InmemStorage

	mu     sync.Mutex // guards what follows
	counts Counts
	fail   func(operation, key string) bool
}

// Counts is how often each storage operation was called, failed calls included.
type Counts struct{ Get, Put, Delete, List int }

// NewStorage is empty storage that does not fail.
func NewStorage() *Storage { return &Storage{} }

// Counts is the number of calls since the storage was made.
func (s *Storage) Counts() Counts {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.counts
}

// FailWhen makes every operation fail for which fail answers true, until it is called with
// nil. operation is "get", "put", "delete" or "list".
func (s *Storage) FailWhen(fail func(operation, key string) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail = fail
}

// FailWrite makes the nth next put or delete fail, counted from 1, and every later one as
// well, as if the process had died there. FailWhen(nil) heals it.
func (s *Storage) FailWrite(nth int) {
	seen := 0
	s.FailWhen(func(operation, _ string) bool {
		if operation == "put" || operation == "delete" {
			seen++
		}
		return (operation == "put" || operation == "delete") && seen >= nth
	})
}

// Snapshot is a copy of every entry, to compare or to start a second mount from.
func (s *Storage) Snapshot() map[string][]byte {
	ctx := context.Background()
	entries := map[string][]byte{}
	keys, err := logical.CollectKeys(ctx, &s.inner)
	if err != nil {
		panic("internal error: in-memory storage failed to list: " + err.Error())
	}
	for _, key := range keys {
		entry, err := s.inner.Get(ctx, key)
		if err == nil && entry != nil {
			entries[key] = bytes.Clone(entry.Value)
		}
	}
	return entries
}

// Get implements logical.Storage.
func (s *Storage) Get(ctx context.Context, key string) (*logical.StorageEntry, error) {
	if err := s.called("get", key, func(c *Counts) { c.Get++ }); err != nil {
		return nil, err
	}
	return s.inner.Get(ctx, key)
}

// Put implements logical.Storage.
func (s *Storage) Put(ctx context.Context, entry *logical.StorageEntry) error {
	if err := s.called("put", entry.Key, func(c *Counts) { c.Put++ }); err != nil {
		return err
	}
	return s.inner.Put(ctx, entry)
}

// Delete implements logical.Storage.
func (s *Storage) Delete(ctx context.Context, key string) error {
	if err := s.called("delete", key, func(c *Counts) { c.Delete++ }); err != nil {
		return err
	}
	return s.inner.Delete(ctx, key)
}

// List implements logical.Storage.
func (s *Storage) List(ctx context.Context, prefix string) ([]string, error) {
	if err := s.called("list", prefix, func(c *Counts) { c.List++ }); err != nil {
		return nil, err
	}
	return s.inner.List(ctx, prefix)
}

func (s *Storage) called(operation, key string, count func(*Counts)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	count(&s.counts)
	if strings.Contains(key, "..") {
		return errors.New(logical.ErrRelativePath.Error()) // the plugin protocol keeps the text alone
	}
	if s.fail != nil && s.fail(operation, key) {
		return ErrInjected
	}
	return nil
}
