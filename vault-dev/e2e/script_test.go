package e2e_test

import (
	"os"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// The scripts are sessions with the vault command, as a user types them.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(env *testscript.Env) error {
			token, err := os.ReadFile(dev.RootTokenFile())
			if err != nil {
				return err
			}
			for _, entry := range dev.Environment(string(token)) {
				name, value, _ := strings.Cut(entry, "=")
				if name == "PATH" || strings.HasPrefix(name, "VAULT_") {
					env.Setenv(name, value)
				}
			}
			env.Setenv("FORWARDED_ADDR", dev.ForwardedAddress())
			env.Setenv("LISTED", listedAddress)
			env.Setenv("HOME", env.WorkDir) // so that nobody's stored token is overwritten
			return nil
		},
	})
}
