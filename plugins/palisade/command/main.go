package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/hashicorp/cli"
	"github.com/mattn/go-isatty"

	"github.com/palisade-vault/palisade/backend"
)

// Streams are the process as a command meets it.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
	// Terminal says that Err is one.
	Terminal bool
}

// Process is the real one.
func Process() Streams {
	return Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Terminal: isatty.IsTerminal(os.Stderr.Fd())}
}

// Main runs the command that the words name, and returns the process's exit code.
func Main(words []string, process Streams) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	dispatcher := cli.NewCLI("palisade", "palisade "+backend.Version)
	dispatcher.Args = words
	dispatcher.HelpWriter, dispatcher.ErrorWriter = process.Out, process.Err
	dispatcher.Commands = map[string]cli.CommandFactory{}
	for _, c := range all() {
		dispatcher.Commands[c.name] = func() (cli.Command, error) {
			return &dispatched{command: c, ctx: ctx, process: process}, nil
		}
	}
	code, err := dispatcher.Run()
	if err != nil {
		_, _ = io.WriteString(process.Err, "palisade: "+err.Error()+"\n")
		return exitLocal
	}
	if code == unknownCommand { // the commands that there are were printed
		_, _ = fmt.Fprintf(process.Err, "Error: there is no command %q\n", strings.Join(words, " "))
		return exitLocal
	}
	return code
}

// unknownCommand is what the library answers for a name that nobody registered.
const unknownCommand = 127

// dispatched is a command in the shape of the library that finds it.
type dispatched struct {
	command
	ctx     context.Context
	process Streams
}

// Synopsis is the line in the list of commands.
func (d *dispatched) Synopsis() string { return d.synopsis }

// Help is the text behind -help.
func (d *dispatched) Help() string { return d.help() }

// Run does the command's work and says what went wrong.
func (d *dispatched) Run(words []string) int {
	to := &call{process: d.process}
	err := d.do(to, words)
	var usage *usageError
	switch {
	case err == nil, errors.Is(err, errNo):
	case errors.As(err, &usage):
		to.say("Error: %v\npalisade %s -help shows flags and examples.", err, d.name)
	case d.ctx.Err() != nil:
		to.say("Interrupted: %v", err)
		return exitLocal
	default:
		to.say("Error: %v", err)
	}
	return exitCode(err)
}

func (d *dispatched) do(to *call, words []string) (err error) {
	set, work := d.flags(to)
	if to.arguments, err = parse(set, words); err != nil {
		return err
	}
	if !d.raw {
		if err := to.settleFormat(set); err != nil {
			return err
		}
	}
	if err := d.checkCount(to.arguments); err != nil {
		return err
	}
	return work(d.ctx, to)
}
