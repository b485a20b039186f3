package main

import (
	"context"
	"flag"
	"fmt"
	"io"
)

const usage = `hsmseald keeps the key that unseals a Vault in an HSM and serves Vault's transit seal protocol.

Commands:
  serve   run the daemon in the foreground until SIGTERM
  token   make a client token for a tenant and print it once
  check   verify configuration, tokens and keys by a real round trip
  worker  serve one HSM token to the daemon; started by the daemon only

hsmseald COMMAND --help shows flags and examples.
`

// command is one subcommand.
type command struct {
	name, help string
	flags      func(*flag.FlagSet, *options)
	do         func(context.Context, *options, io.Writer, io.Writer) error
}

var commands = []command{
	{
		name: "serve", do: serve,
		help: `hsmseald serve runs the daemon in the foreground. SIGTERM lets running requests end first.
It logs to standard error; a line with "ready" says that it serves.

Examples:
  hsmseald serve -config /etc/hsmseald/hsmseald.hcl
  hsmseald serve -config /etc/hsmseald/hsmseald.hcl -format=json -log-level=debug
`,
		flags: func(set *flag.FlagSet, o *options) {
			configFlag(set, o)
			set.StringVar(&o.format, "format", "text", "form of the log: text or json")
			set.StringVar(&o.logLevel, "log-level", "info", "least level that is logged")
		},
	},
	{
		name: "token", do: token,
		help: `hsmseald token makes a client token for a tenant, keeps its SHA-256 hash and prints the token once.
Vault sends it in its seal "transit" stanza: token = "file:///etc/vault.d/seal-token".
A running daemon accepts it at once. To revoke one, remove its line from STATE_DIR/client-tokens/TENANT.

Examples:
  hsmseald token -config /etc/hsmseald/hsmseald.hcl -tenant prod >/etc/vault.d/seal-token
`,
		flags: func(set *flag.FlagSet, o *options) {
			configFlag(set, o)
			set.StringVar(&o.tenant, "tenant", "", "name of the tenant in the configuration")
		},
	},
	{
		name: "check", do: check,
		help: `hsmseald check verifies the configuration, logs in to each token, verifies each key and wraps and unwraps
with it. It makes no key, and a daemon may be running. It ends with 1 when something needs the operator.

Examples:
  hsmseald check -config /etc/hsmseald/hsmseald.hcl
  hsmseald check -config /etc/hsmseald/hsmseald.hcl -format=json
`,
		flags: func(set *flag.FlagSet, o *options) {
			configFlag(set, o)
			set.StringVar(&o.format, "format", "text", "form of the report and the log: text or json")
			set.StringVar(&o.logLevel, "log-level", "warn", "least level that is logged")
		},
	},
	{
		name: "worker",
		help: `hsmseald worker serves one HSM token to the daemon that starts it. It takes no flags and is not for people.

Examples:
  none: hsmseald serve starts it
`,
	},
}

func configFlag(set *flag.FlagSet, o *options) {
	set.StringVar(&o.config, "config", "", "configuration file (HCL)")
}

// run parses the flags and does the work.
func (c command) run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	var o options
	set := flag.NewFlagSet("hsmseald "+c.name, flag.ContinueOnError)
	set.SetOutput(io.Discard)
	if c.flags != nil {
		c.flags(set, &o)
	}
	if wantsHelp(args) {
		return c.writeHelp(set, stdout)
	}
	if err := set.Parse(args); err != nil {
		return fmt.Errorf("%s: %v: hsmseald %s --help shows the flags", c.name, err, c.name)
	}
	if set.NArg() > 0 || c.do == nil {
		return fmt.Errorf("%s: unexpected arguments: hsmseald %s --help shows how it is called", c.name, c.name)
	}
	if o.format != "" && o.format != "text" && o.format != "json" {
		return fmt.Errorf("-format %q is neither text nor json", o.format)
	}
	return c.do(ctx, &o, stdout, stderr)
}

func wantsHelp(args []string) bool {
	for _, arg := range args {
		if arg == "-h" || arg == "-help" || arg == "--help" {
			return true
		}
	}
	return false
}

func (c command) writeHelp(set *flag.FlagSet, stdout io.Writer) error {
	if _, err := io.WriteString(stdout, c.help); err != nil {
		return err
	}
	if c.flags == nil {
		return nil
	}
	if _, err := io.WriteString(stdout, "\nFlags:\n"); err != nil {
		return err
	}
	set.SetOutput(stdout)
	set.PrintDefaults()
	return nil
}
