package threatauth

import (
	"context"

	"github.com/hashicorp/go-sockaddr"
	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/helper/policyutil"
	"github.com/hashicorp/vault/sdk/helper/tokenutil"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend"
	"github.com/palisade-vault/palisade/threatauth/credential"
)

// newPassword is a password or the hash of one, at most one of them.
type newPassword struct {
	plain    credential.Secret
	imported []byte
}

func (p newPassword) given() bool { return p.plain != "" || p.imported != nil }

// userWrite is a change of a user. data is what sdk/helper/tokenutil reads from.
type userWrite struct {
	name     string
	password newPassword
	data     *framework.FieldData
}

func passwordFields() map[string]*framework.FieldSchema {
	sensitive := &framework.DisplayAttributes{Sensitive: true}
	return map[string]*framework.FieldSchema{
		"password": {
			Type: framework.TypeString, DisplayAttrs: sensitive,
			Description: "Password of the user.",
		},
		"password_hash": {
			Type: framework.TypeString, DisplayAttrs: sensitive,
			Description: "bcrypt hash of the user's password, in place of the password.",
		},
	}
}

func decodePassword(f *backend.Fields) newPassword {
	plain, hash := f.String("password"), f.String("password_hash")
	switch {
	case plain != "" && hash != "":
		f.Fail(`"password" and "password_hash" cannot be supplied together`)
	case len(plain) > credential.MaxPassword:
		f.Fail("password is longer than %d bytes", credential.MaxPassword)
	case hash != "":
		imported, err := credential.ParseBcrypt(hash)
		if err != nil {
			f.Fail("%v", err)
		}
		return newPassword{imported: imported}
	}
	return newPassword{plain: credential.Secret(plain)}
}

// writeUserCallback hands the raw field data on, which tokenutil needs.
func (u *userpass) writeUserCallback(ctx context.Context, r *logical.Request, data *framework.FieldData) (*logical.Response, error) {
	decode := func(f *backend.Fields) userWrite {
		return userWrite{name: u.decodeUsername(f), password: decodePassword(f), data: data}
	}
	return backend.Handle(u, decode, u.writeUser)(ctx, r, data)
}

func (u *userpass) writeUser(ctx context.Context, r *logical.Request, w userWrite) (*logical.Response, error) {
	if !w.password.given() && r.Operation == logical.CreateOperation {
		return nil, backend.Invalid(`"password" or "password_hash" must be supplied`)
	}
	hash, err := u.hashOf(ctx, w.password)
	if err != nil {
		return nil, err
	}
	return nil, u.users.Update(ctx, r.Storage, w.name, func(user *credential.User) (*credential.User, error) {
		if user == nil {
			user = &credential.User{}
		}
		if hash != nil {
			user.PasswordHash, user.Password = hash, ""
		}
		if user.PasswordHash == nil && user.Password == "" {
			return nil, backend.Invalid(`"password" or "password_hash" must be supplied`)
		}
		return user, applyToken(r, w.data, user)
	})
}

// hashOf is the password as it is kept, nil when none was given.
func (u *userpass) hashOf(ctx context.Context, p newPassword) ([]byte, error) {
	if p.plain == "" {
		return p.imported, nil
	}
	return u.users.Hash(ctx, p.plain)
}

// applyToken sets the token parameters that the caller gave, in either spelling.
func applyToken(r *logical.Request, data *framework.FieldData, user *credential.User) error {
	if err := user.ParseTokenFields(r, data); err != nil {
		return backend.Invalid("%v", err)
	}
	for _, old := range []struct {
		name       string
		value, new any
	}{
		{"policies", &user.Policies, &user.TokenPolicies},
		{"ttl", &user.TTL, &user.TokenTTL},
		{"max_ttl", &user.MaxTTL, &user.TokenMaxTTL},
		{"bound_cidrs", &user.BoundCIDRs, &user.TokenBoundCIDRs},
	} {
		if err := tokenutil.UpgradeValue(data, old.name, "token_"+old.name, old.value, old.new); err != nil {
			return backend.Invalid("%v", err)
		}
	}
	return checkNetworks(data)
}

