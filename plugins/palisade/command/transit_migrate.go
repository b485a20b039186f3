package command

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"os"
	"strings"

	"github.com/hashicorp/vault/api"

	"github.com/palisade-vault/palisade/pqtransit/client"
	"github.com/palisade-vault/palisade/pqtransit/client/migrate"
)

// toToken is the environment variable with the token of a second Vault.
const toToken = "PALISADE_TO_TOKEN" //nolint:gosec // G101: the name of a variable

var _ = register(command{
	name:      "transit migrate",
	synopsis:  "Copy keys from one transit or pqtransit mount to another",
	arguments: "FROM TO",
	description: `
Copies the keys of the mount FROM to the mount TO, which must exist. Either may be served by the
built-in engine or by pqtransit, and TO may be in another Vault.

A key that is exportable and allows plaintext backups is moved by backup and restore, and arrives
as it is. One that is exportable only is moved version by version, encrypted by FROM to TO's
wrapping key: its settings come along, its creation times and its HMAC keys do not. A public key
that was imported moves too. Every other key is listed with the reason why it cannot move. No key
is written to a file or shown, and FROM keeps all of its own.

What arrived is held against the source: each version that can must open or verify what the other
side makes with it. An interrupted run is taken up by the same command: keys that are there and hold
are reported as present. For the time of the run FROM has a key named palisade-migrate-..., which
carries TO's wrapping key.

The token needs list and read on FROM/keys, read on FROM/backup, FROM/byok-export and
FROM/rollback-check, update on FROM/keys, FROM/encrypt, FROM/decrypt, FROM/sign and FROM/hmac, and
delete on FROM/keys/palisade-migrate-*; for TO, read on TO/keys, TO/wrapping_key and
TO/rollback-check, and update on TO/keys, TO/restore, TO/encrypt, TO/decrypt and TO/verify. A second
Vault's token is taken from PALISADE_TO_TOKEN, and must be there: this one's is not sent to it.

The exit code is 0 when every key is in TO now, 3 when some are not, 1 and 2 when the run could not
go on.`,
	examples: []example{
		{"See what would move, how, and what could not", "palisade transit migrate -dry-run transit pqtransit"},
		{"Move everything that can", "palisade transit migrate transit pqtransit"},
		{"Move two keys to another Vault", `PALISADE_TO_TOKEN=hvs... palisade transit migrate -key=orders -key=invoices \
  -to-address=https://vault.example.com:8200 transit pqtransit`},
	},
	build: func(set *flag.FlagSet) run {
		var o migrateOptions
		set.BoolVar(&o.job.DryRun, "dry-run", false, "Say what would be done, and do nothing.")
		set.Func("key", "`Name` of a key to move, instead of all; may be repeated.", func(name string) error {
			o.job.Keys = append(o.job.Keys, name)
			return nil
		})
		set.StringVar(&o.to.address, "to-address", "", "`Address` of the Vault server that has TO, if it is another.")
		set.StringVar(&o.to.namespace, "to-namespace", "", "`Namespace` of TO, if it is another.")
		set.StringVar(&o.to.tls.CACert, "to-ca-cert", "", "`File` of the PEM CA certificate that the other Vault's is checked with.")
		return o.run
	},
})

type migrateOptions struct {
	job migrate.Job
	to  connection
}

func (o *migrateOptions) run(ctx context.Context, c *call) error {
	vault, err := c.client()
	if err != nil {
		return err
	}
	other, err := o.destination(c, vault)
	if err != nil {
		return err
	}
	o.job.From, o.job.To = client.NewMount(vault, c.arguments[0]), client.NewMount(other, c.arguments[1])
	if other == vault && o.job.From.Path() == o.job.To.Path() {
		return usagef("FROM and TO are the same mount")
	}
	var p *progress
	o.job.Begin = func(keys int) { p = c.progress("moving keys", int64(keys)) }
	o.job.Seen = func(n int) { p.add(n) }
	found, err := o.job.Run(ctx)
	p.end()
	if err != nil {
		if found != nil && len(found.Keys) > 0 {
			c.say("%d keys are done; the same command goes on there.", len(found.Keys))
		}
		return err
	}
	if err := c.show(found, func(t *table) { migrateTable(t, found) }); err != nil {
		return err
	}
	if found.Count(migrate.Stays, migrate.Failed) > 0 {
		return errNo
	}
	return nil
}

// destination is the same client where no flag names another Vault or namespace.
func (o *migrateOptions) destination(c *call, vault *api.Client) (*api.Client, error) {
	if o.to.address == "" && o.to.namespace == "" && o.to.tls.CACert == "" {
		return vault, nil
	}
	token := os.Getenv(toToken)
	switch {
	case token == "" && o.to.address != "":
		return nil, fmt.Errorf("set %s to a token of the Vault at %s: this Vault's is not sent there", toToken, o.to.address)
	case token == "":
		token = vault.Token()
	}
	to := c.vault
	to.address = cmp.Or(o.to.address, to.address)
	to.namespace = cmp.Or(o.to.namespace, to.namespace)
	to.tls.CACert = cmp.Or(o.to.tls.CACert, to.tls.CACert)
	other, err := to.client()
	if err != nil {
		return nil, fmt.Errorf("the other Vault: %v", err)
	}
	other.SetToken(token)
	return other, nil
}

func migrateTable(t *table, found *migrate.Report) {
	if len(found.Keys) == 0 {
		t.text("%s has no keys.", found.From)
		return
	}
	t.head("Key", "Type", "Way", "Status", "Verified versions", "Remarks")
	for _, key := range found.Keys {
		remark := key.Reason
		if remark == "" && len(key.Lost) > 0 {
			remark = "without " + strings.Join(key.Lost, "; ")
		}
		t.row(key.Key, key.Type, cmp.Or(string(key.Way), "-"), key.Status, versionList(key.Verified), remark)
	}
	t.text("\n%d of the %d keys of %s are in %s: %d moved, %d would move, %d were there, %d cannot move, %d failed.",
		found.Count(migrate.Moved, migrate.Present), len(found.Keys), found.From, found.To, found.Count(migrate.Moved),
		found.Count(migrate.WouldMove), found.Count(migrate.Present), found.Count(migrate.Stays), found.Count(migrate.Failed))
}

// versionList is such as "1, 2", or a dash.
func versionList(numbers []int) string {
	if len(numbers) == 0 {
		return "-"
	}
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(numbers), " ", ", "), "[]")
}
