package backend

import (
	"context"
	"sync/atomic"

	"github.com/hashicorp/vault/sdk/helper/consts"
	"github.com/hashicorp/vault/sdk/logical"
)

// Setup is the framework's, which asks Vault for its replication state with every request: in a
// plugin that is a call to Vault, as dear as the request itself. Vault sets a mount up anew
// when its role in replication changes, so the first answer serves until then.
func (p Plugin) Setup(ctx context.Context, config *logical.BackendConfig) error {
	if config != nil && config.System != nil {
		steady := *config
		steady.System = &steadyView{SystemView: config.System}
		config = &steady
	}
	return p.Backend.Setup(ctx, config)
}

// steadyView remembers the replication state.
type steadyView struct {
	logical.SystemView
	state atomic.Uint32 // 0 until an answer came
}

// ReplicationState is Vault's answer, asked for again where it could not be had.
func (v *steadyView) ReplicationState() consts.ReplicationState {
	if state := v.state.Load(); state != 0 {
		return consts.ReplicationState(state)
	}
	state := v.SystemView.ReplicationState()
	v.state.Store(uint32(state))
	return state
}
