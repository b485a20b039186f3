// Command hsmseald is the seal daemon: it keeps the key that unseals a Vault in
// an HSM and serves Vault's transit seal protocol.
package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/hashicorp/go-hclog"

	"github.com/palisade-vault/palisade/hsmseal"
	"github.com/palisade-vault/palisade/hsmseal/worker"
)

// errReported ends the program with a failure that has been told already.
var errReported = errors.New("reported")

func main() {
	if worker.Requested(os.Args) {
		worker.Main()
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	err := dispatch(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	switch {
	case err == nil || errors.Is(err, flag.ErrHelp):
	case errors.Is(err, errReported):
		os.Exit(1)
	default:
		_, _ = fmt.Fprintf(os.Stderr, "hsmseald: %v\n", err) // nowhere left to report to
		os.Exit(1)
	}
}

// dispatch runs the command that the arguments name.
func dispatch(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	if len(args) == 0 || args[0] == "-h" || args[0] == "-help" || args[0] == "--help" || args[0] == "help" {
		_, err := io.WriteString(stdout, usage)
		return err
	}
	for _, command := range commands {
		if command.name == args[0] {
			return command.run(ctx, args[1:], stdout, stderr)
		}
	}
	return fmt.Errorf("there is no command %q: hsmseald --help lists them", args[0])
}

// options are the flags of all commands; each command defines its own.
type options struct {
	config, tenant, format, logLevel string
}

func (o *options) logger(stderr io.Writer) (hclog.Logger, error) {
	level := hclog.LevelFromString(o.logLevel)
	if level == hclog.NoLevel {
		return nil, fmt.Errorf("-log-level %q is none of trace, debug, info, warn, error, off", o.logLevel)
	}
	return hclog.New(&hclog.LoggerOptions{
		Name: "hsmseald", Level: level, Output: stderr, JSONFormat: o.format == "json",
	}), nil
}

func (o *options) load() (hsmseal.Config, error) {
	if o.config == "" {
		return hsmseal.Config{}, errors.New("-config is missing: the absolute path of the configuration file")
	}
	return hsmseal.LoadConfig(o.config)
}

func serve(ctx context.Context, o *options, _, stderr io.Writer) error {
	config, err := o.load()
	if err != nil {
		return err
	}
	log, err := o.logger(stderr)
	if err != nil {
		return err
	}
	return hsmseal.Serve(ctx, config, log)
}

func token(_ context.Context, o *options, stdout, _ io.Writer) error {
	config, err := o.load()
	if err != nil {
		return err
	}
	if o.tenant == "" {
		return errors.New("-tenant is missing: whom the token is for")
	}
	made, err := hsmseal.IssueClientToken(config, o.tenant, rand.Reader)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(stdout, made.Reveal())
	return err
}

func check(ctx context.Context, o *options, stdout, stderr io.Writer) error {
	config, err := o.load()
	if err != nil {
		return err
	}
	log, err := o.logger(stderr)
	if err != nil {
		return err
	}
	report, err := hsmseal.Check(ctx, config, log)
	if err != nil {
		return err
	}
	if o.format == "json" {
		err = json.NewEncoder(stdout).Encode(report)
	} else {
		err = report.WriteText(stdout)
	}
	if err == nil && !report.OK {
		return errReported
	}
	return err
}
