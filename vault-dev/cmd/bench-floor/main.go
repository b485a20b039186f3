// Command bench-floor is a secrets engine that does nothing, for `make bench`: it answers
// every request at once, with what was stored under the request's path. It is served as the
// sdk serves any plugin, and does not even match the path or look at the parameters, so no
// plugin on the sdk's server is faster.
package main

import (
	"context"
	"os"
	"sync"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
	"github.com/hashicorp/vault/sdk/plugin"
)

func main() {
	log := hclog.New(&hclog.LoggerOptions{Output: os.Stderr, JSONFormat: true})
	if err := plugin.ServeMultiplex(&plugin.ServeOpts{BackendFactoryFunc: factory}); err != nil {
		log.Error("plugin ends", "error", err)
		os.Exit(1)
	}
}

// result is one item's answer, of any operation: transit's own are structs with fewer fields.
type result struct {
	Ciphertext string `json:"ciphertext,omitempty"`
	Plaintext  string `json:"plaintext,omitempty"`
	Signature  string `json:"signature,omitempty"`
	HMAC       string `json:"hmac,omitempty"`
	Valid      *bool  `json:"valid,omitempty"`
	KeyVersion int    `json:"key_version,omitempty"`
	Reference  string `json:"reference"`
}

// single is the answer to a request without batch_input.
func (r result) single() map[string]any {
	data := map[string]any{}
	for name, value := range map[string]string{
		"ciphertext": r.Ciphertext, "plaintext": r.Plaintext, "signature": r.Signature, "hmac": r.HMAC,
	} {
		if value != "" {
			data[name] = value
		}
	}
	if r.KeyVersion != 0 {
		data["key_version"] = r.KeyVersion
	}
	if r.Valid != nil {
		data["valid"] = *r.Valid
	}
	return data
}

// floor answers what it was told to. The framework serves Vault's other calls alone.
type floor struct {
	*framework.Backend
	answers sync.Map // path -> result
}

func factory(ctx context.Context, config *logical.BackendConfig) (logical.Backend, error) {
	f := &floor{Backend: &framework.Backend{BackendType: logical.TypeLogical}}
	return f, f.Setup(ctx, config)
}

func (*floor) HandleExistenceCheck(context.Context, *logical.Request) (checked, exists bool, err error) {
	return false, false, nil
}

// HandleRequest stores the parameter answer, or gives it as often as batch_input has items.
func (f *floor) HandleRequest(_ context.Context, r *logical.Request) (*logical.Response, error) {
	if given, ok := r.Data["answer"].(map[string]any); ok {
		f.answers.Store(r.Path, read(given))
		return nil, nil
	}
	stored, _ := f.answers.Load(r.Path)
	answer, ok := stored.(result)
	if !ok {
		return nil, logical.ErrUnsupportedPath
	}
	items, isBatch := r.Data["batch_input"].([]any)
	if !isBatch {
		return &logical.Response{Data: answer.single()}, nil
	}
	results := make([]result, len(items))
	for i := range results {
		results[i] = answer
	}
	return &logical.Response{Data: map[string]any{"batch_results": results}}, nil
}

func read(given map[string]any) result {
	text := func(name string) string {
		value, _ := given[name].(string)
		return value
	}
	version, _ := given["key_version"].(float64)
	answer := result{
		Ciphertext: text("ciphertext"), Plaintext: text("plaintext"), Signature: text("signature"),
		HMAC: text("hmac"), KeyVersion: int(version),
	}
	if valid, ok := given["valid"].(bool); ok {
		answer.Valid = &valid
	}
	return answer
}
