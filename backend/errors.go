package backend

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/vault/sdk/logical"
)

// Error is a refusal whose text is meant for the client: short, true and free of secrets.
// Every other error type reaches the client as a 500 that says nothing of its cause.
type Error struct {
	// Status is the HTTP status the client gets, 400 to 599.
	Status int
	// Message is the text in the answer's "errors" list: lower case, names the thing.
	Message string
}

func (e *Error) Error() string { return e.Message }

// Invalid is the error for a request that can never succeed as it stands: status 400.
func Invalid(format string, args ...any) error {
	return newError(http.StatusBadRequest, format, args)
}

// Denied is the error for a caller who may not do what was asked: status 403.
func Denied(format string, args ...any) error {
	return newError(http.StatusForbidden, format, args)
}

// NotFound is the error for a named thing that does not exist: status 404.
func NotFound(format string, args ...any) error {
	return newError(http.StatusNotFound, format, args)
}

// Unavailable is the error for a request that may succeed when repeated later: status 503.
func Unavailable(format string, args ...any) error {
	return newError(http.StatusServiceUnavailable, format, args)
}

func newError(status int, format string, args []any) error {
	return &Error{Status: status, Message: fmt.Sprintf(format, args...)}
}

// translate turns err into what keeps its status and its text on the way to the client. A
// refusal with 400 is an error response, as Vault's own engines give it: core puts "1 error
// occurred" around an error's text, and shows it in the audit log in clear. Every other
// status needs a bare coded error, because the plugin protocol knows errors by identity and a
// wrapped one would arrive as a 500 (sdk/plugin/pb, ErrToProtoErr).
func translate(log hclog.Logger, req *logical.Request, err error) (*logical.Response, error) {
	var refusal *Error
	switch {
	case errors.As(err, &refusal) && refusal.Status == http.StatusBadRequest:
		return refuse(refusal.Message)
	case errors.As(err, &refusal):
		return nil, logical.CodedError(refusal.Status, refusal.Message)
	case strings.Contains(err.Error(), logical.ErrReadOnly.Error()):
		// Core recognises this one by its text and forwards the request.
		return nil, logical.ErrReadOnly
	case strings.Contains(err.Error(), logical.ErrRelativePath.Error()):
		// Vault's storage refuses a name with ".." in it, which its patterns let through.
		return refuse(logical.ErrRelativePath.Error())
	}
	log.Error("request failed", "request_id", req.ID, "operation", string(req.Operation), "mount", req.MountPoint, "error", err)
	return nil, internalError(req)
}

func refuse(text string) (*logical.Response, error) {
	return logical.ErrorResponse("%s", text), logical.ErrInvalidRequest
}

func internalError(req *logical.Request) error {
	return logical.CodedError(http.StatusInternalServerError,
		fmt.Sprintf("internal error, see Vault's log for request %s", req.ID))
}
