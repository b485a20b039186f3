package command

import (
	"context"
	"flag"

	"github.com/palisade-vault/palisade/pqtransit/suite"
)

var _ = register(command{
	name:      "transit import",
	synopsis:  "Bring a key of one's own into Vault, wrapped on this side",
	arguments: "MOUNT/KEY [FILE]",
	description: `
Reads a private or symmetric key from FILE, or from standard input, wraps it here to the mount's
wrapping key, and makes a key of it in Vault. By default the wrapping key is a hybrid post-quantum
one, so that who records the request learns nothing of the key, even with a quantum computer later;
-wrapping-type=rsa-4096 is what vault transit import does, and all that the built-in engine has.

FILE is PEM (PKCS#8, and of RSA and ECDSA keys also the older forms), base64, or raw bytes: PKCS#8 in
DER, or the raw key, which of post-quantum types is its seed. A key that has only its expanded form is
refused. With -public it is a public key, which is not secret and is sent as it is.

The token needs update on MOUNT/keys/KEY/import and read on MOUNT/wrapping_key and MOUNT/keys/KEY.
The exit code is 0, or 1 and 2 when nothing was imported.`,
	examples: []example{
		{"An ML-DSA-65 key that OpenSSL 3.5 made", `openssl genpkey -algorithm ML-DSA-65 -out key.pem
palisade transit import -type=ml-dsa -parameter-set=65 pqtransit/signing key.pem`},
		{"A symmetric key, and let Vault rotate it later", "openssl rand -base64 32 | palisade transit import -allow-rotation pqtransit/orders"},
		{"Into the built-in engine", "palisade transit import -wrapping-type=rsa-4096 -type=ecdsa-p256 transit/code ec.pem"},
	},
	build: func(set *flag.FlagSet) run {
		var o importOptions
		o.declare(set)
		o.target.Parameters = map[string]any{}
		wanted := declareType(set)
		declareSettings(set, o.target.Parameters)
		return func(ctx context.Context, c *call) error {
			if err := o.check(); err != nil {
				return err
			}
			algorithm, err := suite.Select(*wanted)
			if err != nil {
				return usagef("%v", err)
			}
			mount, key, err := c.keyPath()
			if err != nil {
				return err
			}
			o.target.Name = key
			typeParameters(*wanted, o.target.Parameters)
			return o.run(ctx, c, mount, algorithm)
		}
	},
})

var _ = register(command{
	name:      "transit import-version",
	synopsis:  "Bring a further version of an imported key into Vault",
	arguments: "MOUNT/KEY [FILE]",
	description: `
Like palisade transit import, into a key that was imported before and not rotated since. The key's type
is that of its latest version. A private key that belongs to the latest version's public key completes
that version; any other becomes a new version.

The token needs update on MOUNT/keys/KEY/import_version and read on MOUNT/wrapping_key and
MOUNT/keys/KEY. The exit code is 0, or 1 and 2 when nothing was imported.`,
	examples: []example{
		{"The next version", "palisade transit import-version pqtransit/signing key-2.pem"},
		{"The private half of a version that has only its public one", "palisade transit import-version -key-version=1 pqtransit/signing key.pem"},
	},
	build: func(set *flag.FlagSet) run {
		var o importOptions
		o.declare(set)
		o.target.IsVersion = true
		set.IntVar(&o.target.Version, "key-version", 0, "`Version` whose private half this is.")
		return func(ctx context.Context, c *call) error {
			if err := o.check(); err != nil {
				return err
			}
			mount, key, err := c.keyPath()
			if err != nil {
				return err
			}
			o.target.Name = key
			found, err := mount.KeyType(ctx, key)
			if err != nil {
				return err
			}
			algorithm, err := suite.Select(suite.Selector{
				Type: found.Type, ParameterSet: found.ParameterSet, HybridPQC: found.HybridPQC, HybridEC: found.HybridEC,
			})
			if err != nil {
				return err
			}
			return o.run(ctx, c, mount, algorithm)
		}
	},
})

// defaultImportType is transit's.
const defaultImportType = "aes256-gcm96"

func declareType(set *flag.FlagSet) *suite.Selector {
	var wanted suite.Selector
	set.StringVar(&wanted.Type, "type", defaultImportType, "`Type` of the key, as Vault names it, such as ml-dsa, x25519-mlkem768 or rsa-4096.")
	set.StringVar(&wanted.ParameterSet, "parameter-set", "", "Parameter `set` of the types ml-dsa, slh-dsa, ml-kem and hybrid, such as 65.")
	set.StringVar(&wanted.HybridPQC, "hybrid-key-type-pqc", "", "Post-quantum half of the `type` hybrid: ml-dsa.")
	set.StringVar(&wanted.HybridEC, "hybrid-key-type-ec", "", "Classical half of the `type` hybrid, such as ed25519.")
	return &wanted
}

// typeParameters leaves out what the type does not have, so that the built-in engine, too,
// is asked in its own words.
func typeParameters(wanted suite.Selector, parameters map[string]any) {
	for name, value := range map[string]string{
		"type": wanted.Type, "parameter_set": wanted.ParameterSet,
		"hybrid_key_type_pqc": wanted.HybridPQC, "hybrid_key_type_ec": wanted.HybridEC,
	} {
		if value != "" {
			parameters[name] = value
		}
	}
}

// declareSettings has a flag for each setting of a new key that an import takes.
func declareSettings(set *flag.FlagSet, parameters map[string]any) {
	for _, setting := range []struct{ flag, field, usage string }{
		{"exportable", "exportable", "Let the key be exported. This cannot be undone."},
		{"allow-plaintext-backup", "allow_plaintext_backup", "Let backups be taken in plaintext. This cannot be undone."},
		{"allow-rotation", "allow_rotation", "Let the key be rotated to versions that Vault makes."},
		{"derived", "derived", "Derive a key from each request's context."},
	} {
		set.BoolFunc(setting.flag, setting.usage, func(text string) error {
			if text != "true" && text != "false" {
				return usagef("-%s is true or false", setting.flag)
			}
			parameters[setting.field] = text == "true"
			return nil
		})
	}
	for _, setting := range []struct{ flag, field, usage string }{
		{"auto-rotate-period", "auto_rotate_period", "`Age` at which the key rotates by itself, such as 720h."},
		{"purpose", "purpose", "`Purpose` of a KEM key: encryption or key-encapsulation."},
	} {
		set.Func(setting.flag, setting.usage, func(text string) error {
			parameters[setting.field] = text
			return nil
		})
	}
}
