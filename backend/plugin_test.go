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

// The plugin protocol makes floats of all numbers; they must not be cut to fit.
func TestPluginRefusesNumbersThatDoNotFit(t *testing.T) {
	m := backendtest.New(t, func(ctx context.Context, config *logical.BackendConfig) (logical.Backend, error) {
		made, err := echo(func(_ context.Context, _ *logical.Request, req echoRequest) (*logical.Response, error) {
			return &logical.Response{Data: map[string]any{"number": req.number, "name": req.name}}, nil
		})(ctx, config)
		b, ok := made.(*framework.Backend)
		if !ok {
			t.Fatalf("got a %T", made)
		}
		b.Paths[0].Fields["flag"] = &framework.FieldSchema{Type: framework.TypeBool}
		b.Paths[0].Fields["period"] = &framework.FieldSchema{Type: framework.TypeDurationSecond}
		decode := func(f *backend.Fields) echoRequest {
			f.Bool("flag")
			return echoRequest{number: f.Int("number") + int(f.Seconds("period").Seconds())}
		}
		b.Paths[0].Operations[logical.UpdateOperation] = &framework.PathOperation{
			Callback: backend.Handle(b, decode, func(_ context.Context, _ *logical.Request, req echoRequest) (*logical.Response, error) {
				return &logical.Response{Data: map[string]any{"number": req.number}}, nil
			}),
			Responses: map[int][]framework.Response{http.StatusOK: {{Description: "OK"}}},
		}
		return backend.Plugin{Backend: b}, err
	})
	for _, test := range []struct {
		data   map[string]any
		status int
		number float64
	}{
		{map[string]any{"number": 3.0}, http.StatusOK, 3},
		{map[string]any{"number": -1 << 53}, http.StatusOK, -1 << 53},
		{map[string]any{"number": "3", "flag": "true", "period": "1m"}, http.StatusOK, 63},
		{map[string]any{"number": 0, "flag": 1, "period": 60}, http.StatusOK, 60},
		{map[string]any{"number": 1.5}, http.StatusBadRequest, 0},
		{map[string]any{"number": 1e20}, http.StatusBadRequest, 0},
		{map[string]any{"number": -1e300}, http.StatusBadRequest, 0},
		{map[string]any{"flag": 2}, http.StatusBadRequest, 0},
		{map[string]any{"flag": 1.5}, http.StatusBadRequest, 0},
		{map[string]any{"period": 60.5}, http.StatusBadRequest, 0},
		{map[string]any{"period": 1e30}, http.StatusBadRequest, 0},
	} {
		answer := m.Write("echo/a", test.data)
		if answer.Status != test.status || test.status == http.StatusOK && answer.Data["number"] != test.number {
			t.Errorf("%v: got %d %q %v", test.data, answer.Status, answer.Message, answer.Data)
		}
	}
}
