package pqtransit

import (
	"context"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend"
	"github.com/palisade-vault/palisade/pqtransit/keyring"
)

func (b *pqBackend) pathCSR() *framework.Path {
	return &framework.Path{
		Pattern: "keys/" + framework.GenericNameRegex("name") + "/csr",
		Fields: map[string]*framework.FieldSchema{
			"name":    nameField(),
			"version": certifiedVersionField(),
			"csr": {
				Type: framework.TypeString,
				Description: `A certificate request in PEM, by any key, whose subject and attributes the new one gets.
Without it the request has neither.`,
			},
		},
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.UpdateOperation: &framework.PathOperation{
				Callback: backend.Handle(b, decodeCSR, b.createCSR),
				Summary:  "Make a certificate request for a key.",
				Responses: ok(certificateResponse("csr", &framework.FieldSchema{
					Type: framework.TypeString, Required: true, Description: "The certificate request, PEM",
				})),
			},
		},
		HelpSynopsis: "Make a certificate request (PKCS #10) for a named key.",
		HelpDescription: `The request is for the public key of a version, and signed by it: RSA with PKCS #1 v1.5
and SHA-256, ECDSA with the hash of the curve's strength, Ed25519, ML-DSA, SLH-DSA and
hybrid as their standards for certificates say.`,
	}
}

func certifiedVersionField() *framework.FieldSchema {
	return &framework.FieldSchema{Type: framework.TypeInt, Description: "Version of the key; 0 for the latest."}
}

// certificateResponse is what csr and set-certificate answer beside the one field.
func certificateResponse(name string, field *framework.FieldSchema) map[string]*framework.FieldSchema {
	return map[string]*framework.FieldSchema{
		"name": required(framework.TypeString, "Name of the key"),
		"type": required(framework.TypeString, "Algorithm of the version"),
		name:   field,
	}
}

type csrRequest struct {
	name     string
	version  int
	template []byte
}

func decodeCSR(f *backend.Fields) csrRequest {
	template, err := keyring.ParseRequestTemplate(f.String("csr"))
	if err != nil {
		f.Fail("%v", err)
	}
	return csrRequest{name: f.String("name"), version: f.Int("version"), template: template}
}

func (b *pqBackend) createCSR(ctx context.Context, r *logical.Request, req csrRequest) (*logical.Response, error) {
	key, err := b.keys.Get(ctx, r.Storage, req.name)
	if err == nil && key == nil {
		err = backend.Invalid("key with provided name '%s' not found", req.name)
	}
	if err != nil {
		return nil, asAnswer(err)
	}
	release, err := b.slow.TakeToSign(ctx, key, req.version)
	if err != nil {
		return nil, err
	}
	defer release()
	text, version, err := key.CertificationRequest(req.version, req.template)
	if err != nil {
		return nil, asAnswer(err)
	}
	return &logical.Response{Data: map[string]any{"name": key.Name, "type": typeName(version.Suite), "csr": text}}, nil
}
