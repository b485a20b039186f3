package credential

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"

	"golang.org/x/crypto/bcrypt"
)

// bcryptBound is how many bytes of a password bcrypt looks at.
const bcryptBound = 72

// maxBcryptCost bounds an imported hash: at cost 17 one check takes about ten seconds.
const maxBcryptCost = 16

// maxWaiting bounds the logins that wait for a hash, and with them the memory they hold.
const maxWaiting = 1024

// Hasher makes and checks password hashes, at most so many at a time. A caller waits for
// its turn until its context ends.
type Hasher struct {
	params  Params
	random  io.Reader
	slots   chan struct{}
	waiting atomic.Int64
	work    atomic.Uint64
}

// NewHasher makes hashes with params and salts from random; parallel is how many run at a
// time, at least 1.
func NewHasher(params Params, random io.Reader, parallel int) *Hasher {
	return &Hasher{params: params, random: random, slots: make(chan struct{}, max(parallel, 1))}
}

// Work counts the hashes computed since the start.
func (h *Hasher) Work() uint64 { return h.work.Load() }

// Hash is secret under a fresh salt, as an Argon2id PHC string.
func (h *Hasher) Hash(ctx context.Context, secret Secret) ([]byte, error) {
	salt := make([]byte, saltSize)
	if _, err := io.ReadFull(h.random, salt); err != nil {
		return nil, fmt.Errorf("failed to read random bytes: %w", err)
	}
	var encoded string
	err := h.turn(ctx, func() { encoded = newArgon2id(h.params, salt, secret).encode() })
	return []byte(encoded), err
}

// Verify reports whether secret is what stored was made from. Whatever stored is, one hash
// is computed: of stored's own kind and cost if it can be read, else as [Hasher.Spend]. An
// unreadable one matches nothing, and is an error only through [Readable].
func (h *Hasher) Verify(ctx context.Context, stored []byte, secret Secret) (bool, error) {
	match := verifier(stored)
	if match == nil {
		return false, h.Spend(ctx, secret)
	}
	var ok bool
	err := h.turn(ctx, func() { ok = match(secret) })
	return ok && err == nil, err
}

// Spend does the work of one check for a principal that does not exist.
func (h *Hasher) Spend(ctx context.Context, secret Secret) error {
	return h.turn(ctx, func() { newArgon2id(h.params, make([]byte, saltSize), secret) })
}

// Stale reports whether stored should be replaced by a new hash of the secret that it was
// just verified with. A password longer than bcrypt looks at is left alone: its tail was
// never checked, so it may not become significant.
func (h *Hasher) Stale(stored []byte, secret Secret) bool {
	if !strings.HasPrefix(string(stored), phcPrefix) {
		return len(secret) <= bcryptBound
	}
	hash, err := parsePHC(string(stored))
	return err == nil && hash.Params != h.params
}

// Readable reports whether stored is a hash that some password can match.
func Readable(stored []byte) bool { return verifier(stored) != nil }

func (h *Hasher) turn(ctx context.Context, work func()) error {
	if h.waiting.Add(1) > maxWaiting {
		h.waiting.Add(-1)
		return ErrBusy
	}
	defer h.waiting.Add(-1)
	select {
	case h.slots <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-h.slots }()
	h.work.Add(1)
	work()
	return nil
}

// verifier is how to check a secret against stored, or nil when no way is known.
func verifier(stored []byte) func(Secret) bool {
	if strings.HasPrefix(string(stored), phcPrefix) {
		hash, err := parsePHC(string(stored))
		if err != nil {
			return nil
		}
		return hash.matches
	}
	if _, err := bcrypt.Cost(stored); err != nil {
		return nil
	}
	return func(secret Secret) bool { return bcrypt.CompareHashAndPassword(stored, []byte(secret)) == nil }
}

// ParseBcrypt reads an imported bcrypt hash. The texts of the first two errors are those of
// Vault's own userpass method.
func ParseBcrypt(text string) ([]byte, error) {
	if len(text) != 60 {
		return nil, errors.New("password hash has incorrect length")
	}
	if !strings.HasPrefix(text, "$2a$") && !strings.HasPrefix(text, "$2y$") && !strings.HasPrefix(text, "$2b$") {
		return nil, errors.New("password hash has incorrect prefix")
	}
	cost, err := bcrypt.Cost([]byte(text))
	if err != nil || strings.Trim(text[7:], bcryptAlphabet) != "" {
		return nil, errors.New("password hash is not a bcrypt hash")
	}
	if cost > maxBcryptCost {
		return nil, fmt.Errorf("password hash has cost %d, the limit is %d", cost, maxBcryptCost)
	}
	return []byte(text), nil
}

const bcryptAlphabet = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
