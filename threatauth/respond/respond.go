// Package respond is what is done about a decision: the full token, a restricted one, or
// the one refusal that looks the same whatever its cause.
package respond

import (
	"errors"
	"net/netip"
	"time"

	"github.com/hashicorp/go-secure-stdlib/parseutil"
	"github.com/hashicorp/vault/sdk/helper/tokenutil"
	"github.com/hashicorp/vault/sdk/logical"
)

// RestrictedKey marks a restricted token in its internal data and metadata.
const RestrictedKey = "restricted"

// ErrNoSource says that a restricted token cannot be bound: Vault gave no client address.
var ErrNoSource = errors.New("the source address is not known, so no token can be bound to it")

// Restriction is what a restricted token gets.
type Restriction struct {
	// Policies are exactly the token's policies: "default" only if it is listed.
	Policies []string `json:"policies"`
	// TTL is the token's whole life, above 0.
	TTL time.Duration `json:"ttl"`
	// NumUses bounds its requests; 0 leaves them unbounded.
	NumUses int `json:"num_uses"`
}

// Refusal is the answer to a login that gets no token: status 400 and one text, that of
// Vault's own method, for an unknown user, a wrong password, a block and a denial by risk.
func Refusal() *logical.Response {
	return logical.ErrorResponse("invalid username or password")
}

// Full is the token that the principal's own parameters ask for.
func Full(principal string, params tokenutil.TokenParams) *logical.Auth {
	auth := &logical.Auth{
		Metadata:    map[string]string{"username": principal},
		DisplayName: principal,
		Alias:       &logical.Alias{Name: principal},
	}
	params.PopulateTokenAuth(auth)
	return auth
}

// Restricted is a short service token bound to the source, with the listed policies and no
// others. It has no entity alias: core would add the entity's and its groups' policies. It
// cannot be renewed.
func Restricted(principal string, source netip.Addr, r Restriction) (*logical.Auth, error) {
	if !source.IsValid() {
		return nil, ErrNoSource
	}
	bound, err := parseutil.ParseAddrs([]string{netip.PrefixFrom(source, source.BitLen()).String()})
	if err != nil {
		return nil, ErrNoSource
	}
	return &logical.Auth{
		LeaseOptions:    logical.LeaseOptions{TTL: r.TTL, MaxTTL: r.TTL},
		ExplicitMaxTTL:  r.TTL,
		Metadata:        map[string]string{"username": principal, RestrictedKey: "true"},
		InternalData:    map[string]any{RestrictedKey: true},
		DisplayName:     principal,
		Policies:        r.Policies,
		NoDefaultPolicy: true,
		BoundCIDRs:      bound,
		NumUses:         r.NumUses,
		TokenType:       logical.TokenTypeService,
	}, nil
}

// IsRestricted reports whether a token is one of [Restricted]'s.
func IsRestricted(auth *logical.Auth) bool {
	_, restricted := auth.InternalData[RestrictedKey]
	return restricted
}
