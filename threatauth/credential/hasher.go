package credential

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
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
//
// Hashes of different shapes take different times. So that the time of a refusal does not
// tell a user with an imported hash from one who does not exist, every check does the work of
// each shape that stored hashes were seen to have. What remains: after a start, the first
// check of a user with an older shape takes less time than the later ones and other than an
// unknown user's; and shapes beyond the bounds of [shape.common] show at all times.
type Hasher struct {
	params  Params
	random  io.Reader
	slots   chan struct{}
	waiting atomic.Int64
	work    atomic.Uint64

	mu     sync.Mutex // guards shapes
	shapes []shape    // those seen, the one of new hashes first
}

// NewHasher makes hashes with params and salts from random; parallel is how many run at a
// time, at least 1.
func NewHasher(params Params, random io.Reader, parallel int) *Hasher {
	return &Hasher{
		params: params, random: random,
		slots:  make(chan struct{}, max(parallel, 1)),
		shapes: []shape{{argon2id: params}},
	}
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
	err := h.turn(ctx, func() {
		h.work.Add(1)
		encoded = newArgon2id(h.params, salt, secret).encode()
	})
	return []byte(encoded), err
}

// Verify reports whether secret is what stored was made from. Whatever stored is, one hash of
// each shape seen so far is computed. An unreadable one matches nothing, and is an error only
// through [Readable].
func (h *Hasher) Verify(ctx context.Context, stored []byte, secret Secret) (bool, error) {
	own, match := parseStored(stored)
	h.Remember(stored)
	others := h.shapesBut(own)
	var ok bool
	err := h.turn(ctx, func() {
		if match != nil {
			h.work.Add(1)
			ok = match(secret)
		}
		for _, other := range others {
			h.work.Add(1)
			other.spend(secret)
		}
	})
	return ok && err == nil, err
}

// Spend does the work of one check for a principal that does not exist.
func (h *Hasher) Spend(ctx context.Context, secret Secret) error {
	_, err := h.Verify(ctx, nil, secret)
	return err
}

// Remember makes every later check do the work of stored's shape as well.
func (h *Hasher) Remember(stored []byte) {
	s, match := parseStored(stored)
	h.mu.Lock()
	defer h.mu.Unlock()
	if match != nil && s.common(h.params) && len(h.shapes) < maxShapes && !slices.Contains(h.shapes, s) {
		h.shapes = append(h.shapes, s)
	}
}

// shapesBut is the shapes seen without one of them.
func (h *Hasher) shapesBut(own shape) []shape {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(h.shapes), func(s shape) bool { return s == own })
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
func Readable(stored []byte) bool {
	_, match := parseStored(stored)
	return match != nil
}

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
	if err := ctx.Err(); err != nil {
		return err // select picks any of two that are ready
	}
	work()
	return nil
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
