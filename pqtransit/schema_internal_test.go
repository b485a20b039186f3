package pqtransit

import (
	"testing"

	"github.com/hashicorp/vault/sdk/logical"
)

// What Vault's path help, its OpenAPI document and the clients made from it rest on.
func TestEveryPathIsDescribed(t *testing.T) {
	made, err := Factory(t.Context(), &logical.BackendConfig{System: &logical.StaticSystemView{}})
	if err != nil {
		t.Fatal(err)
	}
	b, ok := made.(*pqBackend)
	if !ok || len(b.Paths) == 0 {
		t.Fatal("no paths")
	}
	for _, path := range b.Paths {
		if path.HelpSynopsis == "" || path.HelpDescription == "" || len(path.Operations) == 0 {
			t.Errorf("%s is not described", path.Pattern)
		}
		for name, field := range path.Fields {
			if field.Description == "" {
				t.Errorf("%s: field %s is not described", path.Pattern, name)
			}
		}
		for operation, handler := range path.Operations {
			if properties := handler.Properties(); properties.Summary == "" || len(properties.Responses) == 0 {
				t.Errorf("%s: %s is not described", path.Pattern, operation)
			}
		}
	}
}

func TestFactoryNeedsAConfiguration(t *testing.T) {
	if b, err := Factory(t.Context(), nil); err == nil || b != nil {
		t.Errorf("%v, %v", b, err)
	}
}
