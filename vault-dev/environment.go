package vaultdev

import (
	"os"
	"strings"
)

// cleanEnvironment is the caller's environment without what would change where
// or how Vault works: VAULT_AGENT_ADDR alone overrides the seal's address.
func cleanEnvironment() []string {
	kept := []string{}
	for _, entry := range os.Environ() {
		switch name, _, _ := strings.Cut(entry, "="); {
		case strings.HasPrefix(name, "VAULT_"), strings.HasPrefix(name, "SOFTHSM"),
			strings.HasSuffix(strings.ToLower(name), "_proxy"):
		default:
			kept = append(kept, entry)
		}
	}
	return kept
}
