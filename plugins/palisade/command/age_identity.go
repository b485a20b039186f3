package command

import (
	"context"
	"flag"

	"github.com/palisade-vault/palisade/pqtransit/client/agefile"
)

var _ = register(command{
	name:      "age-identity",
	synopsis:  "Show the age recipient of a key in Vault, and its identity file",
	arguments: "MOUNT/KEY",
	description: `
Shows the recipient (age1pq1...) of the latest version of a key of type x25519-mlkem768, to which anyone
encrypts files with age, offline; and the text of an identity file with which age itself decrypts
them, through the program age-plugin-palisade on PATH, as whoever VAULT_ADDR and VAULT_TOKEN say.

The identity holds no secret: it names the mount and the key. The token needs read on MOUNT/keys/KEY.`,
	examples: []example{
		{"Let age decrypt with the key in Vault", `palisade age-identity pqtransit/files >vault.identity
age -d -i vault.identity report.pdf.age >report.pdf`},
		{"The recipient alone", "palisade age-identity -format=json pqtransit/files | jq -r .recipient"},
	},
	build: func(*flag.FlagSet) run { return ageIdentity },
})

// ageTexts is the result.
type ageTexts struct {
	Key        string `json:"key"`
	KeyVersion int    `json:"key_version"`
	Recipient  string `json:"recipient"`
	Identity   string `json:"identity"`
}

func ageIdentity(ctx context.Context, c *call) error {
	identity, err := c.ageIdentity(ctx, c.arguments[0])
	if err != nil {
		return err
	}
	version, recipient, err := identity.Mount.PublicKey(ctx, identity.Key, "age")
	if err != nil {
		return err
	}
	found := ageTexts{
		Key:        identity.Mount.Path() + "/" + identity.Key,
		KeyVersion: version,
		Recipient:  recipient,
		Identity:   agefile.PluginIdentity(identity.Mount, identity.Key),
	}
	return c.show(found, func(t *table) {
		t.text("# key: %s, version %d", found.Key, found.KeyVersion)
		t.text("# recipient: %s", found.Recipient)
		t.text("%s", found.Identity)
	})
}
