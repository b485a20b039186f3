// Command dev starts, stops, shows and removes the development Vault.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	vaultdev "github.com/palisade-vault/palisade/vault-dev"
	"github.com/palisade-vault/palisade/vault-dev/tour"
)

const usage = `usage: dev COMMAND

  up       bring hsmseald and Vault up, set Vault up, and show it in a tour;
           may be repeated; with -quick there is no tour
  tour     walk through all three parts on the running Vault
  status   say what runs
  restart  stop Vault and start it again, so that it unseals through the HSM
  stop     stop everything, keep the state
  clean    stop everything, remove the state
  audit    print the gist of the last lines of the audit log
  env      print the file to source: . "$(dev env)"
  vault    find or build the vault binary and print its path
  plugins  build the plugins, hsmseald and palisade into bin/

PALISADE_DEV_PORT (8200) is the first of four ports in a row, PALISADE_DEV_DIR
(vault-dev/run) the state folder, VAULT_BIN the vault to use.
`

const next = `
Vault runs at %[2]s. What to type next:

  . %[1]s                          # VAULT_ADDR, VAULT_CACERT, VAULT_TOKEN (root)
  vault write -f pqtransit/keys/orders type=x25519-mlkem768
  vault write pqtransit/encrypt/orders plaintext="$(echo -n hello | base64)"
  make dev-stop                    # stops both daemons, keeps the data
  make dev-clean                   # removes everything`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if errors.Is(err, flag.ErrHelp) {
		err = nil
	}
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "dev:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 0 || slices.Contains([]string{"help", "-h", "-help", "--help"}, args[0]) {
		_, err := fmt.Fprint(os.Stdout, usage)
		return err
	}
	if args[0] == "supervise" {
		return supervise(ctx, args[1:])
	}
	config, err := vaultdev.ConfigFromEnvironment(os.Stdout)
	if err != nil {
		return err
	}
	command, known := commands(config)[strings.Join(args, " ")]
	if !known {
		return fmt.Errorf("no such command: %q\n\n%s", args, usage)
	}
	return command(ctx)
}

func commands(config vaultdev.Config) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"up":        func(ctx context.Context) error { return up(ctx, config) },
		"up -quick": config.Up,
		"tour":      func(ctx context.Context) error { return tour.Run(ctx, config) },
		"status":    config.Status,
		"restart":   config.Restart,
		"stop":      config.Stop,
		"clean":     config.Clean,
		"audit":     config.PrintAudit,
		"plugins":   config.BuildPlugins,
		"env":       func(context.Context) error { return printLine(config.EnvFile()) },
		"vault":     func(ctx context.Context) error { return findVault(ctx, config) },
	}
}

// up is what `make dev` runs.
func up(ctx context.Context, config vaultdev.Config) error {
	if err := config.Up(ctx); err != nil {
		return err
	}
	if err := tour.Run(ctx, config); err != nil {
		return err
	}
	return printLine(fmt.Sprintf(next, vaultdev.ShellQuote(config.EnvFile()), config.Address()))
}

// findVault prints only the path on standard output.
func findVault(ctx context.Context, config vaultdev.Config) error {
	config.Out = os.Stderr
	path, err := config.Vault(ctx)
	if err != nil {
		return err
	}
	return printLine(path)
}

func printLine(line string) error {
	_, err := fmt.Fprintln(os.Stdout, line)
	return err
}

// supervise is the detached process that keeps hsmseald running; `up` starts it.
func supervise(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("supervise", flag.ContinueOnError)
	dir := flags.String("dir", "", "the state folder")
	program := flags.String("program", "", "the hsmseald to run")
	if err := flags.Parse(args); err != nil {
		return err
	}
	config := vaultdev.Config{Dir: *dir, Out: os.Stderr}
	return config.SuperviseSeal(ctx, *program, os.Stderr)
}
