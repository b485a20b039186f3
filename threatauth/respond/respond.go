// Package respond is what is done about a decision: the full token, a restricted one, or
// the one refusal that looks the same whatever its cause.
package respond

import (
	"errors"
	"maps"
	"net/netip"
	"slices"
	"time"

	"github.com/hashicorp/go-secure-stdlib/parseutil"
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

// Check refuses a restriction that would restrict nothing. Core reads a TTL of 0 as the
// mount's own.
func (r Restriction) Check() error {
	if r.TTL <= 0 || r.NumUses < 0 || len(r.Policies) == 0 || slices.Contains(r.Policies, "root") {
		return errors.New("the restriction of restricted tokens is damaged")
	}
	return nil
}

// Refusal is the answer to a login that gets no token: status 400 and the one text of the
// credential method, for an unknown principal, a wrong secret, a block and a denial by risk.
func Refusal(text string) *logical.Response { return logical.ErrorResponse(text) }

// Restricted makes of a full token a short service token bound to the source, with the
// listed policies and no others. It has no entity or group alias: core would add all
// policies of the entity and its groups. It cannot be renewed.
//
// Where the mount is tuned token_type=batch core makes a batch token of it, and no plugin can
// tell: TTL, policies and bound address hold, but NumUses does not.
func Restricted(full *logical.Auth, source netip.Addr, r Restriction) (*logical.Auth, error) {
	if err := r.Check(); err != nil {
		return nil, err
	}
	if !source.IsValid() {
		return nil, ErrNoSource
	}
	bound, err := parseutil.ParseAddrs([]string{netip.PrefixFrom(source, source.BitLen()).String()})
	if err != nil {
		return nil, ErrNoSource
	}
	metadata := maps.Clone(full.Metadata)
	if metadata == nil {
		metadata = map[string]string{}
	}
	metadata[RestrictedKey] = "true"
	return &logical.Auth{
		LeaseOptions:    logical.LeaseOptions{TTL: r.TTL, MaxTTL: r.TTL},
		ExplicitMaxTTL:  r.TTL,
		Metadata:        metadata,
		InternalData:    map[string]any{RestrictedKey: true},
		DisplayName:     full.DisplayName,
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
