package backend

import (
	"os"
	"runtime/debug"
)

// collectorPercent lets the heap grow to five times what lives before it is collected: a
// plugin's live heap is a few MiB, so that with Go's 100 every few requests pay for a
// collection.
const collectorPercent = 400

// relaxCollector leaves the choice to the operator where the environment has one: Vault's
// catalog can set GOGC and GOMEMLIMIT for a plugin.
func relaxCollector() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(collectorPercent)
	}
}
