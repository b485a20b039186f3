package backend

import (
	"context"
	"fmt"
	"math"
	"runtime/debug"
	"sync"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"github.com/hashicorp/vault/sdk/helper/pluginutil"
	"github.com/hashicorp/vault/sdk/logical"
	"github.com/hashicorp/vault/sdk/plugin/pb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// direct answers the two calls that Vault makes for every request of a client itself, and
// leaves all others to the sdk's server, which it stands before. It differs from that in
// speed alone: an existence check decodes no parameters, and JSON is read and written by a
// codec of our own.
type direct struct {
	log    hclog.Logger
	mounts sync.Map // multiplexing id -> mount
}

// receiveWindow is how much Vault may send ahead of what was read, in bytes: as much as most
// requests have.
const receiveWindow = 16 << 20

// mount is what the sdk's server made for one mount.
type mount struct {
	backend logical.Backend
	storage logical.Storage
}

// byPathAlone marks backends whose existence check looks at no parameter.
type byPathAlone interface{ existsByPathAlone() }

func (Plugin) existsByPathAlone() {}

func newDirect(log hclog.Logger) *direct { return &direct{log: log} }

// factory remembers what is made, under the id that each later call of the mount carries.
// Without an id, as older Vaults call, the sdk's server does all.
func (d *direct) factory(make logical.Factory) logical.Factory {
	return func(ctx context.Context, config *logical.BackendConfig) (logical.Backend, error) {
		backend, err := make(ctx, config)
		if err != nil {
			return nil, err
		}
		if id, err := pluginutil.GetMultiplexIDFromContext(ctx); err == nil {
			d.mounts.Store(id, mount{backend: backend, storage: config.StorageView})
		}
		return backend, nil
	}
}

// server is the gRPC server with the options that pay, see docs/benchmarks.md.
func (d *direct) server(options []grpc.ServerOption) *grpc.Server {
	return goplugin.DefaultGRPCServer(append(
		options,
		grpc.MaxRecvMsgSize(math.MaxInt32),
		grpc.MaxSendMsgSize(math.MaxInt32),
		// A fixed window spares the pings by which gRPC else estimates one.
		grpc.InitialWindowSize(receiveWindow), grpc.InitialConnWindowSize(receiveWindow),
		grpc.UnaryInterceptor(d.intercept),
	))
}

// intercept also keeps a panic from ending the process, and with it every mount.
func (d *direct) intercept(ctx context.Context, args any, call *grpc.UnaryServerInfo, sdk grpc.UnaryHandler) (reply any, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			d.log.Error("panic while serving a call", "method", call.FullMethod, "stack", string(debug.Stack()))
			reply, err = nil, status.Error(codes.Internal, "internal error, see Vault's log")
		}
	}()
	switch args := args.(type) {
	case *pb.HandleRequestArgs:
		if m, ok := d.mount(ctx); ok {
			return m.handleRequest(ctx, args.Request)
		}
	case *pb.HandleExistenceCheckArgs:
		if m, ok := d.mount(ctx); ok {
			return m.handleExistenceCheck(ctx, args.Request)
		}
	case *pb.Empty:
		if call.FullMethod == pb.Backend_Cleanup_FullMethodName {
			defer d.forget(ctx)
		}
	}
	return sdk(ctx, args)
}

// mount is the one that a call is for, unless the call is one that the sdk must serve: there
// is none of that id, or Vault Enterprise adds to it what only the sdk understands.
func (d *direct) mount(ctx context.Context) (mount, bool) {
	id, err := pluginutil.GetMultiplexIDFromContext(ctx)
	if err != nil || pluginutil.InMetadataMode() {
		return mount{}, false
	}
	for _, enterprise := range []string{"snapshot_id", "index_state_cluster_id"} {
		if len(metadata.ValueFromIncomingContext(ctx, enterprise)) > 0 {
			return mount{}, false
		}
	}
	found, _ := d.mounts.Load(id)
	m, ok := found.(mount)
	return m, ok
}

func (d *direct) forget(ctx context.Context) {
	if id, err := pluginutil.GetMultiplexIDFromContext(ctx); err == nil {
		d.mounts.Delete(id)
	}
}

func (m mount) handleRequest(ctx context.Context, sent *pb.Request) (*pb.HandleRequestReply, error) {
	request, err := m.request(sent, true)
	if err != nil {
		return nil, err
	}
	answer, answerErr := m.backend.HandleRequest(logical.IndexStateContext(ctx, &logical.WALState{}), request)
	response, err := encodeResponse(answer)
	if err != nil {
		return nil, err
	}
	return &pb.HandleRequestReply{Response: response, Err: pb.ErrToProtoErr(answerErr), WalIndex: &pb.WALIndex{}}, nil
}

func (m mount) handleExistenceCheck(ctx context.Context, sent *pb.Request) (*pb.HandleExistenceCheckReply, error) {
	_, pathAlone := m.backend.(byPathAlone)
	request, err := m.request(sent, !pathAlone)
	if err != nil {
		return nil, err
	}
	checked, exists, err := m.backend.HandleExistenceCheck(ctx, request)
	return &pb.HandleExistenceCheckReply{CheckFound: checked, Exists: exists, Err: pb.ErrToProtoErr(err)}, nil
}

// request takes the parameters out before the sdk translates the rest.
func (m mount) request(sent *pb.Request, parameters bool) (*logical.Request, error) {
	encoded := sent.Data
	sent.Data = "{}"
	request, err := pb.ProtoRequestToLogicalRequest(sent)
	if err != nil {
		return nil, fmt.Errorf("the request does not decode: %w", err)
	}
	request.Storage = m.storage
	if parameters {
		request.Data, err = decodeObject(encoded)
	}
	return request, err
}

// encodeResponse is the sdk's translation with an encoding of the data that is ours.
func encodeResponse(answer *logical.Response) (*pb.Response, error) {
	if answer == nil {
		return nil, nil
	}
	data, err := encodeObject(answer.Data)
	if err != nil {
		return nil, err
	}
	bare := *answer
	bare.Data = nil
	response, err := pb.LogicalResponseToProtoResponse(&bare)
	if err != nil {
		return nil, fmt.Errorf("the response does not encode: %w", err)
	}
	response.Data = data
	return response, nil
}
