package pqtransit

import (
	"context"
	"strings"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend"
	"github.com/palisade-vault/palisade/pqtransit/byok"
	"github.com/palisade-vault/palisade/pqtransit/keyring"
)

func (b *pqBackend) pathWrappingKey() *framework.Path {
	return &framework.Path{
		Pattern: "wrapping_key",
		Fields:  wrappingKeyFields(),
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.ReadOperation: &framework.PathOperation{
				Callback:  backend.Handle(b, decodeWrappingKey, b.wrappingKey),
				Summary:   "Read the public key to which imports are encrypted.",
				Responses: ok(wrappingKeyResponse()),
			},
		},
		HelpSynopsis: "The key to wrap imports with.",
		HelpDescription: `Gives one of the mount's public keys for imports: by default RSA-4096, which a quantum computer
would break, by type one of the hybrid post-quantum keys. The first read of a type makes its
key, which for RSA takes seconds.`,
	}
}

func (b *pqBackend) pathRotateWrappingKey() *framework.Path {
	return &framework.Path{
		Pattern: "wrapping_key/rotate",
		Fields:  wrappingKeyFields(),
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.UpdateOperation: &framework.PathOperation{
				Callback:  backend.Handle(b, decodeWrappingKey, b.rotateWrappingKey),
				Summary:   "Replace a key to which imports are encrypted.",
				Responses: ok(wrappingKeyResponse()),
			},
		},
		HelpSynopsis: "Rotate the key to wrap imports with.",
		HelpDescription: `What was wrapped to the key before it can be imported for another 30 days; what was wrapped to
older ones cannot, and they are destroyed.`,
	}
}

func wrappingKeyFields() map[string]*framework.FieldSchema {
	return map[string]*framework.FieldSchema{"type": {
		Type:        framework.TypeString,
		Default:     keyring.DefaultWrappingType,
		Description: "Type of the wrapping key: " + strings.Join(keyring.WrappingTypes(), ", ") + ".",
	}}
}

func wrappingKeyResponse() map[string]*framework.FieldSchema {
	return map[string]*framework.FieldSchema{
		"public_key":    required(framework.TypeString, "Public key: of RSA in PEM, of others the raw key in base64"),
		"type":          {Type: framework.TypeString, Description: "Type of the key, where it was asked for"},
		"key_id":        {Type: framework.TypeString, Description: "Name by which a ciphertext to a hybrid key calls it"},
		"version":       {Type: framework.TypeInt, Description: "How many keys of this type there were, this one included"},
		"creation_time": {Type: framework.TypeTime, Description: "When it was made"},
	}
}

type wrappingKeyRequest struct {
	kind string
	bare bool // as transit answers
}

func decodeWrappingKey(f *backend.Fields) wrappingKeyRequest {
	return wrappingKeyRequest{kind: f.String("type"), bare: !f.Has("type")}
}

func (b *pqBackend) wrappingKey(ctx context.Context, r *logical.Request, req wrappingKeyRequest) (*logical.Response, error) {
	key, err := b.keys.WrappingKey(ctx, r.Storage, req.kind)
	if err != nil {
		return nil, asAnswer(err)
	}
	return req.answer(key), nil
}

func (b *pqBackend) rotateWrappingKey(ctx context.Context, r *logical.Request, req wrappingKeyRequest) (*logical.Response, error) {
	key, err := b.keys.RotateWrappingKey(ctx, r.Storage, req.kind)
	if err != nil {
		return nil, asAnswer(err)
	}
	b.Logger().Info("rotated wrapping key on request", "type", req.kind, "version", key.Latest)
	req.bare = false
	return req.answer(key), nil
}

func (req wrappingKeyRequest) answer(key *keyring.Key) *logical.Response {
	versions := key.Versions()
	latest := versions[len(versions)-1]
	data := map[string]any{"public_key": latest.Public().String()}
	if !req.bare {
		data["type"], data["key_id"] = latest.Suite.Name, byok.KeyID(latest.Public())
		data["version"], data["creation_time"] = latest.Number, latest.Created
	}
	return &logical.Response{Data: data}
}
