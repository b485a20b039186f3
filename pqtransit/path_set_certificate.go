package pqtransit

import (
	"context"
	"crypto/x509"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend"
	"github.com/palisade-vault/palisade/pqtransit/keyring"
)

func (b *pqBackend) pathSetCertificate() *framework.Path {
	return &framework.Path{
		Pattern: "keys/" + framework.GenericNameRegex("name") + "/set-certificate",
		Fields: map[string]*framework.FieldSchema{
			"name":    nameField(),
			"version": certifiedVersionField(),
			"certificate_chain": {
				Type: framework.TypeString,
				Description: `Certificates in PEM: that of the version's public key, and behind it those of the
authorities, up to 256 KiB of them.`,
			},
		},
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.UpdateOperation: &framework.PathOperation{
				Callback: backend.Handle(b, decodeSetCertificate, b.setCertificate),
				Summary:  "Store the certificate of a key, with its chain.",
				Responses: ok(certificateResponse("certificate-chain", &framework.FieldSchema{
					Type: framework.TypeString, Required: true, Description: "The chain as it was given",
				})),
			},
		},
		HelpSynopsis: "Store a certificate with a version of a named key.",
		HelpDescription: `The first certificate must have the version's public key and be no authority's. The
signatures in the chain are not checked. It is shown by a read of the key, and exported as
certificate-chain; a chain that the version has already is replaced.`,
	}
}

type setCertificateRequest struct {
	name    string
	version int
	text    string
	chain   []*x509.Certificate
}

func decodeSetCertificate(f *backend.Fields) setCertificateRequest {
	text := f.String("certificate_chain")
	chain, err := keyring.ParseChain(text)
	if err != nil {
		f.Fail("%v", err)
	}
	return setCertificateRequest{name: f.String("name"), version: f.Int("version"), text: text, chain: chain}
}

func (b *pqBackend) setCertificate(ctx context.Context, r *logical.Request, req setCertificateRequest) (*logical.Response, error) {
	key, version, err := b.keys.SetCertificate(ctx, r.Storage, req.name, req.version, req.chain)
	if err != nil {
		return nil, asAnswer(err)
	}
	b.Logger().Info("stored certificate on request", "key", key.Name, "version", version.Number, "certificates", len(req.chain))
	return &logical.Response{Data: map[string]any{
		"name": key.Name, "type": typeName(version.Suite), "certificate-chain": req.text,
	}}, nil
}
