package threatauth

import (
	"context"

	"github.com/hashicorp/vault/sdk/helper/policyutil"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/threatauth/respond"
)

// renew reads the principal anew: one that is gone or blocked, or whose policies changed,
// keeps its token until it ends and no longer. A refusal is a response, not an error: core
// wraps an error, and the client would get a 500.
func (b *Backend) renew(ctx context.Context, r *logical.Request, _ struct{}) (*logical.Response, error) {
	if r.Auth == nil || respond.IsRestricted(r.Auth) {
		return logical.ErrorResponse("the token cannot be renewed"), nil
	}
	principal := b.method.PrincipalOf(r.Auth)
	blocked, err := b.isBlocked(ctx, r.Storage, principal)
	if err != nil {
		return nil, err
	}
	params, err := b.method.Renew(ctx, r.Storage, r.Auth)
	switch {
	case err != nil:
		return nil, err
	case params == nil:
		return logical.ErrorResponse("user no longer exists, not renewing"), nil
	case blocked:
		return logical.ErrorResponse("user is blocked, not renewing"), nil
	case !policyutil.EquivalentPolicies(params.TokenPolicies, r.Auth.TokenPolicies):
		return logical.ErrorResponse("policies have changed, not renewing"), nil
	}
	auth := r.Auth
	auth.Period, auth.TTL, auth.MaxTTL = params.TokenPeriod, params.TokenTTL, params.TokenMaxTTL
	return &logical.Response{Auth: auth}, nil
}