// checkNetworks turns down what sdk/helper/tokenutil takes for the path of a unix socket,
// such as "10.0.0.0/33": no login could ever come from there.
func checkNetworks(data *framework.FieldData) error {
	for _, name := range []string{"token_bound_cidrs", "bound_cidrs"} {
		networks, _ := data.Get(name).([]string)
		for _, network := range networks {
			if _, err := sockaddr.NewIPAddr(network); err != nil {
				return backend.Invalid("%s: not an IP address or CIDR network", name)
			}
		}
	}
	return nil
}

func (u *userpass) pathPassword() *framework.Path {
	fields := passwordFields()
	fields["username"] = fieldUsername
	decode := func(f *backend.Fields) userWrite {
		return userWrite{name: u.decodeUsername(f), password: decodePassword(f)}
	}
	return &framework.Path{
		Pattern: "users/" + framework.GenericNameRegex("username") + "/password$",
		DisplayAttrs: &framework.DisplayAttributes{
			OperationPrefix: "userpass", OperationVerb: "reset", OperationSuffix: "password",
		},
		Fields: fields,
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.UpdateOperation: &framework.PathOperation{
				Callback: backend.Handle(u, decode, u.resetPassword), Summary: "Reset a user's password.", Responses: noContent,
			},
		},
		HelpSynopsis:    "Reset a user's password.",
		HelpDescription: "Sets a new password, or a bcrypt hash of one, for a user that exists.",
	}
}

func (u *userpass) resetPassword(ctx context.Context, r *logical.Request, w userWrite) (*logical.Response, error) {
	if !w.password.given() {
		return nil, backend.Invalid(`"password" or "password_hash" must be supplied`)
	}
	hash, err := u.hashOf(ctx, w.password)
	if err != nil {
		return nil, err
	}
	return nil, u.change(ctx, r, w.name, func(user *credential.User) {
		user.PasswordHash, user.Password = hash, ""
	})
}

// change updates a user that must exist.
func (u *userpass) change(ctx context.Context, r *logical.Request, name string, change func(*credential.User)) error {
	return u.users.Update(ctx, r.Storage, name, func(user *credential.User) (*credential.User, error) {
		if user == nil {
			return nil, backend.Invalid("username does not exist")
		}
		change(user)
		return user, nil
	})
}

// policyWrite is a change of a user's policies, in the spellings that the caller used.
type policyWrite struct {
	name string
	// policies is given as "policies" and tokenPolicies as "token_policies", each only if
	// its flag is set.
	policies, tokenPolicies       []string
	hasPolicies, hasTokenPolicies bool
}

func (u *userpass) decodePolicies(f *backend.Fields) policyWrite {
	return policyWrite{
		name:             u.decodeUsername(f),
		policies:         f.Strings("policies"),
		tokenPolicies:    f.Strings("token_policies"),
		hasPolicies:      f.Has("policies"),
		hasTokenPolicies: f.Has("token_policies"),
	}
}

func (u *userpass) pathPolicies() *framework.Path {
	return &framework.Path{
		Pattern: "users/" + framework.GenericNameRegex("username") + "/policies$",
		DisplayAttrs: &framework.DisplayAttributes{
			OperationPrefix: "userpass", OperationVerb: "update", OperationSuffix: "policies",
		},
		Fields: map[string]*framework.FieldSchema{
			"username":       fieldUsername,
			"policies":       deprecatedFields()["policies"],
			"token_policies": tokenutil.TokenFields()["token_policies"],
		},
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.UpdateOperation: &framework.PathOperation{
				Callback: backend.Handle(u, u.decodePolicies, u.setPolicies), Summary: "Set a user's policies.", Responses: noContent,
			},
		},
		HelpSynopsis:    "Set a user's policies.",
		HelpDescription: "Replaces the policies that the user's later tokens get. Tokens with other policies are not renewed any more.",
	}
}

func (u *userpass) setPolicies(ctx context.Context, r *logical.Request, w policyWrite) (*logical.Response, error) {
	return nil, u.change(ctx, r, w.name, func(user *credential.User) {
		switch {
		case w.hasTokenPolicies && w.hasPolicies:
			user.TokenPolicies = policyutil.ParsePolicies(w.tokenPolicies)
			user.Policies = user.TokenPolicies
		case w.hasTokenPolicies:
			user.TokenPolicies, user.Policies = policyutil.ParsePolicies(w.tokenPolicies), nil
		case w.hasPolicies:
			user.Policies = policyutil.ParsePolicies(w.policies)
			user.TokenPolicies = user.Policies
		}
	})
}
