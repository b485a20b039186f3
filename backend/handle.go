package backend

import (
	"context"
	"runtime/debug"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
)

// Logged is anything with a logger; a *framework.Backend is one. The logger is asked for
// at each use because a backend has none until Vault has set it up.
type Logged interface{ Logger() hclog.Logger }

// Run is the logic behind one path and operation. It gets the decoded request and answers
// as a framework callback does: nil, nil is 204 on a write and 404 on a read. An [*Error]
// reaches the client as it is, any other error as a 500 that names nothing.
type Run[Req any] func(ctx context.Context, r *logical.Request, req Req) (*logical.Response, error)

// Handle joins a decoder and its logic into a framework callback. Whatever decode reports
// through its [Fields] is answered with 400 before run is called. A panic in either becomes
// a 500 that names nothing secret: unrecovered, it would end the process and with it every
// mount of the plugin.
func Handle[Req any](b Logged, decode func(*Fields) Req, run Run[Req]) framework.OperationFunc {
	return func(ctx context.Context, r *logical.Request, data *framework.FieldData) (resp *logical.Response, err error) {
		defer func() {
			if cause := recover(); cause != nil {
				resp, err = nil, recovered(b.Logger(), r)
			}
		}()
		fields := NewFields(data)
		req := decode(fields)
		if err = fields.Err(); err == nil {
			resp, err = run(ctx, r, req)
		}
		if err != nil {
			return translate(b.Logger(), r, err)
		}
		return resp, nil
	}
}

// Exists joins a decoder and a look-up into a framework existence check, by which Vault
// tells a create from an update. It has [Handle]'s protection against panics. What is refused
// with 400 passes for an update: the operation refuses it again, and its text reaches the
// client, while core makes a 500 of any error found here.
func Exists[Req any](b Logged, decode func(*Fields) Req, exists func(context.Context, *logical.Request, Req) (bool, error)) framework.ExistenceFunc {
	return func(ctx context.Context, r *logical.Request, data *framework.FieldData) (found bool, err error) {
		defer func() {
			if cause := recover(); cause != nil {
				found, err = false, recovered(b.Logger(), r)
			}
		}()
		fields := NewFields(data)
		req := decode(fields)
		if err = fields.Err(); err == nil {
			found, err = exists(ctx, r, req)
		}
		if err == nil {
			return found, nil
		}
		refused, err := translate(b.Logger(), r, err)
		if refused != nil {
			return true, nil
		}
		return false, err
	}
}

// recovered logs where a panic happened, never its value: that may hold a caller's data.
func recovered(log hclog.Logger, r *logical.Request) error {
	log.Error("panic while serving a request", "request_id", r.ID, "operation", string(r.Operation), "mount", r.MountPoint, "stack", string(debug.Stack()))
	return internalError(r)
}

// Guard runs background work so that a panic in it is logged and ends that work alone.
// Every goroutine that a plugin starts runs inside it.
func Guard(log hclog.Logger, name string, work func()) {
	defer func() {
		if cause := recover(); cause != nil {
			log.Error("panic in background work", "work", name, "stack", string(debug.Stack()))
		}
	}()
	work()
}
