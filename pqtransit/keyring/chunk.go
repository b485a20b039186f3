package keyring

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// chunk is a run of older versions that lies in an entry of its own. Such an entry is written
// once and never changed: when one of its versions changes or goes, others take its place.
type chunk struct {
	First int    `json:"first"`
	Last  int    `json:"last"`
	Entry int    `json:"entry"`  // the entry's number, from 1
	Sum   []byte `json:"sha256"` // of the entry: another key's, or an older one, does not pass
}

// ownChunk is palisade/versions/<name>/<entry>.
type ownChunk struct {
	Format   int          `json:"format"`
	Name     string       `json:"name"`
	Versions []ownVersion `json:"versions"`
}

// The sizes, in bytes, at which versions move out of a key's own entry and at which a chunk
// is full. Raft refuses entries of more than 1 MiB. One version alone may have more: up to
// maxChainSize of certificates, in base64.
const (
	tailSize  = 64 << 10
	chunkSize = 128 << 10
)

// opener reads the entry of a chunk.
type opener func(chunk) ([]byte, error)

// freshChunk is a chunk that is not yet stored.
type freshChunk struct {
	chunk *chunk
	value []byte
}

// versions are those of the chunk, read only if they are not all known.
func (c *chunk) versions(name string, known parsed, open opener) ([]*Version, error) {
	if versions := known.ofChunk(c); versions != nil {
		return versions, nil
	}
	if open == nil {
		return nil, errors.New("has chunks")
	}
	value, err := open(*c)
	if err != nil {
		return nil, err
	}
	return c.decode(name, value, known)
}

// decode reads an entry as strictly as [decodeOwn].
func (c *chunk) decode(name string, value []byte, known parsed) ([]*Version, error) {
	if sum := sha256.Sum256(value); !bytes.Equal(sum[:], c.Sum) {
		return nil, fmt.Errorf("chunk %d is not the one that was stored with the key", c.Entry)
	}
	var stored ownChunk
	if err := json.Unmarshal(value, &stored); err != nil || stored.Format != ownFormat || stored.Name != name {
		return nil, fmt.Errorf("chunk %d does not decode", c.Entry)
	}
	if canonical, err := json.Marshal(stored); err != nil || !bytes.Equal(canonical, value) {
		return nil, fmt.Errorf("chunk %d is not in its canonical form", c.Entry)
	}
	versions, err := decodeVersions(stored.Versions, known)
	switch {
	case err != nil:
		return nil, fmt.Errorf("chunk %d: %v", c.Entry, err)
	case len(versions) == 0 || versions[0].Number != c.First || versions[len(versions)-1].Number != c.Last:
		return nil, fmt.Errorf("chunk %d does not have the versions %d to %d", c.Entry, c.First, c.Last)
	}
	for _, version := range versions {
		version.chunk = c
	}
	return versions, nil
}

// ofChunk are copies of the versions of a chunk, where they came from the same one; else nil.
func (p parsed) ofChunk(c *chunk) []*Version {
	if c.Last < c.First || c.Last-c.First >= len(p) {
		return nil
	}
	versions := make([]*Version, 0, c.Last-c.First+1)
	for number := c.First; number <= c.Last; number++ {
		version := p[number]
		if version == nil || version.chunk == nil || version.chunk.Entry != c.Entry || !bytes.Equal(version.chunk.Sum, c.Sum) {
			return nil
		}
		again := *version
		again.chunk = c
		versions = append(versions, &again)
	}
	return versions
}

// arrange gives a chunk to every version that should have one: all older than one that has,
// and all but the latest when those without one have become too many for the key's entry. A
// chunk of which a version has changed since it was loaded, or is missing, is given up. The new
// ones' entries count from next on.
func (k *Key) arrange(known parsed, next int) ([]freshChunk, error) {
	numbers := slices.Sorted(maps.Keys(k.versions))
	k.dissolve(numbers, known)
	filler := filler{name: k.Name, next: next}
	for _, number := range numbers {
		version := k.versions[number]
		if version.chunk != nil {
			if err := filler.close(); err != nil { // what was left open lies before this one
				return nil, err
			}
			continue
		}
		if err := filler.add(version); err != nil {
			return nil, err
		}
	}
	err := filler.closeTail()
	return filler.fresh, err
}

func (k *Key) dissolve(numbers []int, known parsed) {
	members := map[*chunk]int{}
	for _, number := range numbers {
		if c := k.versions[number].chunk; c != nil && k.versions[number] == known[number] {
			members[c]++
		}
	}
	for _, number := range numbers {
		if c := k.versions[number].chunk; c != nil && members[c] != c.Last-c.First+1 {
			k.versions[number].chunk = nil
		}
	}
}

// filler collects versions into chunks.
type filler struct {
	name  string
	next  int
	open  []*Version
	forms []ownVersion
	sizes []int
	fresh []freshChunk
}

func (f *filler) add(version *Version) error {
	form, err := version.encode()
	if err != nil {
		return fmt.Errorf("failed to encode key %s: %v", f.name, err)
	}
	encoded, err := json.Marshal(form)
	if err != nil {
		return fmt.Errorf("failed to encode key %s: %v", f.name, err)
	}
	f.open, f.forms, f.sizes = append(f.open, version), append(f.forms, form), append(f.sizes, len(encoded)+1)
	return nil
}

// close puts what is open into chunks.
func (f *filler) close() error {
	for len(f.open) > 0 {
		count, size := 0, 0
		for ; count < len(f.sizes) && (count == 0 || size+f.sizes[count] <= chunkSize); count++ {
			size += f.sizes[count]
		}
		if err := f.seal(count); err != nil {
			return err
		}
	}
	return nil
}

// closeTail leaves the newest versions where they are unless they are too large, and then the
// latest alone.
func (f *filler) closeTail() error {
	size := 0
	for _, s := range f.sizes {
		size += s
	}
	if size <= tailSize || len(f.open) == 1 {
		return nil
	}
	last := len(f.open) - 1
	f.open, f.forms, f.sizes = f.open[:last], f.forms[:last], f.sizes[:last]
	return f.close()
}

// seal makes a chunk of the first versions that are open.
func (f *filler) seal(count int) error {
	value, err := json.Marshal(ownChunk{Format: ownFormat, Name: f.name, Versions: f.forms[:count]})
	if err != nil {
		return fmt.Errorf("failed to encode key %s: %v", f.name, err)
	}
	sum := sha256.Sum256(value)
	made := &chunk{First: f.open[0].Number, Last: f.open[count-1].Number, Entry: f.next, Sum: sum[:]}
	for _, version := range f.open[:count] {
		version.chunk = made
	}
	f.fresh = append(f.fresh, freshChunk{made, value})
	f.open, f.forms, f.sizes = f.open[count:], f.forms[count:], f.sizes[count:]
	f.next++
	return nil
}
