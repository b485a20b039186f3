// Package credential is how a principal proves itself: one [Method] per mount, each in a
// file family of its own. A method knows its own storage and nothing of risk; it answers
// whether the proof is right and which token the principal would get.
package credential

import (
	"context"
	"errors"
	"fmt"
	"net/netip"

	"github.com/hashicorp/vault/sdk/helper/tokenutil"
	"github.com/hashicorp/vault/sdk/logical"
)

// ErrBusy says that too many logins wait for a password hash already. It tells nothing
// about the principal.
var ErrBusy = errors.New("too many logins are waiting")

// Secret is a password or the like. It prints as "[redacted]" however it is formatted.
type Secret string

// String is "[redacted]".
func (Secret) String() string { return "[redacted]" }

// GoString is "[redacted]".
func (Secret) GoString() string { return "[redacted]" }

// Format writes "[redacted]" for every verb.
func (Secret) Format(state fmt.State, _ rune) { _, _ = state.Write([]byte("[redacted]")) }

// Claim is who a login says it is, with the proof.
type Claim struct {
	// Principal is normalised by the method's own rules.
	Principal string
	Secret    Secret
	// Source is the client's address as Vault's listener says it; the zero Addr if unknown.
	Source netip.Addr
}

// Result is what a method says of a claim.
type Result struct {
	// Right is whether the credential was proved.
	Right bool
	// Refusal says why not, for the record; the client never sees it.
	Refusal string
	// Auth is the full token of a right claim, as the method's own parameters ask for it;
	// nil for any other.
	Auth *logical.Auth
	// Upgrade, when not nil, replaces the stored proof by a stronger form. It is called
	// only once a full token is certain, since it writes to storage.
	Upgrade func(ctx context.Context, storage logical.Storage) error
}

// Method is one credential method.
type Method interface {
	// Name is the mount option's value for it.
	Name() string
	// Refusal is the one text that every refused login gets.
	Refusal() string
	// Normalize is the one spelling of a principal's name; ok is false for a name that no
	// principal can have.
	Normalize(name string) (normal string, ok bool)
	// PrincipalOf is whose token auth is, whichever side issued it; "" if it does not say.
	PrincipalOf(auth *logical.Auth) string
	// Knows reports whether a principal of that normalised name may exist.
	Knows(ctx context.Context, storage logical.Storage, principal string) (bool, error)
	// Check proves a claim. It writes nothing, and does the same work whether the principal
	// is unknown, the secret wrong or everything right. An error is a fault of ours, or
	// [ErrBusy].
	Check(ctx context.Context, storage logical.Storage, claim Claim) (Result, error)
	// Renew answers what the token gets at a renewal; nil when its principal is gone.
	Renew(ctx context.Context, storage logical.Storage, auth *logical.Auth) (*tokenutil.TokenParams, error)
}
