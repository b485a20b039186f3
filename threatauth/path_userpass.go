package threatauth

import (
	"context"
	"strings"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend"
	"github.com/palisade-vault/palisade/threatauth/credential"
)

var _ = registerMethod(method{
	name:            "userpass",
	unauthenticated: []string{"login/*"},
	build: func(b *Backend) (credential.Method, []*framework.Path) {
		u := &userpass{Backend: b, users: credential.NewUserpass(b.hasher)}
		return u.users, []*framework.Path{
			u.pathList(), u.pathUser(), u.pathPassword(), u.pathPolicies(), u.pathLogin(),
		}
	},
})

// userpass is the edge of the userpass method. Paths, parameters and texts are those of
// Vault's own.
type userpass struct {
	*Backend
	users *credential.Userpass
}

// fieldUsername is the schema of the name in every path.
var fieldUsername = &framework.FieldSchema{
	Type:        framework.TypeString,
	Description: "Name of the user; upper and lower case are the same.",
}

// decodeUsername reads the name in its one spelling.
func (u *userpass) decodeUsername(f *backend.Fields) string {
	name, ok := u.users.Normalize(f.String("username"))
	if !ok {
		f.Fail(`username must have 1 to %d bytes and no ".."`, credential.MaxUsername)
	}
	return name
}

func (u *userpass) pathLogin() *framework.Path {
	answer := map[int][]framework.Response{200: {{Description: "A token, in the response's auth block."}}}
	return &framework.Path{
		Pattern: "login/" + framework.GenericNameRegex("username"),
		DisplayAttrs: &framework.DisplayAttributes{
			OperationPrefix: "userpass", OperationVerb: "login",
		},
		Fields: map[string]*framework.FieldSchema{
			"username": fieldUsername,
			"password": {
				Type:         framework.TypeString,
				Description:  "Password of the user.",
				DisplayAttrs: &framework.DisplayAttributes{Sensitive: true},
			},
		},
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.UpdateOperation: &framework.PathOperation{
				Callback:  backend.Handle(u, decodeLogin, u.runLogin),
				Summary:   "Log in with user name and password.",
				Responses: answer,
			},
			logical.AliasLookaheadOperation: &framework.PathOperation{
				Callback:  backend.Handle(u, decodeLookahead, lookahead),
				Summary:   "Name the alias that a login would have.",
				Responses: answer,
			},
		},
		HelpSynopsis:    "Log in with user name and password.",
		HelpDescription: strings.TrimSpace(loginHelp),
	}
}

const loginHelp = `
Proves the user by password and judges the login by risk. The answer is a full
token, or a short restricted one, or one refusal with the text "invalid username
or password", which does not tell an unknown user from a wrong password, a
blocked user or a login that was denied by risk. Why is in "risk/decisions",
under Vault's request id.
`

func decodeLogin(f *backend.Fields) credential.Claim {
	return credential.Claim{
		Principal: strings.ToLower(f.String("username")),
		Secret:    credential.Secret(f.String("password")),
	}
}

// runLogin turns away what no user can have before anything is hashed or stored.
func (u *userpass) runLogin(ctx context.Context, r *logical.Request, claim credential.Claim) (*logical.Response, error) {
	if claim.Principal == "" {
		return nil, backend.Invalid("missing username")
	}
	if _, ok := u.users.Normalize(claim.Principal); !ok {
		return u.refusal(), nil
	}
	return u.login(ctx, r, claim)
}

func decodeLookahead(f *backend.Fields) string {
	name := strings.ToLower(f.String("username"))
	if name == "" {
		f.Fail("missing username")
	}
	return name
}

// lookahead reads and writes nothing: core asks it before the login and for quotas.
func lookahead(_ context.Context, _ *logical.Request, name string) (*logical.Response, error) {
	return &logical.Response{Auth: &logical.Auth{Alias: &logical.Alias{Name: name}}}, nil
}
