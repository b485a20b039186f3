package credential_test

import (
	"bytes"
	"crypto/rand"
	"slices"
	"testing"

	sockaddr "github.com/hashicorp/go-sockaddr"
	"github.com/hashicorp/vault/sdk/logical"
	"golang.org/x/crypto/bcrypt"

	"github.com/palisade-vault/palisade/backend/backendtest"
	"github.com/palisade-vault/palisade/threatauth/credential"
)

const bcryptHash = "$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy"

// FuzzParseBcrypt: what is accepted is a hash that bcrypt itself reads, unchanged.
func FuzzParseBcrypt(f *testing.F) {
	if _, err := credential.ParseBcrypt(bcryptHash); err != nil {
		f.Fatalf("the seed does not parse: %v", err)
	}
	for _, seed := range []string{bcryptHash, bcryptHash[:59], "$2x" + bcryptHash[3:], "$2a$31" + bcryptHash[6:], ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		hash, err := credential.ParseBcrypt(text)
		if err != nil {
			return
		}
		if !bytes.Equal(hash, []byte(text)) {
			t.Errorf("%q became %q", text, hash)
		}
		if cost, err := bcrypt.Cost(hash); err != nil || cost < bcrypt.MinCost {
			t.Errorf("%q has cost %d (%v)", text, cost, err)
		}
	})
}

// FuzzStoredUser: an entry that reads can be written back and reads as the same again.
func FuzzStoredUser(f *testing.F) {
	seeds := []string{
		`{"PasswordHash":"JDJhJDEwJE45cW84dUxPaWNrZ3gyWk1SWm9NeWVJalpBZ2NmbDdwOTJsZEd4YWQ2OExKWmRMMTdsaFd5","token_policies":["a"]}`,
		`{"palisade_schema":1,"token_ttl":60,"Policies":["a"],"TTL":1,"BoundCIDRs":["10.0.0.0/8"]}`,
		`{"palisade_schema":2}`,
		`{"token_bound_cidrs":["10.0.0.0/33"]}`,
		`null`,
		``,
	}
	readable := 0
	for _, seed := range seeds {
		if readUser(f, seed) != nil {
			readable++
		}
		f.Add(seed)
	}
	if readable < 2 {
		f.Fatalf("%d of the seeds read, want 2 at least", readable)
	}
	f.Fuzz(func(t *testing.T, body string) {
		first := readUser(t, body)
		if first == nil || slices.ContainsFunc(slices.Concat(first.TokenBoundCIDRs, first.BoundCIDRs), isNoNetwork) {
			return
		}
		storage, users := backendtest.NewStorage(), credential.NewUserpass(credential.NewHasher(cheap, rand.Reader, 1))
		write := func(*credential.User) (*credential.User, error) { return first, nil }
		if err := users.Update(t.Context(), storage, "a", write); err != nil {
			t.Fatal(err)
		}
		once := storage.Snapshot()["user/a"]
		second := readUser(t, string(once))
		if second == nil {
			t.Fatalf("%s does not read again", once)
		}
		if err := users.Update(t.Context(), storage, "a", func(*credential.User) (*credential.User, error) { return second, nil }); err != nil {
			t.Fatal(err)
		}
		if twice := storage.Snapshot()["user/a"]; !bytes.Equal(once, twice) {
			t.Errorf("written as %s, read and written as %s", once, twice)
		}
	})
}

// isNoNetwork finds what go-sockaddr takes for the path of a unix socket and quotes once more
// at each writing. Our own writes refuse such text; an entry of Vault's own method can hold it.
func isNoNetwork(address *sockaddr.SockAddrMarshaler) bool {
	return address.Type() == sockaddr.TypeUnix
}

// readUser is the user that a stored entry holds, nil when it does not read.
func readUser(t testing.TB, body string) *credential.User {
	t.Helper()
	storage, users := backendtest.NewStorage(), credential.NewUserpass(credential.NewHasher(cheap, rand.Reader, 1))
	if err := storage.Put(t.Context(), &logical.StorageEntry{Key: "user/a", Value: []byte(body)}); err != nil {
		t.Fatal(err)
	}
	user, err := users.Get(t.Context(), storage, "a")
	if (user == nil) == (err == nil) {
		t.Fatalf("got %v and error %v", user, err)
	}
	return user
}
