package backend_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/helper/pluginutil"
	"github.com/hashicorp/vault/sdk/logical"
	"github.com/hashicorp/vault/sdk/plugin"
	"google.golang.org/grpc/metadata"
	"pgregory.net/rapid"

	"github.com/palisade-vault/palisade/backend"
	"github.com/palisade-vault/palisade/backend/backendtest"
)

// pluginVariable makes the test's own program a plugin: "ours" or "sdk" says on which server.
const pluginVariable = "PALISADE_TEST_PLUGIN"

func TestMain(m *testing.M) {
	switch os.Getenv(pluginVariable) {
	case "ours":
		os.Args = os.Args[:1]
		backend.Serve(mirror)
	case "sdk":
		if err := plugin.ServeMultiplex(&plugin.ServeOpts{BackendFactoryFunc: mirror}); err != nil {
			os.Exit(1)
		}
	default:
		os.Exit(m.Run())
	}
}

// refusals are errors of every kind that crosses the process boundary in its own way.
var refusals = map[string]error{
	"invalid":     logical.ErrInvalidRequest,
	"denied":      logical.ErrPermissionDenied,
	"unsupported": logical.ErrUnsupportedOperation,
	"path":        logical.ErrUnsupportedPath,
	"read-only":   logical.ErrReadOnly,
	"coded":       logical.CodedError(http.StatusTooManyRequests, "later"),
	"wrapped":     fmt.Errorf("outer: %w", logical.ErrPermissionDenied),
	"plain":       errors.New("plain"),
}

// mirror shows what of a request reached it, and answers what it is told to.
func mirror(ctx context.Context, config *logical.BackendConfig) (logical.Backend, error) {
	b := backend.Plugin{Backend: &framework.Backend{BackendType: logical.TypeLogical, RunningVersion: "v1.2.3"}}
	operation := &framework.PathOperation{Callback: reflection}
	b.Paths = []*framework.Path{{
		Pattern:             "mirror/" + framework.GenericNameRegex("name"),
		TakesArbitraryInput: true,
		Fields:              map[string]*framework.FieldSchema{"name": {Type: framework.TypeString}},
		ExistenceCheck: func(_ context.Context, r *logical.Request, _ *framework.FieldData) (bool, error) {
			switch {
			case strings.HasSuffix(r.Path, "panic"):
				panic("hunter2")
			case strings.HasSuffix(r.Path, "refused"):
				return false, logical.CodedError(http.StatusTeapot, "no")
			}
			return strings.HasSuffix(r.Path, "there"), nil
		},
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.CreateOperation: operation, logical.UpdateOperation: operation, logical.ReadOperation: operation,
		},
	}}
	return b, b.Setup(ctx, config)
}

func reflection(ctx context.Context, r *logical.Request, data *framework.FieldData) (*logical.Response, error) {
	switch kind, _ := data.Raw["answer"].(string); kind {
	case "nothing":
		return nil, nil
	case "panic":
		panic("hunter2")
	case "raw":
		return logical.RespondWithStatusCode(&logical.Response{Data: map[string]any{"x": 1}}, r, http.StatusMultiStatus)
	case "without data":
		return &logical.Response{Warnings: []string{"careful"}, Headers: map[string][]string{"X-A": {"b"}}}, nil
	case "not JSON":
		return &logical.Response{Data: map[string]any{"channel": make(chan int)}}, nil
	case "store":
		if err := r.Storage.Put(ctx, &logical.StorageEntry{Key: "a", Value: []byte("b")}); err != nil {
			return nil, err
		}
		entry, err := r.Storage.Get(ctx, "a")
		return &logical.Response{Data: map[string]any{"entry": string(entry.Value)}}, err
	default:
		if err := refusals[kind]; err != nil {
			return logical.ErrorResponse("told to"), err
		}
	}
	shown := *r
	shown.Storage, shown.Data, shown.Connection = nil, nil, nil
	return &logical.Response{Data: map[string]any{
		"data": data.Raw, "nil": r.Data == nil, "request": fmt.Sprintf("%+v", shown), "from": r.Connection.RemoteAddr,
	}}, nil
}

// served is the mirror in a process of its own.
type served struct {
	backend logical.Backend
	id      string
}

