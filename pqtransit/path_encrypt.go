package pqtransit

import (
	"context"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend"
	"github.com/palisade-vault/palisade/pqtransit/keyring"
	"github.com/palisade-vault/palisade/pqtransit/suite"
)

func (b *pqBackend) pathEncrypt() *framework.Path {
	encrypt := &framework.PathOperation{
		Callback:  backend.Handle(b, decodeEncrypt, b.encrypt),
		Summary:   "Encrypt one plaintext or a batch.",
		Responses: batchResponses(encryptResponse()),
	}
	return &framework.Path{
		Pattern: "encrypt/" + framework.GenericNameRegex("name"),
		Fields:  encryptFields(),
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.CreateOperation: encrypt,
			logical.UpdateOperation: encrypt,
		},
		ExistenceCheck: backend.Exists(b, decodeName, b.keyExists),
		HelpSynopsis:   "Encrypt a plaintext, or a batch of plaintexts, with a named key.",
		HelpDescription: `Plaintexts are base64. A caller that may create on this path creates the key by using it,
unless the mount's config/keys says disable_upsert; it is a derived key when a
context is given.`,
	}
}

func encryptFields() map[string]*framework.FieldSchema {
	return map[string]*framework.FieldSchema{
		"name":      nameField(),
		"plaintext": {Type: framework.TypeString, Description: "What to encrypt, base64; may be empty."},
		"context":   contextField(),
		"nonce":     nonceField(),
		"iv": {
			Type:        framework.TypeString,
			Description: "Initialisation vector of aes128-cbc and aes256-cbc, base64 of 16 bytes; by default a random one.",
		},
		"associated_data": associatedDataField(),
		"padding_scheme":  paddingField("encryption"),
		"key_version":     keyVersionField(),
		"type": {
			Type:        framework.TypeString,
			Default:     defaultType,
			Description: "Algorithm of the key, should this request create it.",
		},
		"convergent_encryption": {
			Type:        framework.TypeBool,
			Description: "Whether the key is convergent, should this request create it.",
		},
		"partial_failure_response_code": partialField(),
		"batch_input":                   batchField("plaintext"),
	}
}

type encryptRequest struct {
	name string
	batch
	spec keyring.Spec // of the key, should the request create it
}

func decodeEncrypt(f *backend.Fields) encryptRequest {
	req := encryptRequest{
		name:  f.String("name"),
		batch: decodeBatch(f, decodePlaintext),
		spec:  keyring.Spec{Type: f.String("type"), Convergent: f.Bool("convergent_encryption")},
	}
	req.partial = given(f, "partial_failure_response_code", f.Int)
	return req
}

func decodePlaintext(f *backend.Fields, index int) item {
	if !f.Has("plaintext") {
		missing(f, index, "plaintext", "missing plaintext to encrypt")
	}
	var i item
	i.plaintext = i.base64(f, "plaintext")
	i.decodeCommon(f, index)
	i.params.IV = i.base64(f, "iv")
	i.params.PaddingScheme = f.String("padding_scheme")
	i.params.Version = f.Int("key_version")
	return i
}

func (b *pqBackend) keyExists(ctx context.Context, r *logical.Request, req named) (bool, error) {
	key, err := b.keys.Get(ctx, r.Storage, req.name)
	return key != nil, asAnswer(err)
}

func (b *pqBackend) encrypt(ctx context.Context, r *logical.Request, req encryptRequest) (*logical.Response, error) {
	key, existed, err := b.keyToEncrypt(ctx, r, req)
	if err != nil {
		return nil, asAnswer(err)
	}
	if key, err = b.keys.Reserve(ctx, r.Storage, key, req.work(versionOf, plaintextSize)); err != nil {
		return nil, asAnswer(err)
	}
	answer, total, err := run(ctx, b.workers, &req.batch, func(i *item) (cipherResult, error) {
		ciphertext, version, err := key.Encrypt(i.params.Parameters, i.plaintext)
		return cipherResult{Ciphertext: ciphertext, KeyVersion: version}, err
	})
	if err != nil {
		return nil, err
	}
	if r.Operation == logical.CreateOperation && existed {
		answer.AddWarning("Attempted creation of the key during the encrypt operation, but it was created beforehand")
	}
	return req.withStatus(r, answer, total)
}

// cipherResult is what encrypt and rewrap make of one item.
type cipherResult struct {
	Ciphertext string `json:"ciphertext,omitempty"`
	KeyVersion int    `json:"key_version,omitempty"`
	common
}

func (c *cipherResult) single() map[string]any {
	return map[string]any{"ciphertext": c.Ciphertext, "key_version": c.KeyVersion}
}

// keyToEncrypt is the named key, which a create operation makes if need be.
func (b *pqBackend) keyToEncrypt(ctx context.Context, r *logical.Request, req encryptRequest) (key *keyring.Key, existed bool, err error) {
	if r.Operation != logical.CreateOperation {
		key, err := b.keyOf(ctx, r, req.name)
		return key, true, err
	}
	if req.spec.Convergent && !req.items[0].hasContext {
		return nil, false, backend.Invalid("convergent encryption requires derivation to be enabled, so context is required")
	}
	disabled, err := upsertDisabled(ctx, r.Storage)
	if err != nil {
		return nil, false, err
	}
	if disabled {
		return nil, false, errKeyNotFound
	}
	req.spec.Derived = req.items[0].hasContext && !contextIsInfo(req.spec.Type)
	req.spec.For = suite.Encryption
	key, created, err := b.keys.Create(ctx, r.Storage, req.name, req.spec)
	return key, !created, err
}

// contextIsInfo reports whether keys of that type take a context without being derived.
func contextIsInfo(name string) bool {
	algorithm, ok := suite.Lookup(name)
	return ok && algorithm.HPKE != nil
}
