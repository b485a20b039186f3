package pinguard

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/crypto/argon2"
	"golang.org/x/sys/unix"
)

// Argon2id parameters (RFC 9106 section 4 in the size OWASP recommends): a PIN
// is short, so the digest at rest must be slow to guess. One digest is made
// for each login.
const (
	argonTime    = 2
	argonMemory  = 19 * 1024
	argonThreads = 1
)

// Journal is the record of one token in a file of its own.
type Journal struct {
	path   string
	token  string
	random io.Reader
	lock   *os.File
	salt   []byte
}

// Open locks the journal of the token in dir until Close. Token is a stable
// identity that tells it from all others, such as manufacturer, model and
// serial number. A journal held by another process is an error: two processes
// must not log in at once.
func Open(dir, token string, random io.Reader) (*Journal, error) {
	sum := sha256.Sum256([]byte(token))
	path := filepath.Join(dir, "pin-guard-"+hex.EncodeToString(sum[:8])+".json")
	lock, err := os.OpenFile(path+".lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("PIN guard journal: %v", err)
	}
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("PIN guard journal %s: another process is logging in: %v", path, err), lock.Close())
	}
	return &Journal{path: path, token: token, random: random, lock: lock}, nil
}

// Path is the journal file's path.
func (j *Journal) Path() string { return j.path }

// Close releases the lock.
func (j *Journal) Close() error { return j.lock.Close() }

// Load returns the record, nil when there is none. A journal that does not
// parse is an error, not an absent one: the guard fails closed.
func (j *Journal) Load() (*Record, error) {
	text, err := os.ReadFile(j.path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, j.freshSalt()
	}
	if err != nil {
		return nil, fmt.Errorf("PIN guard journal: %v", err)
	}
	f, err := parse(text)
	if err != nil {
		return nil, fmt.Errorf("%w in %s", err, j.path)
	}
	if f.Token != j.token {
		return nil, fmt.Errorf("PIN guard journal %s belongs to another token", j.path)
	}
	j.salt = f.Salt
	return &Record{Digest: f.Digest, State: f.State, Attempts: f.Attempts}, nil
}

func (j *Journal) freshSalt() error {
	j.salt = make([]byte, saltSize)
	if _, err := io.ReadFull(j.random, j.salt); err != nil {
		return fmt.Errorf("PIN guard salt: %v", err)
	}
	return nil
}

// Digest identifies a PIN under the journal's salt. Load comes first.
func (j *Journal) Digest(pin []byte) []byte {
	return argon2.IDKey(pin, j.salt, argonTime, argonMemory, argonThreads, digestSize)
}

// Store replaces the record; when it returns, the record is on disk.
func (j *Journal) Store(record Record) error {
	text, err := marshal(form{
		Version: formVersion, Token: j.token, Salt: j.salt,
		Digest: record.Digest, State: record.State, Attempts: record.Attempts,
	})
	if err != nil {
		return err
	}
	if err := replaceFile(j.path, text); err != nil {
		return fmt.Errorf("PIN guard journal: %v", err)
	}
	return nil
}

// replaceFile writes a temporary file, syncs it, renames it over path and
// syncs the directory, so that a crash leaves the old or the new content.
func replaceFile(path string, content []byte) (err error) {
	temporary, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".new-*")
	if err != nil {
		return err
	}
	_, err = temporary.Write(content)
	err = errors.Join(err, temporary.Sync(), temporary.Close())
	if err == nil {
		err = os.Rename(temporary.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(temporary.Name()))
	}
	return syncDir(filepath.Dir(path))
}

func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
