package vaultdev

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/vault/api"
)

// ensurePolicies writes each file of policies/ as the policy of its name.
func (c Config) ensurePolicies(ctx context.Context, client *api.Client) error {
	entries, err := embedded.ReadDir("policies")
	if err != nil {
		return fmt.Errorf("listing the policies: %v", err)
	}
	for _, entry := range entries {
		rules, err := embedded.ReadFile("policies/" + entry.Name())
		if err != nil {
			return fmt.Errorf("reading a policy: %v", err)
		}
		name := strings.TrimSuffix(entry.Name(), ".hcl")
		if err := client.Sys().PutPolicyWithContext(ctx, name, string(rules)); err != nil {
			return fmt.Errorf("writing the policy %s: %v", name, err)
		}
	}
	return nil
}
