package pqtransit

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/vault/sdk/helper/automatedrotationutil"
	"github.com/hashicorp/vault/sdk/logical"
	sdkrotation "github.com/hashicorp/vault/sdk/rotation"

	"github.com/palisade-vault/palisade/backend/backendtest"
)

// host is one with a rotation manager, or without one as Community is.
type host struct {
	logical.StaticSystemView
	refusal error
	calls   []string
}

func (h *host) RegisterRotationJob(_ context.Context, job *sdkrotation.RotationJobConfigureRequest) (string, error) {
	h.calls = append(h.calls, "register "+job.MountPoint+job.ReqPath+" "+job.RotationSchedule+" "+job.RotationWindow.String())
	return "id", h.refusal
}

func (h *host) DeregisterRotationJob(_ context.Context, job *sdkrotation.RotationJobDeregisterRequest) error {
	h.calls = append(h.calls, "deregister "+job.MountPoint+job.ReqPath)
	return h.refusal
}

// Schedules are the host's to keep where it keeps any; that it keeps none is no fault.
func TestSchedulesAreRegisteredWithTheHost(t *testing.T) {
	for name, refusal := range map[string]error{
		"Enterprise": nil,
		"Community":  automatedrotationutil.ErrRotationManagerUnsupported,
		"older host": errors.New("rpc error: code = Unimplemented desc = unknown method RegisterRotationJobWithResponse"),
	} {
		t.Run(name, func(t *testing.T) {
			system := &host{refusal: refusal}
			system.DefaultLeaseTTLVal, system.MaxLeaseTTLVal = time.Hour, time.Hour
			storage := backendtest.NewStorage()
			engine, err := Factory(t.Context(), &logical.BackendConfig{
				StorageView: storage, Logger: (&backendtest.Logs{}).Logger(), System: system, BackendUUID: "u",
			})
			if err != nil {
				t.Fatal(err)
			}
			defer engine.Cleanup(context.Background())
			b := engine.(*pqBackend)
			request := func(operation logical.Operation, path string, data map[string]any) *logical.Response {
				t.Helper()
				answer, err := engine.HandleRequest(t.Context(), &logical.Request{
					Operation: operation, Path: path, Data: data, Storage: storage, MountPoint: "m/",
				})
				if err != nil || (answer != nil && answer.IsError()) {
					t.Fatalf("%s %s: %v, %v", operation, path, answer, err)
				}
				return answer
			}
			request(logical.UpdateOperation, "keys/plain", nil)
			request(logical.UpdateOperation, "keys/k", map[string]any{"rotation_schedule": "0 3 * * *", "rotation_window": "1h"})
			request(logical.UpdateOperation, "keys/k/config", map[string]any{"deletion_allowed": true})
			now := time.Now()
			b.rotation.now = func() time.Time { return now }
			for _, want := range []int{1, 2, 2} { // not due; due; done already
				request(logical.RotationOperation, "keys/k", nil)
				if got := request(logical.ReadOperation, "keys/k", nil).Data["latest_version"]; got != want {
					t.Errorf("version %v, want %d", got, want)
				}
				if want == 1 {
					schedule := request(logical.ReadOperation, "keys/k", nil).Data["next_vault_rotation"].(time.Time)
					now = schedule.Add(time.Minute)
				} else {
					now = time.Now()
				}
			}
			request(logical.RotationOperation, "keys/none", nil)
			request(logical.UpdateOperation, "keys/k/config", map[string]any{"rotation_schedule": ""})
			if diff := cmp.Diff([]string{"register m/keys/k 0 3 * * * 1h0m0s", "deregister m/keys/k"}, system.calls); diff != "" {
				t.Error(diff)
			}
		})
	}
}
