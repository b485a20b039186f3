package worker

import (
	"net/rpc"
	"time"

	"github.com/hashicorp/go-plugin"
)

// handshake tells a worker from a process started by hand. Both ends are the
// same executable, so the version never differs.
var handshake = plugin.HandshakeConfig{
	ProtocolVersion:  1,
	MagicCookieKey:   "PALISADE_HSMSEAL_WORKER",
	MagicCookieValue: "token",
}

const pluginName = "token"

// rpcPlugin is the net/rpc plugin of both ends: the service in the worker, the
// plain RPC client in the daemon.
type rpcPlugin struct{ service *service }

// Server returns the worker's service.
func (p rpcPlugin) Server(*plugin.MuxBroker) (any, error) { return p.service, nil }

// Client returns the *rpc.Client.
func (rpcPlugin) Client(_ *plugin.MuxBroker, client *rpc.Client) (any, error) { return client, nil }

// Setup is the first call to a worker. It is exported for net/rpc only.
type Setup struct {
	// Module, Label, Serial and StateDir are the Config's.
	Module, Label, Serial, StateDir string
	// PIN prints as nothing.
	PIN secret
	// Deadline bounds each later call: the daemon kills a worker that overruns it.
	Deadline time.Duration
}

// Wrapping is the request of Wrap and Unwrap. It is exported for net/rpc only.
type Wrapping struct {
	// Key is the wrapping key.
	Key KeyRef
	// Data is the data key to wrap, or the wrap to open.
	Data []byte
	// AAD is bound to the wrap.
	AAD []byte
}

// Answer is the reply of every call. It is exported for net/rpc only.
type Answer struct {
	// Fault is the call's error; nil when it succeeded.
	Fault *fault
	// Data, KeyInfo and Status are the result of the call that has such a one.
	Data    []byte
	KeyInfo KeyInfo
	Status  Status
}
