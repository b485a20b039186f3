package threatauth

import (
	"context"

	"github.com/hashicorp/vault/sdk/helper/policyutil"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend"
	"github.com/palisade-vault/palisade/threatauth/respond"
)

// renew reads the principal anew: one that is gone or blocked, or whose policies changed,
// keeps its token until it ends and no longer. The two of these that Vault's own method
// knows have its conditions; a refusal always says why.
func (b *Backend) renew(ctx context.Context, r *logical.Request, _ struct{}) (*logical.Response, error) {
	if r.Auth == nil || respond.IsRestricted(r.Auth) {
		return nil, backend.Invalid("the token cannot be renewed")
	}
	principal := r.Auth.Metadata["username"]
	blocked, err := b.isBlocked(ctx, r.Storage, principal)
	if err != nil {
		return nil, err
	}
	params, err := b.method.Renew(ctx, r.Storage, principal)
	switch {
	case err != nil:
		return nil, err
	case params == nil:
		return nil, backend.Denied("user no longer exists, not renewing")
	case blocked:
		return nil, backend.Denied("user is blocked, not renewing")
	case !policyutil.EquivalentPolicies(params.TokenPolicies, r.Auth.TokenPolicies):
		return nil, backend.Invalid("policies have changed, not renewing")
	}
	auth := r.Auth
	auth.Period, auth.TTL, auth.MaxTTL = params.TokenPeriod, params.TokenTTL, params.TokenMaxTTL
	return &logical.Response{Auth: auth}, nil
}
