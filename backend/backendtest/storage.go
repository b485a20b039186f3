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
	late   bool // a failing operation happens all the same
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
	s.setFault(fail, false)
}

// FailAfter is [Storage.FailWhen] for operations that happen and are answered with an error
// all the same, as when the connection to Vault breaks at the wrong moment.
func (s *Storage) FailAfter(fail func(operation, key string) bool) {
	s.setFault(fail, true)
}

func (s *Storage) setFault(fail func(operation, key string) bool, late bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail, s.late = fail, late
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
func (s *Storage) Get(ctx context.Context, key string) (entry *logical.StorageEntry, err error) {
	err = s.call("get", key, func(c *Counts) { c.Get++ }, func() error {
		entry, err = s.inner.Get(ctx, key)
		return err
	})
	if err != nil {
		return nil, err
	}
	return entry, nil
}

// Put implements logical.Storage.
func (s *Storage) Put(ctx context.Context, entry *logical.StorageEntry) error {
	return s.call("put", entry.Key, func(c *Counts) { c.Put++ }, func() error { return s.inner.Put(ctx, entry) })
}

// Delete implements logical.Storage.
func (s *Storage) Delete(ctx context.Context, key string) error {
	return s.call("delete", key, func(c *Counts) { c.Delete++ }, func() error { return s.inner.Delete(ctx, key) })
}

// List implements logical.Storage.
func (s *Storage) List(ctx context.Context, prefix string) (keys []string, err error) {
	err = s.call("list", prefix, func(c *Counts) { c.List++ }, func() error {
		keys, err = s.inner.List(ctx, prefix)
		return err
	})
	if err != nil {
		return nil, err
	}
	return keys, nil
}

func (s *Storage) call(operation, key string, count func(*Counts), do func() error) error {
	failing, late, err := s.fault(operation, key, count)
	switch {
	case err != nil:
		return err
	case failing && late:
		return errors.Join(ErrInjected, do())
	case failing:
		return ErrInjected
	}
	return do()
}

func (s *Storage) fault(operation, key string, count func(*Counts)) (failing, late bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	count(&s.counts)
	if strings.Contains(key, "..") {
		return false, false, errors.New(logical.ErrRelativePath.Error()) // the plugin protocol keeps the text alone
	}
	return s.fail != nil && s.fail(operation, key), s.late, nil
}