func startPlugin(t *testing.T, server string, ids ...string) []served {
	t.Helper()
	command := exec.CommandContext(t.Context(), os.Args[0])
	command.Env = append(os.Environ(), pluginVariable+"="+server, pluginutil.PluginAutoMTLSEnv+"=true")
	client := goplugin.NewClient(&goplugin.ClientConfig{
		HandshakeConfig:  plugin.HandshakeConfig,
		VersionedPlugins: map[int]goplugin.PluginSet{5: {plugin.BackendPluginName: &plugin.GRPCBackendPlugin{}}},
		Cmd:              command,
		AutoMTLS:         true,
		AllowedProtocols: []goplugin.Protocol{goplugin.ProtocolGRPC},
		Logger:           hclog.NewNullLogger(),
	})
	t.Cleanup(client.Kill)
	connection, err := client.Client()
	if err != nil {
		t.Fatal(err)
	}
	var mounts []served
	for _, id := range ids {
		dispensed, err := connection.Dispense(plugin.BackendPluginName)
		if err != nil {
			t.Fatal(err)
		}
		s := served{backend: dispensed.(logical.Backend), id: id}
		err = s.backend.Setup(s.context(t.Context()), &logical.BackendConfig{
			StorageView: backendtest.NewStorage(), Logger: hclog.NewNullLogger(), System: &logical.StaticSystemView{},
		})
		if err != nil {
			t.Fatal(err)
		}
		mounts = append(mounts, s)
	}
	return mounts
}

// context carries the mount's id, as Vault's calls do.
func (s served) context(ctx context.Context) context.Context {
	return metadata.AppendToOutgoingContext(ctx, pluginutil.MultiplexingCtxKey, s.id)
}

// outcome is all that a caller sees of one call.
type outcome struct {
	Response *logical.Response
	Err      string
	Kind     string
	Checked  bool
	Exists   bool
}

func kindOf(err error) string {
	var coded logical.HTTPCodedError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &coded):
		return fmt.Sprint("coded ", coded.Code())
	}
	for name, refusal := range refusals {
		if errors.Is(err, refusal) {
			return name
		}
	}
	return fmt.Sprint(reflect.TypeOf(err))
}

func (s served) request(t *testing.T, r logical.Request) outcome {
	t.Helper()
	response, err := s.backend.HandleRequest(s.context(t.Context()), &r)
	if err != nil {
		return outcome{Response: response, Err: err.Error(), Kind: kindOf(err)}
	}
	return outcome{Response: response}
}

func (s served) exists(t *testing.T, r logical.Request) outcome {
	t.Helper()
	checked, exists, err := s.backend.HandleExistenceCheck(s.context(t.Context()), &r)
	if err != nil {
		return outcome{Err: err.Error(), Kind: kindOf(err)}
	}
	return outcome{Checked: checked, Exists: exists}
}

// mirrored is a request with everything that the protocol carries.
func mirrored(path string, data map[string]any) logical.Request {
	return logical.Request{
		ID: "id", Operation: logical.UpdateOperation, Path: path, Data: data,
		Headers:     map[string][]string{"User-Agent": {"a", "b"}},
		ClientToken: "token", ClientTokenAccessor: "accessor", DisplayName: "name",
		MountPoint: "mount/", MountType: "mirror", MountAccessor: "mirror_1", EntityID: "entity",
		PolicyOverride: true, Unauthenticated: true, Connection: &logical.Connection{RemoteAddr: "192.0.2.1"},
	}
}

