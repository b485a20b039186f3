package credential_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/hashicorp/vault/sdk/logical"
	"golang.org/x/crypto/bcrypt"

	"github.com/palisade-vault/palisade/threatauth/credential"
)

var cheap = credential.Params{MemoryKiB: 8, Time: 1, Threads: 1}

func TestHashAndVerify(t *testing.T) {
	h := credential.NewHasher(cheap, rand.Reader, 2)
	one, err := h.Hash(t.Context(), "pw")
	if err != nil {
		t.Fatal(err)
	}
	two, err := h.Hash(t.Context(), "pw")
	if err != nil || string(one) == string(two) {
		t.Fatalf("two hashes are the same, or %v", err)
	}
	old, err := bcrypt.GenerateFromPassword([]byte("pw"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	for name, stored := range map[string][]byte{"argon2id": one, "bcrypt": old} {
		for secret, want := range map[credential.Secret]bool{"pw": true, "pw ": false, "PW": false, "p": false} {
			before := h.Work()
			if got, err := h.Verify(t.Context(), stored, secret); err != nil || got != want {
				t.Errorf("%s: %v, %v, want %v", name, got, err, want)
			}
			if h.Work() == before {
				t.Errorf("%s: no hash for a check", name)
			}
		}
	}
}

// A stored hash that cannot be read matches nothing and costs one hash like any other.
func TestUnreadableHash(t *testing.T) {
	h := credential.NewHasher(cheap, rand.Reader, 2)
	for _, stored := range []string{"", "x", "$argon2id$", "$argon2id$v=19$m=4294967295,t=1,p=1$AAAAAAAAAAA$AAAA", "$2a$10$short", "$1$md5"} {
		before := h.Work()
		if right, err := h.Verify(t.Context(), []byte(stored), ""); right || err != nil || credential.Readable([]byte(stored)) {
			t.Errorf("%q: %v, %v", stored, right, err)
		}
		if h.Work() != before+1 {
			t.Errorf("%q: %d hashes", stored, h.Work()-before)
		}
	}
}

func TestStale(t *testing.T) {
	h := credential.NewHasher(cheap, rand.Reader, 1)
	fresh, err := h.Hash(t.Context(), "pw")
	if err != nil {
		t.Fatal(err)
	}
	weaker, err := credential.NewHasher(credential.Params{MemoryKiB: 16, Time: 1, Threads: 1}, rand.Reader, 1).Hash(t.Context(), "pw")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name   string
		stored []byte
		secret credential.Secret
		want   bool
	}{
		{"as new ones are", fresh, "pw", false},
		{"other parameters", weaker, "pw", true},
		{"bcrypt", []byte("$2a$10$x"), "pw", true},
		{"bcrypt at its bound", []byte("$2a$10$x"), credential.Secret(strings.Repeat("x", 72)), true},
		{"bcrypt beyond its bound", []byte("$2a$10$x"), credential.Secret(strings.Repeat("x", 73)), false},
	} {
		if got := h.Stale(test.stored, test.secret); got != test.want {
			t.Errorf("%s: %v", test.name, got)
		}
	}
}

// A caller whose context ends stops waiting, and so many wait at most.
func TestWaitingIsBoundedAndCancellable(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	// A hash that takes moments, so that the one slot is never free for long.
	h := credential.NewHasher(credential.Params{MemoryKiB: 4096, Time: 1, Threads: 1}, rand.Reader, 1)
	var mu sync.Mutex
	counts := map[string]int{}
	var wait sync.WaitGroup
	for range 3000 {
		wait.Go(func() {
			err := h.Spend(ctx, "pw")
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				counts["done"]++
			case errors.Is(err, context.Canceled):
				counts["cancelled"]++
			case errors.Is(err, credential.ErrBusy):
				counts["busy"]++
			default:
				t.Errorf("error %v", err)
			}
		})
	}
	wait.Wait()
	if counts["cancelled"] == 0 || uint64(counts["done"]) != h.Work() {
		t.Errorf("%v with %d hashes", counts, h.Work())
	}
	if err := h.Spend(t.Context(), "pw"); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

func TestNoRandomnessNoHash(t *testing.T) {
	h := credential.NewHasher(cheap, iotest.ErrReader(errors.New("dry")), 1)
	if hash, err := h.Hash(t.Context(), "pw"); err == nil || hash != nil {
		t.Errorf("%q, %v", hash, err)
	}
}

func TestSecretPrintsNothing(t *testing.T) {
	secret := credential.Secret("hunter2")
	user := &credential.User{Password: "hunter2"}
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		for _, text := range []string{fmt.Sprintf(format, secret), fmt.Sprintf(format, credential.Claim{Secret: secret})} {
			if strings.Contains(text, "hunter2") || strings.Contains(text, "68756e74657232") {
				t.Errorf("%s prints %s", format, text)
			}
		}
	}
	if text := fmt.Sprintf("%v %+v %#v %s", user, user, user, user); strings.Contains(text, "hunter2") {
		t.Errorf("a user prints %s", text)
	}
}

