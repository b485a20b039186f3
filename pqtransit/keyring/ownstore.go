package keyring

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/hashicorp/vault/sdk/logical"
)

// putOwn stores a key in our own format: first the chunks that are new, then the entry that
// names them, which decides; last it removes the chunks that nothing names any more.
func (l *loaded) putOwn(ctx context.Context, storage logical.Storage) error {
	name := l.key.Name
	if err := l.key.check(); err != nil {
		return fmt.Errorf("key %s: %v", name, err)
	}
	there, err := chunksOf(ctx, storage, name)
	if err != nil {
		return err
	}
	fresh, err := l.key.arrange(l.known, 1+highest(there))
	if err != nil {
		return err
	}
	encoded, err := encodeOwn(l.key, ownFormat)
	if err != nil {
		return err
	}
	if err := l.checkEncoded(encoded, fresh); err != nil {
		return err
	}
	for _, c := range fresh {
		if err := put(ctx, storage, chunkPath(name, c.chunk.Entry), c.value); err != nil {
			return err
		}
	}
	if err := put(ctx, storage, ownPrefix+name, encoded); err != nil {
		return err
	}
	return l.sweep(ctx, storage, there)
}

// checkEncoded reads the key back: what could not be must not replace what can. Only versions
// that were not read before can fail that.
func (l *loaded) checkEncoded(encoded []byte, fresh []freshChunk) error {
	// Of chunks that are not new the versions are known, of the others only their keys.
	values, known := make(map[int][]byte, len(fresh)), maps.Clone(l.known)
	for _, c := range fresh {
		values[c.chunk.Entry] = c.value
		for number := c.chunk.First; number <= c.chunk.Last && known[number] != nil; number++ {
			before := *known[number]
			before.chunk = nil
			known[number] = &before
		}
	}
	again, err := decodeOwn(l.key.Name, encoded, known, func(c chunk) ([]byte, error) { return values[c.Entry], nil })
	if err != nil {
		return err
	}
	return again.openAll(known)
}

// sweep removes the chunks, of those that were there, that the key no longer has. The change
// has happened whether or not that succeeds, and the next one tries again; but where versions
// were to be destroyed, it has not while they are there.
func (l *loaded) sweep(ctx context.Context, storage logical.Storage, there []int) error {
	for _, entry := range l.strays(there) {
		if err := remove(ctx, storage, chunkPath(l.key.Name, entry)); err != nil && l.key.MinAvailable > 0 {
			return err
		}
	}
	return nil
}

// strays are those chunks, of some that are there, that the key does not have.
func (l *loaded) strays(there []int) []int {
	named := map[int]bool{}
	for _, version := range l.key.versions {
		if version.chunk != nil {
			named[version.chunk.Entry] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(there), func(entry int) bool { return named[entry] })
}

// hasStrays reports whether a change was interrupted that would have destroyed versions.
func (l *loaded) hasStrays(ctx context.Context, storage logical.Storage) (bool, error) {
	if l.policy != nil {
		return false, nil
	}
	there, err := chunksOf(ctx, storage, l.key.Name)
	return len(l.strays(there)) > 0, err
}

func chunkOpener(ctx context.Context, storage logical.Storage, name string) opener {
	return func(c chunk) ([]byte, error) {
		entry, err := storage.Get(ctx, chunkPath(name, c.Entry))
		switch {
		case err != nil:
			return nil, fmt.Errorf("failed to read chunk %d: %w", c.Entry, err)
		case entry == nil:
			return nil, fmt.Errorf("chunk %d is missing", c.Entry)
		}
		return entry.Value, nil
	}
}

func chunkPath(name string, entry int) string {
	return chunkPrefix + name + "/" + strconv.Itoa(entry)
}

// chunksOf are the numbers of the entries of chunks that a name has, in no order, be it that
// a change was interrupted which would have removed them.
func chunksOf(ctx context.Context, storage logical.Storage, name string) ([]int, error) {
	listed, err := storage.List(ctx, chunkPrefix+name+"/")
	if err != nil {
		return nil, fmt.Errorf("failed to list the versions of key %s: %w", name, err)
	}
	var entries []int
	for _, text := range listed {
		// Keys of the engine's own lie one level below another's name.
		if entry, err := strconv.Atoi(text); err == nil {
			entries = append(entries, entry)
		}
	}
	return entries, nil
}

func highest(entries []int) int {
	top := 0
	for _, entry := range entries {
		top = max(top, entry)
	}
	return top
}

// removeOwn removes what a name has in our own format, the entry that decides first.
func removeOwn(ctx context.Context, storage logical.Storage, name string) error {
	if err := remove(ctx, storage, ownPrefix+name); err != nil {
		return err
	}
	entries, err := chunksOf(ctx, storage, name)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if err := remove(ctx, storage, chunkPath(name, entry)); err != nil {
			return err
		}
	}
	return nil
}