// Our server and the sdk's give the same answer to the same call, over the real wire.
func TestServeAnswersAsTheSDKDoes(t *testing.T) {
	ours, sdks := startPlugin(t, "ours", "a")[0], startPlugin(t, "sdk", "a")[0]
	compare := func(report rapid.TB, r logical.Request) {
		report.Helper()
		if diff := cmp.Diff(sdks.request(t, r), ours.request(t, r)); diff != "" {
			report.Errorf("%s %v: the sdk's server (-) and ours (+):\n%s", r.Path, r.Data, diff)
		}
		if diff := cmp.Diff(sdks.exists(t, r), ours.exists(t, r)); diff != "" {
			report.Errorf("%s: existence: the sdk's server (-) and ours (+):\n%s", r.Path, diff)
		}
	}
	kinds := []string{"nothing", "raw", "without data", "not JSON", "store"}
	for kind := range refusals {
		kinds = append(kinds, kind)
	}
	for _, kind := range kinds {
		compare(t, mirrored("mirror/x", map[string]any{"answer": kind}))
	}
	for _, path := range []string{"mirror/there", "mirror/refused", "nowhere", "mirror/x/y", ""} {
		compare(t, mirrored(path, nil))
	}
	read := mirrored("mirror/there", nil)
	read.Operation = logical.ReadOperation
	compare(t, read)
	read.Operation = logical.DeleteOperation
	compare(t, read)
	rapid.Check(t, func(rt *rapid.T) {
		compare(rt, mirrored("mirror/x", randomObject(rt, 3)))
	})
}

// randomObject is what a client may send, as Vault has decoded it.
func randomObject(t *rapid.T, depth int) map[string]any {
	return rapid.MapOfN(rapid.String(), rapid.Custom(func(t *rapid.T) any { return randomValue(t, depth) }), 0, 4).Draw(t, "object")
}

func randomValue(t *rapid.T, depth int) any {
	kinds := 6
	if depth > 0 {
		kinds = 8
	}
	switch rapid.IntRange(0, kinds-1).Draw(t, "kind") {
	case 0:
		return rapid.String().Draw(t, "string")
	case 1:
		return rapid.StringMatching(`[A-Za-z0-9+/]{0,80}=?`).Draw(t, "base64")
	case 2:
		return json.Number(fmt.Sprint(rapid.Int64().Draw(t, "int")))
	case 3:
		return rapid.Float64().Draw(t, "float")
	case 4:
		return rapid.Bool().Draw(t, "bool")
	case 5:
		return nil
	case 6:
		return randomObject(t, depth-1)
	}
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) any { return randomValue(t, depth-1) }), 0, 4).Draw(t, "list")
}

// Two mounts share the process, and one that was cleaned up is gone without the other.
func TestServeTellsMountsApart(t *testing.T) {
	mounts := startPlugin(t, "ours", "first", "second")
	store := mirrored("mirror/x", map[string]any{"answer": "store"})
	for _, m := range mounts {
		if got := m.request(t, store); got.Err != "" || got.Response.Data["entry"] != "b" {
			t.Fatalf("%s: %+v", m.id, got)
		}
	}
	mounts[0].backend.Cleanup(mounts[0].context(t.Context()))
	if got := mounts[0].request(t, store); !strings.Contains(got.Err, "no backend instance found") {
		t.Errorf("a mount that is gone answers %+v", got)
	}
	if got := mounts[1].request(t, store); got.Err != "" {
		t.Errorf("the other mount went with it: %+v", got)
	}
	if got := (served{backend: mounts[1].backend, id: "third"}).request(t, store); !strings.Contains(got.Err, "no backend instance found") {
		t.Errorf("a mount that never was answers %+v", got)
	}
}

// A panic outside of [backend.Handle] ends its request alone, and not the process with all of
// its mounts.
func TestServeRecovers(t *testing.T) {
	m := startPlugin(t, "ours", "a")[0]
	for name, got := range map[string]outcome{
		"request":   m.request(t, mirrored("mirror/x", map[string]any{"answer": "panic"})),
		"existence": m.exists(t, mirrored("mirror/panic", nil)),
	} {
		if !strings.Contains(got.Err, "internal error") || strings.Contains(got.Err, "hunter2") {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if got := m.request(t, mirrored("mirror/x", nil)); got.Err != "" {
		t.Errorf("afterwards: %+v", got)
	}
}

// The caller who goes is heard by the one who works for it.
func TestServePassesCancellationOn(t *testing.T) {
	m := startPlugin(t, "ours", "a")[0]
	ctx, cancel := context.WithCancel(m.context(t.Context()))
	cancel()
	r := mirrored("mirror/x", nil)
	if _, err := m.backend.HandleRequest(ctx, &r); err == nil || !strings.Contains(err.Error(), "cancel") {
		t.Errorf("got %v", err)
	}
}
