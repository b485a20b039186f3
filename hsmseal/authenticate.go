package hsmseal

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"sync"
	"time"
)

// caller is what is known of who sent a request.
type caller struct {
	token string
	// uid is the peer's user id as the kernel tells it; known is false on a
	// transport without it.
	uid      uint32
	uidKnown bool
}

// tokenFile holds a tenant's token hashes and reads them again when the file
// changed, so that a token is issued or revoked without a restart.
type tokenFile struct {
	path string

	mu     sync.Mutex // guards what follows
	seen   fileStamp
	hashes tokenHashes
}

// fileStamp changes when a file is replaced or written.
type fileStamp struct {
	exists  bool
	size    int64
	changed time.Time
	file    os.FileInfo
}

func stampOf(path string) (fileStamp, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return fileStamp{}, nil
	}
	if err != nil {
		return fileStamp{}, err
	}
	return fileStamp{exists: true, size: info.Size(), changed: info.ModTime(), file: info}, nil
}

func (s fileStamp) same(other fileStamp) bool {
	if !s.exists || !other.exists {
		return s.exists == other.exists
	}
	return s.size == other.size && s.changed.Equal(other.changed) && os.SameFile(s.file, other.file)
}

// load returns the hashes now in force. A file that cannot be read is an error,
// never the hashes of before: it may have been changed to revoke one.
func (f *tokenFile) load() (tokenHashes, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now, err := stampOf(f.path)
	if err != nil {
		return nil, err
	}
	if now.same(f.seen) {
		return f.hashes, nil
	}
	hashes, err := loadHashes(f.path)
	if err != nil {
		return nil, err
	}
	f.seen, f.hashes = now, hashes
	return hashes, nil
}

// authenticate tells whether the caller may use the tenant: its token is one of
// the tenant's, and its user is not excluded. The user alone never suffices,
// since Vault's plugins run as Vault's user.
func (t *tenantService) authenticate(c caller) (bool, error) {
	hashes, err := t.tokens.load()
	if err != nil {
		return false, err
	}
	return hashes.match(hashClientToken(c.token)) && t.allows(c), nil
}

func (t *tenantService) allows(c caller) bool {
	if len(t.config.AllowedUIDs) == 0 {
		return true
	}
	return c.uidKnown && slices.Contains(t.config.AllowedUIDs, c.uid)
}
