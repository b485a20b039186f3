package pqtransit

import (
	"context"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// FactoryWith is Factory with another self-test of the algorithms.
func FactoryWith(runTest func(*suite.Suite) error) logical.Factory {
	return func(ctx context.Context, config *logical.BackendConfig) (logical.Backend, error) {
		return newBackend(ctx, config, runTest)
	}
}
