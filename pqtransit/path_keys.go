package pqtransit

import (
	"context"
	"net/http"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend"
	"github.com/palisade-vault/palisade/pqtransit/keyring"
)

func (b *pqBackend) pathListKeys() *framework.Path {
	return &framework.Path{
		Pattern: "keys/?$",
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.ListOperation: &framework.PathOperation{
				Callback:  backend.Handle(b, func(*backend.Fields) named { return named{} }, b.listKeys),
				Summary:   "List the names of the keys.",
				Responses: ok(map[string]*framework.FieldSchema{"keys": {Type: framework.TypeStringSlice}}),
			},
		},
		HelpSynopsis:    "List the keys.",
		HelpDescription: "Lists the name of every key in the mount, and nothing else of it.",
	}
}

func (b *pqBackend) pathKeys() *framework.Path {
	return &framework.Path{
		Pattern: "keys/" + framework.GenericNameRegex("name"),
		Fields:  withFields(withFields(withFields(keyFields(), typeFields()), rotationFields()), map[string]*framework.FieldSchema{"format": formatField()}),
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.UpdateOperation: &framework.PathOperation{
				Callback:  backend.Handle(b, decodeCreate, b.createKey),
				Summary:   "Create a key, unless there is one of that name.",
				Responses: ok(keyResponse()),
			},
			logical.ReadOperation: &framework.PathOperation{
				Callback:  backend.Handle(b, decodeRead, b.readKey),
				Summary:   "Read what a key is, and its public keys.",
				Responses: ok(keyResponse()),
			},
			logical.DeleteOperation: &framework.PathOperation{
				Callback:  backend.Handle(b, decodeName, b.deleteKey),
				Summary:   "Delete a key with all its versions.",
				Responses: map[int][]framework.Response{http.StatusNoContent: {{Description: "The key is gone."}}},
			},
		},
		HelpSynopsis: "Create, read or delete a named key.",
		HelpDescription: `A write creates the key of that name; if it exists, it is answered as it is and the
parameters are ignored. Deleting needs deletion_allowed in the key's config.`,
	}
}

func keyFields() map[string]*framework.FieldSchema {
	return map[string]*framework.FieldSchema{
		"name": nameField(),
		"type": {
			Type:        framework.TypeString,
			Default:     defaultType,
			Description: "Algorithm of the key's first version: " + typeNames() + ".",
		},
		"derived": {
			Type:        framework.TypeBool,
			Description: "Derive a key from each request's context, which is then required.",
		},
		"convergent_encryption": {
			Type: framework.TypeBool,
			Description: `Make equal ciphertexts of equal plaintexts under the same context. Needs derived.
It lets anyone see which plaintexts are equal.`,
		},
		"exportable": {
			Type:        framework.TypeBool,
			Description: "Let the key's material be exported. This cannot be undone.",
		},
		"allow_plaintext_backup": {
			Type:        framework.TypeBool,
			Description: "Let backups be taken that hold the key in plaintext. This cannot be undone.",
		},
		"context": {
			Type:        framework.TypeString,
			Description: "On a read of a derived key that has public keys: show those of this context, base64.",
		},
		"auto_rotate_period": {
			Type:        framework.TypeDurationSecond,
			Description: "Age of the latest version at which the key rotates by itself: 0 for never, else at least an hour.",
		},
		"key_size": {
			Type:        framework.TypeInt,
			Description: "Size of the key in bytes, for algorithms of variable size only.",
		},
		"purpose": {
			Type: framework.TypeString,
			Description: `What the key is for, for types that offer a choice: key-encapsulation lets a KEM key
encapsulate and decapsulate, and nothing else. By default the type's own.`,
		},
	}
}

type createRequest struct {
	name string
	spec keyring.Spec
}

func decodeCreate(f *backend.Fields) createRequest {
	return createRequest{
		name: f.String("name"),
		spec: keyring.Spec{
			Type:                 f.String("type"),
			TypeParameters:       decodeTypeParameters(f),
			Purpose:              decodePurpose(f),
			Derived:              f.Bool("derived"),
			Convergent:           f.Bool("convergent_encryption"),
			Exportable:           f.Bool("exportable"),
			AllowPlaintextBackup: f.Bool("allow_plaintext_backup"),
			AutoRotatePeriod:     f.Seconds("auto_rotate_period"),
			KeySize:              f.Int("key_size"),
			Rotation:             decodeRotation(f),
		},
	}
}

func (b *pqBackend) createKey(ctx context.Context, r *logical.Request, req createRequest) (*logical.Response, error) {
	// The built-in engine means to warn when the key existed, and never does.
	key, created, err := b.keys.Create(ctx, r.Storage, req.name, req.spec)
	if err != nil {
		return nil, asAnswer(err)
	}
	if created && key.Rotation.Schedule != "" {
		b.scheduleWithHost(ctx, r, key)
	}
	return keyAnswer(key, publicView{})
}

type readRequest struct {
	name string
	view publicView
}

func decodeRead(f *backend.Fields) readRequest {
	return readRequest{f.String("name"), publicView{context: f.Base64("context"), format: f.String("format")}}
}

func (b *pqBackend) readKey(ctx context.Context, r *logical.Request, req readRequest) (*logical.Response, error) {
	key, err := b.keys.Get(ctx, r.Storage, req.name)
	if err != nil || key == nil {
		return nil, asAnswer(err)
	}
	if err := key.CheckPublicFormat(req.view.format); err != nil {
		return nil, asAnswer(err)
	}
	return keyAnswer(key, req.view)
}

func (b *pqBackend) deleteKey(ctx context.Context, r *logical.Request, req named) (*logical.Response, error) {
	return nil, asAnswer(b.keys.Delete(ctx, r.Storage, req.name))
}

func (b *pqBackend) listKeys(ctx context.Context, r *logical.Request, _ named) (*logical.Response, error) {
	names, err := b.keys.List(ctx, r.Storage)
	if err != nil {
		return nil, asAnswer(err)
	}
	return logical.ListResponse(names), nil
}
