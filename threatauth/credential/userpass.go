package credential

import (
	"context"
	"crypto/subtle"
	"strings"

	"github.com/hashicorp/vault/sdk/helper/cidrutil"
	"github.com/hashicorp/vault/sdk/helper/locksutil"
	"github.com/hashicorp/vault/sdk/helper/tokenutil"
	"github.com/hashicorp/vault/sdk/logical"
)

const (
	// MaxUsername bounds the names that are looked up, in bytes.
	MaxUsername = 256
	// MaxPassword bounds what is hashed, in bytes.
	MaxPassword = 4096
)

// Userpass proves a principal by user name and password, and keeps the users. It may be
// used by many goroutines.
type Userpass struct {
	hasher *Hasher
	// locks keep one user's read-change-write apart from the next.
	locks []*locksutil.LockEntry
}

var _ Method = (*Userpass)(nil)

// NewUserpass makes the method over hasher.
func NewUserpass(hasher *Hasher) *Userpass {
	return &Userpass{hasher: hasher, locks: locksutil.CreateLocks()}
}

// Name is "userpass".
func (*Userpass) Name() string { return "userpass" }

// Refusal is the text of Vault's own method.
func (*Userpass) Refusal() string { return "invalid username or password" }

// Normalize is lower case, as in Vault's own method. A name with ".." is none: Vault's
// storage refuses it as a path that climbs.
func (*Userpass) Normalize(name string) (normal string, ok bool) {
	return strings.ToLower(name), name != "" && len(name) <= MaxUsername && !strings.Contains(name, "..")
}

// metadataUsername is where a token's metadata names its user, also in tokens that Vault's
// own method issued.
const metadataUsername = "username"

// PrincipalOf is the user that the token's metadata names.
func (*Userpass) PrincipalOf(auth *logical.Auth) string { return auth.Metadata[metadataUsername] }

// Knows reports whether the user exists.
func (u *Userpass) Knows(ctx context.Context, storage logical.Storage, name string) (bool, error) {
	user, err := u.Get(ctx, storage, name)
	return user != nil, err
}

// Check proves a claim by the same hashing, whoever the principal is. A name or password
// that no user can have is refused without one, which tells nothing.
func (u *Userpass) Check(ctx context.Context, storage logical.Storage, claim Claim) (Result, error) {
	if _, ok := u.Normalize(claim.Principal); !ok || claim.Secret == "" || len(claim.Secret) > MaxPassword {
		return Result{Refusal: "no user can have that name or password"}, nil
	}
	user, readErr := u.Get(ctx, storage, claim.Principal)
	if user == nil {
		if err := u.hasher.Spend(ctx, claim.Secret); err != nil {
			return Result{}, err
		}
		return Result{Refusal: "unknown user"}, readErr
	}
	right, err := u.verify(ctx, user, claim.Secret)
	if err != nil {
		return Result{}, err
	}
	return u.result(user, claim, right), nil
}

func (u *Userpass) verify(ctx context.Context, user *User, secret Secret) (bool, error) {
	if user.PasswordHash == nil && user.Password != "" {
		// An entry older than Vault 0.2 holds the password itself.
		right := subtle.ConstantTimeCompare([]byte(user.Password), []byte(secret)) == 1
		return right, u.hasher.Spend(ctx, secret)
	}
	return u.hasher.Verify(ctx, user.PasswordHash, secret)
}

func (u *Userpass) result(user *User, claim Claim, right bool) Result {
	switch {
	case !right && !Readable(user.PasswordHash) && user.Password == "":
		return Result{Refusal: "the stored password hash cannot be read"}
	case !right:
		return Result{Refusal: "wrong password"}
	case !boundTo(user, claim):
		return Result{Refusal: "the source is outside token_bound_cidrs"}
	}
	result := Result{Right: true, Auth: fullToken(claim.Principal, user)}
	if u.hasher.Stale(user.PasswordHash, claim.Secret) {
		result.Upgrade = u.upgrade(claim, user.PasswordHash)
	}
	return result
}

func fullToken(name string, user *User) *logical.Auth {
	auth := &logical.Auth{
		Metadata:    map[string]string{metadataUsername: name},
		DisplayName: name,
		Alias:       &logical.Alias{Name: name},
	}
	user.PopulateTokenAuth(auth)
	return auth
}

func boundTo(user *User, claim Claim) bool {
	if len(user.TokenBoundCIDRs) == 0 {
		return true
	}
	return claim.Source.IsValid() && cidrutil.RemoteAddrIsOk(claim.Source.String(), user.TokenBoundCIDRs)
}

// upgrade replaces the hash that was just verified, unless somebody changed it meanwhile.
func (u *Userpass) upgrade(claim Claim, verified []byte) func(context.Context, logical.Storage) error {
	return func(ctx context.Context, storage logical.Storage) error {
		hash, err := u.hasher.Hash(ctx, claim.Secret)
		if err != nil {
			return err
		}
		return u.Update(ctx, storage, claim.Principal, func(user *User) (*User, error) {
			if user == nil || subtle.ConstantTimeCompare(user.PasswordHash, verified) != 1 {
				return nil, errUnchanged
			}
			user.PasswordHash, user.Password = hash, ""
			return user, nil
		})
	}
}

// Renew reads the user anew.
func (u *Userpass) Renew(ctx context.Context, storage logical.Storage, auth *logical.Auth) (*tokenutil.TokenParams, error) {
	user, err := u.Get(ctx, storage, u.PrincipalOf(auth))
	if err != nil || user == nil {
		return nil, err
	}
	return &user.TokenParams, nil
}

// Hash is a password as it is kept.
func (u *Userpass) Hash(ctx context.Context, password Secret) ([]byte, error) {
	return u.hasher.Hash(ctx, password)
}
