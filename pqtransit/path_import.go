package pqtransit

import (
	"context"
	"maps"
	"net/http"
	"strings"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend"
	"github.com/palisade-vault/palisade/pqtransit/byok"
	"github.com/palisade-vault/palisade/pqtransit/keyring"
)

func (b *pqBackend) pathImport() *framework.Path {
	fields := materialFields()
	maps.Copy(fields, keyFields())
	maps.Copy(fields, typeFields())
	fields["convergent_encryption"].Description = "Refused: an imported key cannot be convergent."
	delete(fields, "key_size")
	fields["allow_rotation"] = &framework.FieldSchema{
		Type:        framework.TypeBool,
		Description: "Let the key be rotated to versions that are made here.",
	}
	return &framework.Path{
		Pattern: "keys/" + framework.GenericNameRegex("name") + "/import",
		Fields:  fields,
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.UpdateOperation: &framework.PathOperation{
				Callback:  backend.Handle(b, decodeImport, b.importKey),
				Summary:   "Make a key of one from outside.",
				Responses: importResponses(),
			},
		},
		HelpSynopsis: "Import a key.",
		HelpDescription: `Takes a key that was wrapped to the mount's wrapping_key: symmetric keys as raw
bytes, others as PKCS #8, of which post-quantum keys may also be raw, as their seeds. Or takes
a public key alone, which encrypts and verifies.`,
	}
}

func (b *pqBackend) pathImportVersion() *framework.Path {
	fields := materialFields()
	fields["name"] = nameField()
	fields["version"] = &framework.FieldSchema{
		Type:        framework.TypeInt,
		Description: "Version that has only its public half, to which the private one is given.",
	}
	return &framework.Path{
		Pattern: "keys/" + framework.GenericNameRegex("name") + "/import_version",
		Fields:  fields,
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.UpdateOperation: &framework.PathOperation{
				Callback:  backend.Handle(b, decodeImportVersion, b.importVersion),
				Summary:   "Add a version from outside to an imported key.",
				Responses: importResponses(),
			},
		},
		HelpSynopsis: "Import a version of a key.",
		HelpDescription: `Works on keys that were imported and not rotated here since. A private key that belongs to
the latest version's public key completes that version; any other becomes a new one.`,
	}
}

func importResponses() map[int][]framework.Response {
	return map[int][]framework.Response{http.StatusNoContent: {{Description: "The key is there."}}}
}

func materialFields() map[string]*framework.FieldSchema {
	return map[string]*framework.FieldSchema{
		"ciphertext": {
			Type: framework.TypeString,
			Description: `Key to import, wrapped to the wrapping_key: base64 of an AES-256 key under RSA-OAEP, and behind
it the key under AES-KWP with that one; or palisade-wrap:v1:..., HPKE to a hybrid wrapping key.`,
		},
		"public_key": {
			Type: framework.TypeString,
			Description: `Public key instead of ciphertext: PEM or base64 of SubjectPublicKeyInfo, a JSON Web Key, or
base64 of the raw key.`,
		},
		"hash_function": {
			Type:        framework.TypeString,
			Default:     "SHA256",
			Description: "Hash function of the OAEP part, for the RSA wrapping key alone: SHA1, SHA224, SHA256, SHA384 or SHA512.",
		},
	}
}

func decodeMaterial(f *backend.Fields) keyring.Material {
	material := keyring.Material{Public: f.String("public_key")}
	if !f.Has("ciphertext") {
		return material
	}
	if f.Has("public_key") {
		f.Fail("only one of the following fields, ciphertext and public_key, can be set")
	}
	// White space at the ends is as good as in base64: clients read the text from files.
	if text := strings.TrimSpace(f.String("ciphertext")); byok.IsHPKE(text) {
		material.HPKE = decodeHPKE(f, text)
		return material
	}
	hash, err := byok.ParseHash(f.String("hash_function"))
	if err != nil {
		f.Fail("%v", err)
	}
	material.Hash = hash
	// Not nil, also where it is empty: then it is too short.
	material.Wrapped = append([]byte{}, f.Base64("ciphertext")...)
	return material
}

func decodeHPKE(f *backend.Fields, text string) *byok.Wrapped {
	if f.Has("hash_function") {
		f.Fail("hash_function is for ciphertexts to the RSA wrapping key")
	}
	wrapped, err := byok.ParseHPKE(text)
	if err != nil {
		f.Fail("%v", err)
	}
	return &wrapped
}

type importRequest struct {
	name string
	in   keyring.Import
}

func decodeImport(f *backend.Fields) importRequest {
	if f.Has("convergent_encryption") {
		f.Fail("import cannot be used on keys with convergent encryption enabled")
	}
	spec := keyring.Spec{
		Type:                 f.String("type"),
		TypeParameters:       decodeTypeParameters(f),
		Purpose:              decodePurpose(f),
		Derived:              f.Bool("derived"),
		Exportable:           f.Bool("exportable"),
		AllowPlaintextBackup: f.Bool("allow_plaintext_backup"),
		AutoRotatePeriod:     f.Seconds("auto_rotate_period"),
	}
	return importRequest{
		name: f.String("name"),
		in:   keyring.Import{Spec: spec, Material: decodeMaterial(f), AllowRotation: f.Bool("allow_rotation")},
	}
}

func (b *pqBackend) importKey(ctx context.Context, r *logical.Request, req importRequest) (*logical.Response, error) {
	req.in.Actor = actor(r)
	key, err := b.keys.Import(ctx, r.Storage, req.name, req.in)
	if err != nil {
		return nil, asAnswer(err)
	}
	b.Logger().Info("imported key on request", "key", key.Name, "type", key.Suite().Name)
	return nil, nil
}

type importVersionRequest struct {
	name   string
	update keyring.Update
}

func decodeImportVersion(f *backend.Fields) importVersionRequest {
	return importVersionRequest{
		name:   f.String("name"),
		update: keyring.Update{Material: decodeMaterial(f), Version: given(f, "version", f.Int)},
	}
}

func (b *pqBackend) importVersion(ctx context.Context, r *logical.Request, req importVersionRequest) (*logical.Response, error) {
	req.update.Actor = actor(r)
	key, err := b.keys.ImportVersion(ctx, r.Storage, req.name, req.update)
	if err != nil {
		return nil, asAnswer(err)
	}
	b.Logger().Info("imported key version on request", "key", key.Name, "latest_version", key.Latest)
	return nil, nil
}
