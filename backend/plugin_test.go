package backend_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
	"github.com/palisade-vault/palisade/backend"
	"github.com/palisade-vault/palisade/backend/backendtest"
)

// secretive has one path with an existence check and a secret parameter of each kind.
func secretive(ctx context.Context, config *logical.BackendConfig) (logical.Backend, error) {
	b := backend.Plugin{Backend: &framework.Backend{BackendType: logical.TypeLogical}}
	decode := func(f *backend.Fields) string { return f.String("password") }
	run := func(context.Context, *logical.Request, string) (*logical.Response, error) { return nil, nil }
	operation := &framework.PathOperation{
		Callback:  backend.Handle(b, decode, run),
		Responses: map[int][]framework.Response{http.StatusNoContent: {{Description: "No content"}}},
	}
	b.Paths = []*framework.Path{{
		Pattern: "secret/" + framework.GenericNameRegex("name"),
		Fields: map[string]*framework.FieldSchema{
			"name":     {Type: framework.TypeString},
			"password": {Type: framework.TypeString},
		},
		ExistenceCheck: backend.Exists(b, decode, func(context.Context, *logical.Request, string) (bool, error) { return false, nil }),
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.CreateOperation: operation,
		},
	}}
	return b, b.Setup(ctx, config)
}

func TestPluginNeverQuotesAValue(t *testing.T) {
	const secret = "hunter2"
	m := backendtest.New(t, secretive)
	m.MustWrite("secret/a", map[string]any{"password": secret})
	for _, value := range []any{map[string]any{"p": secret}, []any{secret}, []any{map[string]any{"p": secret}}} {
		answer := m.Write("secret/a", map[string]any{"password": value})
		if answer.Status != http.StatusBadRequest || !strings.Contains(answer.Message, "'password' expected type 'string'") {
			t.Errorf("got %d %q", answer.Status, answer.Message)
		}
		if strings.Contains(answer.Message+m.Logs.String(), secret) {
			t.Errorf("the value leaked: %q\n%s", answer.Message, m.Logs)
		}
	}
}
