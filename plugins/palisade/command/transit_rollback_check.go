package command

import (
	"context"
	"flag"
	"strings"

	"github.com/palisade-vault/palisade/pqtransit/client"
)

var _ = register(command{
	name:      "transit rollback-check",
	synopsis:  "List the keys that the built-in transit engine could not serve",
	arguments: "MOUNT",
	description: `
Lists the keys of a pqtransit mount that the built-in transit engine would refuse if the mount
went back to it, and why: keys of types that it does not have, keys whose versions differ in type,
keys made for a purpose that it cannot keep to. All others work on there as they are; those with
rotation settings that only pqtransit has are named, since they would not be obeyed. The check reads
and changes nothing; the token needs read on MOUNT/rollback-check.

The exit code is 0 when every key could go back, 3 when some could not, 1 and 2 for errors.`,
	examples: []example{
		{"Before tuning the mount transit/ back to the built-in engine", "palisade transit rollback-check transit"},
		{"The names alone", "palisade transit rollback-check -format=json transit | jq -r '.stranded[].name'"},
	},
	build: func(*flag.FlagSet) run { return rollbackCheck },
})

func rollbackCheck(ctx context.Context, c *call) error {
	vault, err := c.client()
	if err != nil {
		return err
	}
	p := c.progress("keys that could not go back", 0)
	found, err := client.NewMount(vault, c.arguments[0]).RollbackCheck(ctx, p.add)
	p.end()
	if err != nil {
		return err
	}
	if err := c.show(found, func(t *table) { rollbackTable(t, found) }); err != nil {
		return err
	}
	if len(found.Keys) > 0 {
		return errNo
	}
	return nil
}

func rollbackTable(t *table, found *client.Rollback) {
	if len(found.Ignored) > 0 {
		defer t.text("It would not obey the rotation settings that only pqtransit has, of: %s", strings.Join(found.Ignored, ", "))
	}
	if len(found.Keys) == 0 {
		t.text("The built-in engine could serve all %d keys of %s.", found.Total, found.Mount)
		return
	}
	t.head("Key", "Why the built-in engine could not serve it")
	for _, key := range found.Keys {
		t.row(key.Name, strings.Join(key.Reasons, "; "))
	}
	t.text("\n%d of the %d keys of %s could not go back. Their names would be refused there, and come back with pqtransit.",
		len(found.Keys), found.Total, found.Mount)
}
