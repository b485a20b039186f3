package command

import (
	"context"
	"flag"
	"runtime"

	"github.com/palisade-vault/palisade/backend"
)

var _ = register(command{
	name:        "version",
	synopsis:    "Print the version of palisade",
	description: "Prints the version of this command, which is that of the plugins built with it.",
	examples: []example{
		{"Print the version", "palisade version"},
		{"The same for a script", "palisade version -format=json"},
	},
	offline: true,
	build: func(*flag.FlagSet) run {
		return func(_ context.Context, c *call) error {
			is := versions{Version: backend.Version, Go: runtime.Version()}
			return c.show(is, func(t *table) { t.text("palisade %s (%s)", is.Version, is.Go) })
		}
	},
})

// versions is what palisade version shows.
type versions struct {
	Version string `json:"version"`
	Go      string `json:"go_version"`
}
