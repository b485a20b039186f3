package intel

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend"
)

const (
	metaPrefix  = "risk/feed/meta/"
	chunkPrefix = "risk/feed/chunk/"
	// chunkSize keeps a piece well under raft's limit of 1 MiB for an entry.
	chunkSize = 512 << 10
)

// Meta describes a stored feed. It is the feed's commit point: a feed exists when its Meta
// does, and consists of the pieces that the Meta names.
type Meta struct {
	Name string `json:"name"`
	// Format is the name of a [Format].
	Format string `json:"format"`
	// Version is the operator's word for the state of the feed, such as its date.
	Version string `json:"version"`
	// Source is where the operator took it from.
	Source string `json:"source"`
	// MinLevel leaves out entries of a lower level.
	MinLevel int `json:"min_level"`
	// Loaded is when it was written.
	Loaded time.Time `json:"loaded"`
	// SHA256 is of the text as uploaded, in hexadecimal, and Bytes its length.
	SHA256 string `json:"sha256"`
	Bytes  int    `json:"bytes"`
	// Entries count what is looked up, Skipped what lies in no public address space.
	Entries int `json:"entries"`
	Skipped int `json:"skipped"`
	// Generation rises with every write; the pieces lie under it.
	Generation int `json:"generation"`
	// Chunks is how many pieces the text has.
	Chunks int `json:"chunks"`
}

// Store keeps feeds in Vault's storage. It remembers nothing. Its writes are for one caller
// at a time.
type Store struct {
	metas *backend.Store[Meta]
}

// NewStore is the store of a mount's feeds.
func NewStore() *Store { return &Store{metas: backend.NewStore[Meta](metaPrefix, 1)} }

// Build parses content as meta.Format says and completes meta by what was found. An error
// is the uploader's fault and fit for them to read.
func Build(meta Meta, content string) (Feed, error) {
	format, ok := LookupFormat(meta.Format)
	if !ok {
		return Feed{}, fmt.Errorf("unknown feed format %q", meta.Format)
	}
	entries, err := format.Parse(content)
	if err != nil {
		return Feed{}, err
	}
	table, skipped := NewTable(entries, meta.MinLevel)
	if table.Len() == 0 {
		return Feed{}, fmt.Errorf("none of the feed's %d entries is a public address of level %d or more", len(entries), meta.MinLevel)
	}
	meta.SHA256, meta.Bytes = digest(content), len(content)
	meta.Entries, meta.Skipped = table.Len(), skipped
	return Feed{Meta: meta, Table: table}, nil
}

// Put stores the feed in place of the one before. The pieces go first under a generation of
// their own, then the Meta, then the old pieces are removed: whichever put fails, either
// the old feed or the new one is there whole.
func (s *Store) Put(ctx context.Context, storage logical.Storage, feed Feed, content string) (Feed, error) {
	old, err := s.metas.Get(ctx, storage, feed.Meta.Name)
	if err != nil {
		return Feed{}, err
	}
	feed.Meta.Generation = 1
	if old != nil {
		feed.Meta.Generation = old.Generation + 1
	}
	feed.Meta.Chunks = (len(content) + chunkSize - 1) / chunkSize
	for i := range feed.Meta.Chunks {
		piece := content[i*chunkSize : min((i+1)*chunkSize, len(content))]
		entry := &logical.StorageEntry{Key: chunkKey(feed.Meta, i), Value: []byte(piece)}
		if err := storage.Put(ctx, entry); err != nil {
			return Feed{}, fmt.Errorf("failed to write piece %d of feed %s: %w", i, feed.Meta.Name, err)
		}
	}
	if err := s.metas.Put(ctx, storage, feed.Meta.Name, &feed.Meta); err != nil {
		return Feed{}, err
	}
	return feed, s.sweep(ctx, storage, feed.Meta.Name, feed.Meta.Generation)
}

// Delete removes the feed: its Meta first, so that it is gone at once.
func (s *Store) Delete(ctx context.Context, storage logical.Storage, name string) error {
	if err := s.metas.Delete(ctx, storage, name); err != nil {
		return err
	}
	return s.sweep(ctx, storage, name, 0)
}

