// Package backendtest drives a Vault plugin's backend as Vault would, in one process: every
// request, response and error passes through the plugin protocol's wire form, so that a
// unit test sees the status, the numbers and the texts that a client of real Vault sees.
package backendtest

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/hashicorp/vault/sdk/logical"
)

// Mount is one mount of a backend over in-memory [Storage].
type Mount struct {
	// Storage is the mount's storage; tests inject faults into it and count its calls.
	Storage *Storage
	// Logs is what the backend has logged so far, for a test that nothing secret is in it.
	Logs *Logs
	// Template is copied into each request: Connection, Headers, EntityID, MountPoint.
	Template logical.Request

	t       testing.TB
	factory logical.Factory
	options map[string]string
	backend logical.Backend
}

// New mounts what factory makes, over empty storage, until the test ends.
func New(t testing.TB, factory logical.Factory) *Mount {
	return NewWithOptions(t, factory, nil)
}

// NewWithOptions is [New] with mount options, as `vault auth enable -options=k=v` gives.
func NewWithOptions(t testing.TB, factory logical.Factory, options map[string]string) *Mount {
	t.Helper()
	m := &Mount{
		Storage:  NewStorage(),
		Logs:     &Logs{},
		Template: logical.Request{MountPoint: "mount/"},
		t:        t,
		factory:  factory,
		options:  options,
	}
	m.start()
	t.Cleanup(func() { m.backend.Cleanup(context.Background()) })
	return m
}

// Restart replaces the backend by a fresh one over the same storage, as a plugin reload, a
// restart or a failover does: whatever lived in memory is gone.
func (m *Mount) Restart() {
	m.t.Helper()
	m.backend.Cleanup(context.Background())
	m.start()
}

// Backend is the backend itself, for what no request reaches, such as Invalidate.
func (m *Mount) Backend() logical.Backend { return m.backend }

func (m *Mount) start() {
	m.t.Helper()
	config := &logical.BackendConfig{
		StorageView: m.Storage,
		Logger:      m.Logs.Logger(),
		System: &logical.StaticSystemView{
			DefaultLeaseTTLVal: time.Hour,
			MaxLeaseTTLVal:     24 * time.Hour,
		},
		BackendUUID: uuid.NewString(),
		Config:      m.options,
	}
	ctx := context.Background()
	backend, err := m.factory(ctx, config)
	if err != nil {
		m.t.Fatalf("factory: %v", err)
	}
	if err := backend.Initialize(ctx, &logical.InitializationRequest{Storage: m.Storage}); err != nil {
		m.t.Fatalf("initialize: %v", err)
	}
	m.backend = backend
}
