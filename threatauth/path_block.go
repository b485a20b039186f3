package threatauth

import (
	"context"
	"time"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend"
)

// maxText bounds free text that operators give, in bytes.
const maxText = 1024

// Block is a principal's block as stored. It lies apart from the user's own entry, which
// Vault's own method may rewrite and would rewrite without it.
type Block struct {
	// Reason is the operator's word.
	Reason string `json:"reason"`
	// Since is when it was set.
	Since time.Time `json:"since"`
}

func (b *Backend) isBlocked(ctx context.Context, storage logical.Storage, principal string) (bool, error) {
	block, err := b.blocks.Get(ctx, storage, principal)
	return block != nil, err
}

const (
	blockHelp            = "Block a user."
	blockHelpDescription = `
A blocked user's logins are refused as a wrong password is, and the user's
tokens are not renewed. Tokens that exist live on until they end; revoke
"login/<username>" to end them. A name may be blocked before such a user exists.`
)

func pathBlocks(b *Backend) []*framework.Path {
	return []*framework.Path{pathBlockList(b), pathBlock(b)}
}

func pathBlockList(b *Backend) *framework.Path {
	return &framework.Path{
		Pattern: "risk/block/?",
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.ListOperation: &framework.PathOperation{
				Callback: backend.Handle(b, decodeNothing, b.listBlocks), Summary: "List the blocked users.",
				Responses: listAnswer("Names of the blocked users."),
			},
		},
		HelpSynopsis: blockHelp, HelpDescription: blockHelpDescription,
	}
}

func pathBlock(b *Backend) *framework.Path {
	return &framework.Path{
		Pattern: "risk/block/" + framework.GenericNameRegex("principal"),
		Fields: map[string]*framework.FieldSchema{
			"principal": fieldPrincipal,
			"reason":    {Type: framework.TypeString, Description: "Why, for whoever reads it later."},
		},
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.UpdateOperation: &framework.PathOperation{
				Callback: backend.Handle(b, b.decodeBlock, b.writeBlock), Summary: "Block a user.", Responses: noContent,
			},
			logical.ReadOperation: &framework.PathOperation{
				Callback: backend.Handle(b, b.decodePrincipal, b.readBlock), Summary: "Read a user's block.",
				Responses: map[int][]framework.Response{200: {{
					Description: "The block.",
					Fields: map[string]*framework.FieldSchema{
						"reason": {Type: framework.TypeString, Description: "Why."},
						"since":  {Type: framework.TypeString, Description: "When it was set (RFC 3339)."},
					},
				}}},
			},
			logical.DeleteOperation: &framework.PathOperation{
				Callback: backend.Handle(b, b.decodePrincipal, b.deleteBlock), Summary: "Unblock a user.", Responses: noContent,
			},
		},
		HelpSynopsis: blockHelp, HelpDescription: blockHelpDescription,
	}
}

// fieldPrincipal is the schema of a principal's name in the risk paths.
var fieldPrincipal = &framework.FieldSchema{
	Type:        framework.TypeString,
	Description: "Who logs in: with userpass, the user's name.",
}

// decodePrincipal reads the name in the credential method's one spelling.
func (b *Backend) decodePrincipal(f *backend.Fields) string {
	name, ok := b.method.Normalize(f.String("principal"))
	if !ok {
		f.Fail("no principal can have that name")
	}
	return name
}

type blockWrite struct{ name, reason string }

func (b *Backend) decodeBlock(f *backend.Fields) blockWrite {
	return blockWrite{name: b.decodePrincipal(f), reason: decodeText(f, "reason")}
}

// decodeText reads free text of bounded length.
func decodeText(f *backend.Fields, name string) string {
	text := f.String(name)
	if len(text) > maxText {
		f.Fail("%s is longer than %d bytes", name, maxText)
	}
	return text
}

func (b *Backend) listBlocks(ctx context.Context, r *logical.Request, _ struct{}) (*logical.Response, error) {
	names, err := b.blocks.List(ctx, r.Storage)
	if err != nil {
		return nil, err
	}
	return logical.ListResponse(names), nil
}

func (b *Backend) writeBlock(ctx context.Context, r *logical.Request, w blockWrite) (*logical.Response, error) {
	block := &Block{Reason: w.reason, Since: b.options.Now().UTC()}
	return nil, b.blocks.Put(ctx, r.Storage, w.name, block)
}

func (b *Backend) readBlock(ctx context.Context, r *logical.Request, name string) (*logical.Response, error) {
	block, err := b.blocks.Get(ctx, r.Storage, name)
	if err != nil || block == nil {
		return nil, err
	}
	return &logical.Response{Data: map[string]any{
		"reason": block.Reason, "since": timeText(block.Since),
	}}, nil
}

func (b *Backend) deleteBlock(ctx context.Context, r *logical.Request, name string) (*logical.Response, error) {
	return nil, b.blocks.Delete(ctx, r.Storage, name)
}

// timeText is a time as answers have it.
func timeText(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }
