package credential

import (
	"crypto/rand"
	"errors"
	"fmt"
	"testing"

	"golang.org/x/crypto/bcrypt"
)

var cheapest = Params{MemoryKiB: 8, Time: 1, Threads: 1}

// What is hashed for nobody is a whole hash: a malformed one would return at once.
func TestUnmatchedHashIsComputed(t *testing.T) {
	for _, cost := range []int{bcrypt.MinCost, 5, 10} {
		hash := shape{bcrypt: cost}.hash()
		if err := bcrypt.CompareHashAndPassword(hash, []byte("pw")); !errors.Is(err, bcrypt.ErrMismatchedHashAndPassword) {
			t.Errorf("%s: %v", hash, err)
		}
		if got, err := bcrypt.Cost(hash); got != cost || err != nil {
			t.Errorf("%s has cost %d, %v", hash, got, err)
		}
	}
}

func storedHashes(t *testing.T) map[string][]byte {
	t.Helper()
	hashes := map[string][]byte{}
	for _, cost := range []int{4, 5} {
		hash, err := bcrypt.GenerateFromPassword([]byte("pw"), cost)
		if err != nil {
			t.Fatal(err)
		}
		hashes[fmt.Sprint("bcrypt ", cost)] = hash
	}
	for name, params := range map[string]Params{"new": cheapest, "older": {MemoryKiB: 16, Time: 1, Threads: 1}} {
		hash, err := NewHasher(params, rand.Reader, 1).Hash(t.Context(), "pw")
		if err != nil {
			t.Fatal(err)
		}
		hashes["argon2id "+name] = hash
	}
	return hashes
}

// Once a shape was seen, all checks cost the same: right or wrong, of whatever shape, of
// nobody, and of a hash that cannot be read.
func TestEveryCheckDoesTheWorkOfEveryShape(t *testing.T) {
	hashes := storedHashes(t)
	h := NewHasher(cheapest, rand.Reader, 1)
	for _, stored := range hashes {
		h.Remember(stored)
		h.Remember(stored)
	}
	hashes["nobody"], hashes["unreadable"] = nil, []byte("$2a$10$short")
	for name, stored := range hashes {
		for _, secret := range []Secret{"pw", "wrong"} {
			before := h.Work()
			right, err := h.Verify(t.Context(), stored, secret)
			if err != nil || right != (secret == "pw" && Readable(stored)) {
				t.Errorf("%s: %v, %v", name, right, err)
			}
			if got := h.Work() - before; got != 4 {
				t.Errorf("%s: %d hashes, want one of each of the 4 shapes", name, got)
			}
		}
	}
}

// A shape is learnt at the first check, and only while the work stays bounded.
func TestShapesAreLearntAndBounded(t *testing.T) {
	h := NewHasher(cheapest, rand.Reader, 1)
	if err := h.Spend(t.Context(), "pw"); err != nil || h.Work() != 1 {
		t.Fatalf("%d hashes, %v", h.Work(), err)
	}
	if _, err := h.Verify(t.Context(), shape{bcrypt: 4}.hash(), "pw"); err != nil || len(h.shapes) != 2 {
		t.Errorf("%v, %v", h.shapes, err)
	}
	h.Remember(shape{bcrypt: maxCommonCost + 1}.hash())
	h.Remember([]byte("$argon2id$v=19$m=1048576,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"))
	if len(h.shapes) != 2 {
		t.Errorf("a costly hash makes all logins slow: %v", h.shapes)
	}
	for cost := bcrypt.MinCost; cost <= maxCommonCost; cost++ {
		h.Remember(shape{bcrypt: cost}.hash())
	}
	if len(h.shapes) != maxShapes {
		t.Errorf("%d shapes", len(h.shapes))
	}
}
