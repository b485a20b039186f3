package command

import (
	"context"
	"flag"

	"filippo.io/age"
	"filippo.io/age/plugin"

	"github.com/palisade-vault/palisade/pqtransit/client/agefile"
)

// AgePlugin is the program age-plugin-palisade, which age starts for an identity that
// palisade age-identity has shown. It reaches Vault as the environment says. It returns the
// process's exit code.
func AgePlugin(ctx context.Context, set *flag.FlagSet, words []string) int {
	made, err := plugin.New(agefile.PluginName)
	if err != nil {
		return exitLocal
	}
	made.RegisterFlags(set)
	made.HandleIdentity(func(data []byte) (age.Identity, error) {
		mount, key, err := agefile.ParsePluginIdentity(data)
		if err != nil {
			return nil, err
		}
		return (&call{}).ageIdentity(ctx, mount+"/"+key)
	})
	if err := set.Parse(words); err != nil {
		return exitLocal
	}
	return made.Main()
}
