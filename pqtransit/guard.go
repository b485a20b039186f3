package pqtransit

import (
	"context"

	"github.com/hashicorp/vault/sdk/logical"
)

// confidential are the parameters whose values may be in no error.
var confidential = []string{"plaintext", "ciphertext", "context", "nonce", "associated_data"}

// HandleExistenceCheck looks at the path alone. The framework's own check validates the
// parameters as well, and answers a wrong type with a 500 that quotes the value.
func (b *pqBackend) HandleExistenceCheck(ctx context.Context, r *logical.Request) (checkFound, exists bool, err error) {
	byPath := *r
	byPath.Data = nil
	return b.Backend.HandleExistenceCheck(ctx, &byPath)
}

// HandleRequest refuses what the framework would refuse with a text that quotes the value:
// an object or a list where a confidential text should be.
func (b *pqBackend) HandleRequest(ctx context.Context, r *logical.Request) (*logical.Response, error) {
	for _, name := range confidential {
		switch r.Data[name].(type) {
		case map[string]any, []any:
			return logical.ErrorResponse("Field validation failed: '%s' expected type 'string', got unconvertible type '%T'", name, r.Data[name]), nil
		}
	}
	return b.Backend.HandleRequest(ctx, r)
}