// A password that is changed while its old hash is being upgraded stays changed.
func TestUpgradeLosesToAChange(t *testing.T) {
	storage := &logical.InmemStorage{}
	users := credential.NewUserpass(credential.NewHasher(cheap, rand.Reader, 1))
	set := func(hash []byte) {
		t.Helper()
		err := users.Update(t.Context(), storage, "bob", func(*credential.User) (*credential.User, error) {
			return &credential.User{PasswordHash: hash}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	old, err := bcrypt.GenerateFromPassword([]byte("old"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	set(old)
	result, err := users.Check(t.Context(), storage, credential.Claim{Principal: "bob", Secret: "old"})
	if err != nil || !result.Right || result.Upgrade == nil {
		t.Fatalf("%+v, %v", result, err)
	}
	fresh, err := users.Hash(t.Context(), "new")
	if err != nil {
		t.Fatal(err)
	}
	set(fresh)
	if err := result.Upgrade(t.Context(), storage); err != nil {
		t.Fatal(err)
	}
	for secret, want := range map[credential.Secret]bool{"old": false, "new": true} {
		result, err := users.Check(t.Context(), storage, credential.Claim{Principal: "bob", Secret: secret})
		if err != nil || result.Right != want {
			t.Errorf("right is %v (%v), want %v", result.Right, err, want)
		}
	}
	if err := users.Delete(t.Context(), storage, "bob"); err != nil {
		t.Fatal(err)
	}
	if err := result.Upgrade(t.Context(), storage); err != nil {
		t.Fatal(err)
	}
	if user, err := users.Get(t.Context(), storage, "bob"); user != nil || err != nil {
		t.Errorf("an upgrade brought a deleted user back: %v", err)
	}
}

func TestStoredUsersAreReadStrictly(t *testing.T) {
	users := credential.NewUserpass(credential.NewHasher(cheap, rand.Reader, 1))
	for name, body := range map[string]string{
		"later version": `{"palisade_schema":2,"PasswordHash":"c2VjcmV0"}`, "not JSON": "secret", "other type": `{"PasswordHash":"secret secret"}`,
	} {
		storage := &logical.InmemStorage{}
		if err := storage.Put(t.Context(), &logical.StorageEntry{Key: "user/bob", Value: []byte(body)}); err != nil {
			t.Fatal(err)
		}
		result, err := users.Check(t.Context(), storage, credential.Claim{Principal: "bob", Secret: "x"})
		if err == nil || result.Right || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: right %v, error %v", name, result.Right, err)
		}
	}
}

// A password kept in clear by a Vault before 0.2 works and is hashed at once.
func TestAncientPassword(t *testing.T) {
	storage := &logical.InmemStorage{}
	users := credential.NewUserpass(credential.NewHasher(cheap, rand.Reader, 1))
	if err := storage.Put(t.Context(), &logical.StorageEntry{Key: "user/bob", Value: []byte(`{"Password":"pw"}`)}); err != nil {
		t.Fatal(err)
	}
	for secret, want := range map[credential.Secret]bool{"pw": true, "pw2": false} {
		if result, err := users.Check(t.Context(), storage, credential.Claim{Principal: "bob", Secret: secret}); err != nil || result.Right != want {
			t.Errorf("right %v, %v", result.Right, err)
		}
	}
	result, err := users.Check(t.Context(), storage, credential.Claim{Principal: "bob", Secret: "pw"})
	if err != nil || result.Upgrade == nil {
		t.Fatalf("no upgrade, %v", err)
	}
	if err := result.Upgrade(t.Context(), storage); err != nil {
		t.Fatal(err)
	}
	user, err := users.Get(t.Context(), storage, "bob")
	if err != nil || user.Password != "" || !credential.Readable(user.PasswordHash) {
		t.Errorf("after the upgrade: %v", err)
	}
}
