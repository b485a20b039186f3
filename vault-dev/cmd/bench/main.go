// Command bench measures pqtransit against the built-in transit, in a Vault of its own.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	vaultdev "github.com/palisade-vault/palisade/vault-dev"
	"github.com/palisade-vault/palisade/vault-dev/bench"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if errors.Is(err, flag.ErrHelp) {
		err = nil
	}
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	options, err := bench.Parse(args, os.Stderr)
	if err != nil {
		return err
	}
	config, err := vaultdev.ConfigFromEnvironment(os.Stderr)
	if err != nil {
		return err
	}
	return bench.Run(ctx, options, config, os.Stdout)
}
