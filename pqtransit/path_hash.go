package pqtransit

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"strings"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend"
	"github.com/palisade-vault/palisade/pqtransit/digest"
)

func (b *pqBackend) pathHash() *framework.Path {
	return &framework.Path{
		Pattern: "hash" + framework.OptionalParamRegex("urlalgorithm"),
		Fields: map[string]*framework.FieldSchema{
			"input":        {Type: framework.TypeString, Description: "What to hash, base64; may be empty."},
			"algorithm":    digestField("Hash function"),
			"urlalgorithm": {Type: framework.TypeString, Description: "Hash function, in the path; goes before algorithm."},
			"format":       {Type: framework.TypeString, Default: "hex", Description: "Encoding of the sum: hex or base64."},
		},
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.UpdateOperation: &framework.PathOperation{
				Callback: backend.Handle(b, decodeHash, b.hash),
				Summary:  "Hash data.",
				Responses: ok(map[string]*framework.FieldSchema{
					"sum": required(framework.TypeString, "The hash of the input"),
				}),
			},
		},
		HelpSynopsis:    "Hash data.",
		HelpDescription: "Hashes the input, without any key.",
	}
}

func digestField(what string) *framework.FieldSchema {
	return &framework.FieldSchema{
		Type:        framework.TypeString,
		Default:     digest.Default,
		Description: what + ": " + strings.Join(digest.Names(), ", ") + ".",
	}
}

type hashRequest struct {
	algorithm digest.Algorithm
	input     []byte
	encode    func([]byte) string
}

func decodeHash(f *backend.Fields) hashRequest {
	var req hashRequest
	if !f.Has("input") {
		f.Fail("input missing")
		return req
	}
	var err error
	if req.input, err = base64.StdEncoding.DecodeString(f.String("input")); err != nil {
		f.Fail("unable to decode input as base64: %v", err)
		return req
	}
	req.encode = encoding(f, "unsupported encoding format %s; must be \"hex\" or \"base64\"")
	name := f.String("urlalgorithm")
	if name == "" {
		name = f.String("algorithm")
	}
	algorithm, known := digest.Lookup(name)
	if !known || algorithm.Legacy {
		f.Fail("unsupported algorithm %s", name)
	}
	req.algorithm = algorithm
	return req
}

// encoding is what the field format names. unsupported has a verb for the name.
func encoding(f *backend.Fields, unsupported string) func([]byte) string {
	switch name := f.String("format"); name {
	case "hex":
		return hex.EncodeToString
	case "base64":
		return base64.StdEncoding.EncodeToString
	default:
		f.Fail(unsupported, name)
		return nil
	}
}

func (b *pqBackend) hash(_ context.Context, _ *logical.Request, req hashRequest) (*logical.Response, error) {
	state := req.algorithm.New()
	state.Write(req.input)
	return &logical.Response{Data: map[string]any{"sum": req.encode(state.Sum(nil))}}, nil
}
