package main

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/vault/sdk/logical"
)

// The floor answers what it was told, once or as often as there are items.
func TestFloorAnswersWhatItWasTold(t *testing.T) {
	backend, err := factory(t.Context(), &logical.BackendConfig{Logger: hclog.NewNullLogger(), System: logical.StaticSystemView{}})
	if err != nil {
		t.Fatal(err)
	}
	ask := func(data map[string]any) string {
		t.Helper()
		response, err := backend.HandleRequest(t.Context(), &logical.Request{Path: "encrypt/a", Operation: logical.UpdateOperation, Data: data})
		if err != nil {
			return err.Error()
		}
		if response == nil {
			return ""
		}
		text, err := json.Marshal(response.Data)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	for _, step := range []struct {
		data map[string]any
		want string
	}{
		{nil, "unsupported path"},
		{map[string]any{"answer": map[string]any{"ciphertext": "vault:v1:x", "key_version": 1.0}}, ""},
		{nil, `{"ciphertext":"vault:v1:x","key_version":1}`},
		{
			map[string]any{"batch_input": []any{"x", "y"}},
			`{"batch_results":[{"ciphertext":"vault:v1:x","key_version":1,"reference":""},{"ciphertext":"vault:v1:x","key_version":1,"reference":""}]}`,
		},
		{map[string]any{"answer": map[string]any{"valid": true}}, ""},
		{nil, `{"valid":true}`},
	} {
		if diff := cmp.Diff(step.want, ask(step.data)); diff != "" {
			t.Errorf("%v: %s", step.data, diff)
		}
	}
}
