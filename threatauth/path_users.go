package threatauth

import (
	"context"
	"maps"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/helper/tokenutil"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend"
	"github.com/palisade-vault/palisade/threatauth/credential"
)

// noContent is the answer of a write or delete that has nothing to say.
var noContent = map[int][]framework.Response{204: {{Description: "Done."}}}

const (
	usersHelp            = "Manage the users who may log in."
	usersHelpDescription = `
Creates, reads, updates and deletes users. Passwords are kept as Argon2id; a
bcrypt hash can be imported by password_hash and becomes Argon2id at the user's
next login. Deleting a user ends no token; revoke "login/<username>" for that.
Without it, tokens end when their renewal is refused.`
)

func (u *userpass) pathList() *framework.Path {
	return &framework.Path{
		Pattern: "users/?",
		DisplayAttrs: &framework.DisplayAttributes{
			OperationPrefix: "userpass", OperationSuffix: "users", Navigation: true, ItemType: "User",
		},
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.ListOperation: &framework.PathOperation{
				Callback:  backend.Handle(u, decodeNothing, u.listUsers),
				Summary:   "List the users.",
				Responses: listAnswer("Names of the users."),
			},
		},
		HelpSynopsis:    usersHelp,
		HelpDescription: usersHelpDescription,
	}
}

// listAnswer is the schema of a list of names.
func listAnswer(what string) map[int][]framework.Response {
	return map[int][]framework.Response{200: {{
		Description: what,
		Fields:      map[string]*framework.FieldSchema{"keys": {Type: framework.TypeStringSlice, Description: what}},
	}}}
}

func (u *userpass) pathUser() *framework.Path {
	write := &framework.PathOperation{
		Callback: u.writeUserCallback, Summary: "Create or update a user.", Responses: noContent,
	}
	return &framework.Path{
		Pattern: "users/" + framework.GenericNameRegex("username"),
		DisplayAttrs: &framework.DisplayAttributes{
			OperationPrefix: "userpass", OperationSuffix: "user", Action: "Create", ItemType: "User",
		},
		Fields: userFields(),
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.CreateOperation: write,
			logical.UpdateOperation: write,
			logical.ReadOperation: &framework.PathOperation{
				Callback: backend.Handle(u, u.decodeUsername, u.readUser), Summary: "Read a user.",
				Responses: map[int][]framework.Response{200: {{Description: "The user's parameters.", Fields: userAnswer()}}},
			},
			logical.DeleteOperation: &framework.PathOperation{
				Callback: backend.Handle(u, u.decodeUsername, u.deleteUser), Summary: "Delete a user.", Responses: noContent,
			},
		},
		ExistenceCheck:  backend.Exists(u, u.decodeUsername, u.userExists),
		HelpSynopsis:    usersHelp,
		HelpDescription: usersHelpDescription,
	}
}

// deprecatedFields are the old spellings of token parameters.
func deprecatedFields() map[string]*framework.FieldSchema {
	return map[string]*framework.FieldSchema{
		"policies":    {Type: framework.TypeCommaStringSlice, Description: tokenutil.DeprecationText("token_policies"), Deprecated: true},
		"ttl":         {Type: framework.TypeDurationSecond, Description: tokenutil.DeprecationText("token_ttl"), Deprecated: true},
		"max_ttl":     {Type: framework.TypeDurationSecond, Description: tokenutil.DeprecationText("token_max_ttl"), Deprecated: true},
		"bound_cidrs": {Type: framework.TypeCommaStringSlice, Description: tokenutil.DeprecationText("token_bound_cidrs"), Deprecated: true},
	}
}

func userAnswer() map[string]*framework.FieldSchema {
	fields := deprecatedFields()
	tokenutil.AddTokenFields(fields)
	return fields
}

func userFields() map[string]*framework.FieldSchema {
	fields := userAnswer()
	fields["username"] = fieldUsername
	maps.Copy(fields, passwordFields())
	return fields
}

func (u *userpass) listUsers(ctx context.Context, r *logical.Request, _ struct{}) (*logical.Response, error) {
	names, err := u.users.List(ctx, r.Storage)
	if err != nil {
		return nil, err
	}
	return logical.ListResponse(names), nil
}

func (u *userpass) userExists(ctx context.Context, r *logical.Request, name string) (bool, error) {
	user, err := u.users.Get(ctx, r.Storage, name)
	return user != nil, err
}

// deleteUser forgets what was remembered of the user as well: whoever gets the name next is
// somebody else.
func (u *userpass) deleteUser(ctx context.Context, r *logical.Request, name string) (*logical.Response, error) {
	if err := u.users.Delete(ctx, r.Storage, name); err != nil {
		return nil, err
	}
	return nil, u.profiles.Delete(ctx, r.Storage, name)
}

func (u *userpass) readUser(ctx context.Context, r *logical.Request, name string) (*logical.Response, error) {
	user, err := u.users.Get(ctx, r.Storage, name)
	if err != nil || user == nil {
		return nil, err
	}
	return &logical.Response{Data: userData(user)}, nil
}

// userData is a user as it is read: nothing of the password, and a deprecated spelling only
// where it was used.
func userData(user *credential.User) map[string]any {
	data := map[string]any{}
	user.PopulateTokenData(data)
	if user.TTL > 0 {
		data["ttl"] = int64(user.TTL.Seconds())
	}
	if user.MaxTTL > 0 {
		data["max_ttl"] = int64(user.MaxTTL.Seconds())
	}
	if len(user.Policies) > 0 {
		data["policies"] = data["token_policies"]
	}
	if len(user.BoundCIDRs) > 0 {
		data["bound_cidrs"] = user.BoundCIDRs
	}
	return data
}
