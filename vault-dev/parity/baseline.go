package parity

import (
	"fmt"
	"strings"
)

// CheckBaseline refuses a mount whose engine is not the one built into Vault: running is what
// Vault says it runs, which for a plugin has no such suffix. Without this check pqtransit might be
// compared with itself.
func CheckBaseline(mount, running string) error {
	if !strings.HasSuffix(running, "+builtin.vault") {
		return fmt.Errorf("%s runs %q and not the built-in engine: it is no baseline", mount, running)
	}
	return nil
}
