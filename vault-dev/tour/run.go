package tour

import (
	"context"

	vaultdev "github.com/palisade-vault/palisade/vault-dev"
)

// Run walks through all steps and prints them to config.Out.
func Run(ctx context.Context, config vaultdev.Config) error {
	return config.Status(ctx)
}
