package credential

import (
	"fmt"
	"strings"

	"golang.org/x/crypto/bcrypt"
)

const (
	// maxShapes bounds the work of one check.
	maxShapes = 4
	// maxCommonCost is the highest bcrypt cost, and maxCommonFactor how many times the work
	// of a new hash an older Argon2id one may take, that every check is ready to match: one
	// user's costly hash must not make all logins slow.
	maxCommonCost   = 12
	maxCommonFactor = 4
)

// shape is what decides how long a check takes. The zero value is of no hash.
type shape struct {
	// bcrypt is its cost, 0 for Argon2id.
	bcrypt   int
	argon2id Params
}

// common reports whether every check may do the work of s.
func (s shape) common(fresh Params) bool {
	if s.bcrypt != 0 {
		return s.bcrypt <= maxCommonCost
	}
	return s.argon2id.area() <= maxCommonFactor*fresh.area()
}

// area is the memory that is filled, in KiB, which the time goes with.
func (p Params) area() uint64 { return uint64(p.MemoryKiB) * uint64(p.Time) }

// unmatched is salt and hash of a well-formed bcrypt hash: a malformed one would be turned
// down before any work, which is how CVE-2025-6011 came about.
const unmatched = "wY4v2cVXEXVtZ5JZ1zB6kuZQ0m1Yw3sTn8uXh2rLq5aDf7gHj9kMe"

// spend does the work of one check that matches nothing.
func (s shape) spend(secret Secret) {
	if s.bcrypt == 0 {
		newArgon2id(s.argon2id, make([]byte, saltSize), secret)
		return
	}
	_ = bcrypt.CompareHashAndPassword(s.hash(), []byte(secret))
}

// hash is a bcrypt hash of that cost.
func (s shape) hash() []byte { return fmt.Appendf(nil, "$2a$%02d$%s", s.bcrypt, unmatched) }

// parseStored is the shape of a stored hash and how to check a secret against it, or nil when
// no way is known.
func parseStored(stored []byte) (shape, func(Secret) bool) {
	if strings.HasPrefix(string(stored), phcPrefix) {
		hash, err := parsePHC(string(stored))
		if err != nil {
			return shape{}, nil
		}
		return shape{argon2id: hash.Params}, hash.matches
	}
	cost, err := bcrypt.Cost(stored)
	if err != nil {
		return shape{}, nil
	}
	return shape{bcrypt: cost}, func(secret Secret) bool {
		return bcrypt.CompareHashAndPassword(stored, []byte(secret)) == nil
	}
}