// sweep removes all pieces of the feed but those of the generation to keep.
func (s *Store) sweep(ctx context.Context, storage logical.Storage, name string, keep int) error {
	generations, err := storage.List(ctx, chunkPrefix+name+"/")
	if err != nil {
		return fmt.Errorf("failed to list the pieces of feed %s: %w", name, err)
	}
	for _, generation := range generations {
		if strings.TrimSuffix(generation, "/") == strconv.Itoa(keep) {
			continue
		}
		if err := deleteAll(ctx, storage, chunkPrefix+name+"/"+generation); err != nil {
			return err
		}
	}
	return nil
}

func deleteAll(ctx context.Context, storage logical.Storage, prefix string) error {
	keys, err := storage.List(ctx, prefix)
	if err != nil {
		return fmt.Errorf("failed to list %s: %w", prefix, err)
	}
	for _, key := range keys {
		if err := storage.Delete(ctx, prefix+key); err != nil {
			return fmt.Errorf("failed to delete %s%s: %w", prefix, key, err)
		}
	}
	return nil
}

// Names lists the stored feeds.
func (s *Store) Names(ctx context.Context, storage logical.Storage) ([]string, error) {
	return s.metas.List(ctx, storage)
}

// Meta is the description of a stored feed, or nil when there is none.
func (s *Store) Meta(ctx context.Context, storage logical.Storage, name string) (*Meta, error) {
	return s.metas.Get(ctx, storage, name)
}

// errDamaged says that what is stored of a feed is not whole.
var errDamaged = errors.New("stored feed is damaged")

// Load reads every stored feed and builds the set of them, so that a feed with a fault hides
// none of the others. One that is damaged is told by [Set.Damage]; an error says that storage
// did not answer, and the set beside it, if any, is what it did answer.
func (s *Store) Load(ctx context.Context, storage logical.Storage) (*Set, error) {
	names, err := s.Names(ctx, storage)
	if err != nil {
		return nil, err
	}
	feeds := make([]Feed, 0, len(names))
	var damage, faults []error
	for _, name := range names {
		feed, err := s.load(ctx, storage, name)
		switch {
		case errors.Is(err, errDamaged):
			damage = append(damage, err)
		case err != nil:
			faults = append(faults, err)
		default:
			feeds = append(feeds, feed)
		}
	}
	return NewSet(feeds, errors.Join(damage...)), errors.Join(faults...)
}

func (s *Store) load(ctx context.Context, storage logical.Storage, name string) (Feed, error) {
	meta, err := s.metas.Get(ctx, storage, name)
	if err != nil {
		return Feed{}, err
	}
	if meta == nil {
		return Feed{}, fmt.Errorf("feed %s went away while it was loaded", name)
	}
	content, err := readChunks(ctx, storage, *meta)
	if err != nil {
		return Feed{}, err
	}
	feed, err := Build(*meta, content)
	if err != nil {
		return Feed{}, fmt.Errorf("%w: %s: %v", errDamaged, name, err)
	}
	return feed, nil
}

func readChunks(ctx context.Context, storage logical.Storage, meta Meta) (string, error) {
	var content strings.Builder
	for i := range meta.Chunks {
		entry, err := storage.Get(ctx, chunkKey(meta, i))
		if err != nil {
			return "", fmt.Errorf("failed to read piece %d of feed %s: %w", i, meta.Name, err)
		}
		if entry == nil {
			return "", fmt.Errorf("%w: piece %d of feed %s is missing", errDamaged, i, meta.Name)
		}
		content.Write(entry.Value)
	}
	if digest(content.String()) != meta.SHA256 {
		return "", fmt.Errorf("%w: feed %s does not match its SHA-256", errDamaged, meta.Name)
	}
	return content.String(), nil
}

func chunkKey(meta Meta, i int) string {
	return fmt.Sprintf("%s%s/%d/%04d", chunkPrefix, meta.Name, meta.Generation, i)
}

func digest(content string) string {
	sum := sha256.Sum256([]byte(content))
	return hex.EncodeToString(sum[:])
}
