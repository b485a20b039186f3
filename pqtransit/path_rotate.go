package pqtransit

import (
	"context"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend"
	"github.com/palisade-vault/palisade/pqtransit/keyring"
)

func (b *pqBackend) pathRotate() *framework.Path {
	return &framework.Path{
		Pattern: "keys/" + framework.GenericNameRegex("name") + "/rotate",
		Fields: withFields(typeFields(), map[string]*framework.FieldSchema{
			"name": nameField(),
			"type": {
				Type:        framework.TypeString,
				Description: "Algorithm of the new version, by default that of the latest: " + typeNames() + ".",
			},
			"allow_unauthenticated_encryption": {
				Type: framework.TypeBool,
				Description: `Accept that after rotating from a symmetric type to a public-key type, anyone who has
the public key can make ciphertexts that decrypt under this key, and after rotating to a
type without authentication, anyone can change ciphertexts.`,
			},
		}),
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.UpdateOperation: &framework.PathOperation{
				Callback:  backend.Handle(b, decodeRotate, b.rotateKey),
				Summary:   "Add a version to a key, of the same or of another algorithm.",
				Responses: ok(keyResponse()),
			},
		},
		HelpSynopsis: "Rotate a named key.",
		HelpDescription: `Adds a version, with which the key encrypts from then on; older versions still decrypt,
and rewrap moves what they encrypted to the new one. With type, the new version
has another algorithm, as long as it serves what the key is for.`,
	}
}

type rotateRequest struct {
	name     string
	rotation keyring.Rotation
}

func decodeRotate(f *backend.Fields) rotateRequest {
	return rotateRequest{
		name: f.String("name"),
		rotation: keyring.Rotation{
			Type:                           f.String("type"),
			TypeParameters:                 decodeTypeParameters(f),
			AllowUnauthenticatedEncryption: f.Bool("allow_unauthenticated_encryption"),
		},
	}
}

func (b *pqBackend) rotateKey(ctx context.Context, r *logical.Request, req rotateRequest) (*logical.Response, error) {
	req.rotation.Cause.Actor = actor(r)
	key, err := b.keys.Rotate(ctx, r.Storage, req.name, req.rotation)
	if err != nil {
		return nil, asAnswer(err)
	}
	b.Logger().Info("rotated key on request", "key", key.Name, "version", key.Latest, "type", key.Suite().Name)
	return keyAnswer(key, publicView{})
}
