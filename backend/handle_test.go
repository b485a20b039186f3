package backend_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
	"github.com/palisade-vault/palisade/backend"
	"github.com/palisade-vault/palisade/backend/backendtest"
)

type echoRequest struct {
	name   string
	bytes  []byte
	number int
}

// echo is a backend whose one path does what run says.
func echo(run backend.Run[echoRequest]) logical.Factory {
	return func(ctx context.Context, config *logical.BackendConfig) (logical.Backend, error) {
		b := &framework.Backend{BackendType: logical.TypeLogical}
		operation := &framework.PathOperation{
			Callback:  backend.Handle(b, decodeEcho, run),
			Responses: map[int][]framework.Response{http.StatusOK: {{Description: "OK"}}},
		}
		b.Paths = []*framework.Path{{
			Pattern: "echo/" + framework.GenericNameRegex("name"),
			Fields: map[string]*framework.FieldSchema{
				"name":   {Type: framework.TypeString},
				"bytes":  {Type: framework.TypeString},
				"number": {Type: framework.TypeInt, Default: 7},
			},
			Operations: map[logical.Operation]framework.OperationHandler{
				logical.ReadOperation:   operation,
				logical.UpdateOperation: operation,
			},
		}}
		return b, b.Setup(ctx, config)
	}
}

func decodeEcho(f *backend.Fields) echoRequest {
	return echoRequest{name: f.String("name"), bytes: f.Base64("bytes"), number: f.Int("number")}
}

func TestHandleTranslatesErrorsAcrossTheProcessBoundary(t *testing.T) {
	const secret = "cleartext-that-must-not-leave"
	for _, test := range []struct {
		name    string
		err     error
		status  int
		message string
	}{
		{"invalid", backend.Invalid("key %q is odd", "a"), http.StatusBadRequest, `key "a" is odd`},
		{"denied", backend.Denied("not yours"), http.StatusForbidden, "not yours"},
		{"not found", backend.NotFound("no such key"), http.StatusNotFound, "no such key"},
		{"unavailable", backend.Unavailable("try again"), http.StatusServiceUnavailable, "try again"},
		{"wrapped", fmt.Errorf("outer: %w", backend.Denied("inner")), http.StatusForbidden, "inner"},
		{"joined", errors.Join(errors.New(secret), backend.NotFound("gone")), http.StatusNotFound, "gone"},
		{"storage refuses the name", fmt.Errorf("failed to read: %s", logical.ErrRelativePath), http.StatusBadRequest, "relative paths not supported"},
		{"foreign", errors.New(secret), http.StatusInternalServerError, "internal error, see Vault's log for request "},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := backendtest.New(t, echo(func(context.Context, *logical.Request, echoRequest) (*logical.Response, error) {
				return nil, test.err
			}))
			answer := m.Write("echo/a", nil)
			message := answer.Message
			if test.status != http.StatusBadRequest { // core frames what is not an error response
				message = strings.TrimPrefix(message, "1 error occurred:\n\t* ")
			}
			if answer.Status != test.status || !strings.HasPrefix(message, test.message) {
				t.Errorf("got %d %q, want %d %q", answer.Status, answer.Message, test.status, test.message)
			}
			if strings.Contains(answer.Message, secret) {
				t.Errorf("the cause reached the client: %q", answer.Message)
			}
			logged := strings.Contains(m.Logs.String(), answer.RequestID)
			if wantLogged := test.status == http.StatusInternalServerError; logged != wantLogged {
				t.Errorf("logged: %v, want %v:\n%s", logged, wantLogged, m.Logs)
			}
		})
	}
}

// A refusal found by an existence check reaches the client through the operation, in full.
func TestExistsLeavesRefusalsToTheOperation(t *testing.T) {
	for _, test := range []struct {
		err     error
		status  int
		message string
	}{
		{backend.Invalid("odd name"), http.StatusBadRequest, "odd name"},
		{errors.New("disk on fire"), http.StatusInternalServerError, "internal error"},
	} {
		m := backendtest.New(t, func(ctx context.Context, config *logical.BackendConfig) (logical.Backend, error) {
			made, err := echo(func(context.Context, *logical.Request, echoRequest) (*logical.Response, error) { return nil, test.err })(ctx, config)
			if b, ok := made.(*framework.Backend); ok {
				b.Paths[0].ExistenceCheck = backend.Exists(b, decodeEcho, func(context.Context, *logical.Request, echoRequest) (bool, error) { return false, test.err })
			}
			return made, err
		})
		answer := m.Write("echo/a", nil)
		if answer.Status != test.status || !strings.Contains(answer.Message, test.message) || answer.Response != nil && !answer.Response.IsError() {
			t.Errorf("got %d %q", answer.Status, answer.Message)
		}
	}
}

func TestHandleRecoversFromPanic(t *testing.T) {
	const secret = "plaintext-in-a-panic"
	m := backendtest.New(t, echo(func(context.Context, *logical.Request, echoRequest) (*logical.Response, error) {
		panic(secret)
	}))
	answer := m.Write("echo/a", nil)
	if answer.Status != http.StatusInternalServerError {
		t.Errorf("status %d", answer.Status)
	}
	if strings.Contains(answer.Message+m.Logs.String(), secret) {
		t.Errorf("the panic's value leaked: %q\n%s", answer.Message, m.Logs)
	}
	if !strings.Contains(m.Logs.String(), "handle_test.go") {
		t.Errorf("no stack in the log:\n%s", m.Logs)
	}
}

func TestHandleDecodesBeforeItRuns(t *testing.T) {
	ran := false
	m := backendtest.New(t, echo(func(_ context.Context, _ *logical.Request, req echoRequest) (*logical.Response, error) {
		ran = true
		return &logical.Response{Data: map[string]any{"name": req.name, "bytes": string(req.bytes), "number": req.number}}, nil
	}))

	answer := m.Write("echo/a", map[string]any{"bytes": "not base64!"})
	if answer.Status != http.StatusBadRequest || answer.Message != "failed to base64-decode bytes" || ran {
		t.Errorf("got %d %q, ran %v", answer.Status, answer.Message, ran)
	}
	answer = m.Write("echo/a", map[string]any{"number": map[string]any{}})
	if answer.Status != http.StatusBadRequest || ran {
		t.Errorf("got %d %q, ran %v", answer.Status, answer.Message, ran)
	}
	answer = m.Write("echo/a", map[string]any{"number": 1.5})
	if answer.Status != http.StatusBadRequest || answer.Message != "'number' expected type 'int', got unconvertible type 'float64'" || ran {
		t.Errorf("got %d %q, ran %v", answer.Status, answer.Message, ran)
	}
	if answer = m.MustWrite("echo/a", map[string]any{"number": "12"}); answer.Data["number"] != float64(12) {
		t.Errorf("got %v", answer.Data)
	}
	if answer = m.MustWrite("echo/a", map[string]any{"number": 13}); answer.Data["number"] != float64(13) {
		t.Errorf("got %v", answer.Data)
	}
	answer = m.MustWrite("echo/a", map[string]any{"bytes": "eHl6"})
	if answer.Data["bytes"] != "xyz" || answer.Data["number"] != float64(7) || answer.Data["name"] != "a" {
		t.Errorf("got %v", answer.Data)
	}
}

func TestGuardRecovers(t *testing.T) {
	logs := &backendtest.Logs{}
	backend.Guard(logs.Logger(), "sweeper", func() { panic("secret") })
	if text := logs.String(); !strings.Contains(text, "sweeper") || strings.Contains(text, "panic: secret") {
		t.Errorf("logged %q", text)
	}
}
