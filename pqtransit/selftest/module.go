package selftest

import "crypto/fips140"

// Module is the Go Cryptographic Module as this program has it.
type Module struct {
	// Version is the snapshot it was built with (GOFIPS140), "latest" without one.
	Version string
	// Enabled means that the module runs in FIPS 140-3 mode: its own self-tests and
	// random source are in force.
	Enabled bool
	// Enforced means that GODEBUG=fips140=only is set: what is not approved fails.
	Enforced bool
}

// GoModule is the one of this process.
func GoModule() Module {
	return Module{Version: fips140.Version(), Enabled: fips140.Enabled(), Enforced: fips140.Enforced()}
}
