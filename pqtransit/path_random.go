package pqtransit

import (
	"context"
	"crypto/rand"
	"strconv"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend"
)

// maxRandomBytes is transit's limit.
const maxRandomBytes = 128 * 1024

// The values of source. A plugin has no access to a seal, nor has the built-in engine of
// Vault Community.
const (
	sourcePlatform = "platform"
	sourceSeal     = "seal"
	sourceAll      = "all"
)

func (b *pqBackend) pathRandom() *framework.Path {
	return &framework.Path{
		Pattern: "random(/" + framework.GenericNameRegex("source") + ")?" + framework.OptionalParamRegex("urlbytes"),
		Fields: map[string]*framework.FieldSchema{
			"urlbytes": {Type: framework.TypeString, Description: "Number of bytes, in the path; goes before bytes."},
			"bytes":    {Type: framework.TypeInt, Default: 32, Description: "Number of bytes, 1 to 131072."},
			"format":   {Type: framework.TypeString, Default: "base64", Description: "Encoding of the bytes: hex or base64."},
			"source": {
				Type:        framework.TypeString,
				Default:     sourcePlatform,
				Description: "In the path: platform, seal or all, of which only the platform's source is there, or else the number of bytes.",
			},
		},
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.UpdateOperation: &framework.PathOperation{
				Callback: backend.Handle(b, decodeRandom, b.random),
				Summary:  "Generate random bytes.",
				Responses: ok(map[string]*framework.FieldSchema{
					"random_bytes": required(framework.TypeString, "The bytes, encoded"),
				}),
			},
		},
		HelpSynopsis:    "Generate random bytes.",
		HelpDescription: "Gives bytes from the operating system's cryptographic random source.",
	}
}

type randomRequest struct {
	bytes  int
	source string
	encode func([]byte) string
}

func decodeRandom(f *backend.Fields) randomRequest {
	req := randomRequest{source: f.String("source")}
	count := f.String("urlbytes")
	if count == "" && !isRandomSource(req.source) {
		req.source, count = sourcePlatform, req.source
	}
	if count == "" {
		req.bytes = f.Int("bytes")
	} else {
		var err error
		if req.bytes, err = strconv.Atoi(count); err != nil {
			f.Fail("error parsing url-set byte count: %v", err)
			return req
		}
	}
	switch {
	case req.bytes < 1:
		f.Fail(`"bytes" cannot be less than 1`)
	case req.bytes > maxRandomBytes:
		f.Fail(`"bytes" should be less than %d`, maxRandomBytes)
	}
	req.encode = encoding(f, "unsupported encoding format %q; must be \"hex\" or \"base64\"")
	if !isRandomSource(req.source) {
		f.Fail("unsupported entropy source %q; must be \"platform\" or \"seal\", or \"all\"", req.source)
	}
	return req
}

// isRandomSource takes the empty name, of a path without one, for the platform's.
func isRandomSource(name string) bool {
	return name == "" || name == sourcePlatform || name == sourceSeal || name == sourceAll
}

func (b *pqBackend) random(_ context.Context, _ *logical.Request, req randomRequest) (*logical.Response, error) {
	made := make([]byte, req.bytes)
	// crypto/rand ends the process rather than return an error.
	_, _ = rand.Read(made)
	answer := &logical.Response{Data: map[string]any{"random_bytes": req.encode(made)}}
	if req.source == sourceSeal {
		answer.AddWarning("no seal/entropy augmentation available, using platform entropy source")
	}
	return answer, nil
}
