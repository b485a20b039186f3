package credential

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	sockaddr "github.com/hashicorp/go-sockaddr"
	"github.com/hashicorp/vault/sdk/helper/locksutil"
	"github.com/hashicorp/vault/sdk/helper/tokenutil"
	"github.com/hashicorp/vault/sdk/logical"
)

// userPrefix is where Vault's own userpass method keeps its users.
const userPrefix = "user/"

// userSchema is the version of our additions to the entry.
const userSchema = 1

// User is a stored user. Its JSON form is that of Vault's own userpass method, so that
// either side reads the other's entries, with one addition: palisade_schema.
type User struct {
	tokenutil.TokenParams

	// Password is the password itself, in entries older than Vault 0.2. Never written.
	Password string
	// PasswordHash is an Argon2id PHC string or a bcrypt hash.
	PasswordHash []byte
	// Policies, TTL, MaxTTL and BoundCIDRs are the deprecated spellings of the token
	// parameters, kept to answer reads as Vault does.
	Policies   []string
	TTL        time.Duration
	MaxTTL     time.Duration
	BoundCIDRs []*sockaddr.SockAddrMarshaler
	// Schema is userSchema in entries that we wrote and 0 in those of Vault's own method.
	Schema int `json:"palisade_schema,omitempty"`
}

// String names no field: two of them are secrets.
func (*User) String() string { return "[redacted]" }

// GoString names no field.
func (*User) GoString() string { return "[redacted]" }

// errUnchanged makes Update write nothing and succeed.
var errUnchanged = errors.New("nothing to change")

// Get is the user of that normalised name, or nil.
func (u *Userpass) Get(ctx context.Context, storage logical.Storage, name string) (*User, error) {
	entry, err := storage.Get(ctx, userPrefix+name)
	if err != nil {
		return nil, fmt.Errorf("failed to read user %s: %w", name, err)
	}
	if entry == nil {
		return nil, nil
	}
	user := &User{}
	if err := json.Unmarshal(entry.Value, user); err != nil {
		// The cause may quote the entry.
		return nil, fmt.Errorf("stored user %s does not decode", name)
	}
	if user.Schema > userSchema {
		return nil, fmt.Errorf("stored user %s has schema version %d, this release reads up to %d", name, user.Schema, userSchema)
	}
	user.adoptDeprecated()
	return user, nil
}

// adoptDeprecated lets the old spellings stand in for token parameters that are not set.
func (user *User) adoptDeprecated() {
	if user.TokenTTL == 0 && user.TTL > 0 {
		user.TokenTTL = user.TTL
	}
	if user.TokenMaxTTL == 0 && user.MaxTTL > 0 {
		user.TokenMaxTTL = user.MaxTTL
	}
	if len(user.TokenPolicies) == 0 && len(user.Policies) > 0 {
		user.TokenPolicies = user.Policies
	}
	if len(user.TokenBoundCIDRs) == 0 && len(user.BoundCIDRs) > 0 {
		user.TokenBoundCIDRs = user.BoundCIDRs
	}
}

// Update replaces the user of that name by what change makes of it, in one write and with
// no other Update of the name in between. change gets nil when there is no such user; when
// it answers an error, nothing is written.
func (u *Userpass) Update(ctx context.Context, storage logical.Storage, name string, change func(*User) (*User, error)) error {
	lock := locksutil.LockForKey(u.locks, name)
	lock.Lock()
	defer lock.Unlock()
	user, err := u.Get(ctx, storage, name)
	if err != nil {
		return err
	}
	user, err = change(user)
	switch {
	case errors.Is(err, errUnchanged):
		return nil
	case err != nil:
		return err
	}
	user.Schema = userSchema
	entry, err := logical.StorageEntryJSON(userPrefix+name, user)
	if err != nil {
		return fmt.Errorf("failed to encode user %s", name)
	}
	if err := storage.Put(ctx, entry); err != nil {
		return fmt.Errorf("failed to write user %s: %w", name, err)
	}
	u.hasher.Remember(user.PasswordHash)
	return nil
}

// Delete removes the user; removing one that does not exist is no error.
func (u *Userpass) Delete(ctx context.Context, storage logical.Storage, name string) error {
	lock := locksutil.LockForKey(u.locks, name)
	lock.Lock()
	defer lock.Unlock()
	if err := storage.Delete(ctx, userPrefix+name); err != nil {
		return fmt.Errorf("failed to delete user %s: %w", name, err)
	}
	return nil
}

// List is every user's name, in storage order.
func (u *Userpass) List(ctx context.Context, storage logical.Storage) ([]string, error) {
	names, err := storage.List(ctx, userPrefix)
	if err != nil {
		return nil, fmt.Errorf("failed to list users: %w", err)
	}
	return names, nil
}
