package bench

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// Options say what is measured and for how long. [Parse] fills them.
type Options struct {
	// Keys are key types, Operations those of operations.go.
	Keys, Operations []string
	// Batches are items a request, 0 for a request without batch_input.
	Batches []int
	// Connections are how many send requests at once.
	Connections []int
	// Rounds is how often the engines take turns.
	Rounds int
	// Slice is how long a turn lasts; a request that was begun is waited for.
	Slice time.Duration
	// Limit bounds the whole run. What was not measured by then is left out.
	Limit time.Duration
	// Audit keeps the audit device on.
	Audit bool
	// Memory, when not 0, measures the plugin's memory over so many operations instead.
	Memory int
	// Other is the program of another build of pqtransit to compare with, empty for none.
	Other string
	// Port is the first of four in a row that the Vault uses.
	Port int
	// JSON prints the results as JSON instead of Markdown.
	JSON bool
}

const usage = `usage: bench [flags]

Measures pqtransit against the built-in transit, the same as an external plugin, and a plugin
that does nothing, in one Vault of its own, and prints a table in Markdown. The short form
takes some fifteen minutes, the full one hours.

  bench                                          the short form
  bench -full                                    every operation, batch and number of connections
  bench -keys aes256-gcm96 -operations encrypt   one key type, one operation
  bench -keys all -batches single -connections 8 every type's single operations
  bench -memory 1000000                          the plugin's memory over a million operations

`

// fourKeys are what targets are stated for.
const fourKeys = "aes256-gcm96,ecdsa-p256,rsa-2048,x25519-mlkem768"

// Parse reads the command's arguments. Help goes to out, with flag.ErrHelp.
func Parse(args []string, out io.Writer) (Options, error) {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.Usage = func() {
		_, _ = io.WriteString(out, usage)
		flags.PrintDefaults()
	}
	var o Options
	full := flags.Bool("full", false, "the full form")
	keys := flags.String("keys", fourKeys, "key types, or all")
	operations := flags.String("operations", strings.Join(operationNames(), ","), "operations")
	batches := flags.String("batches", "single,100,1000", "items a request")
	connections := flags.String("connections", "1,8", "connections that send at once")
	flags.IntVar(&o.Rounds, "rounds", 7, "turns of each engine")
	flags.DurationVar(&o.Slice, "slice", 250*time.Millisecond, "length of a turn")
	flags.DurationVar(&o.Limit, "limit", 30*time.Minute, "length of the whole run at most")
	flags.BoolVar(&o.Audit, "audit", false, "leave the audit device on")
	flags.IntVar(&o.Memory, "memory", 0, "watch the plugin's memory over so many operations instead")
	flags.StringVar(&o.Other, "other", "", "program of another build of pqtransit to compare with, as engine e")
	flags.IntVar(&o.Port, "port", 8460, "first of four ports in a row for the Vault")
	flags.BoolVar(&o.JSON, "json", false, "print the results as JSON")
	if err := flags.Parse(args); err != nil {
		return Options{}, err
	}
	if *full {
		setUnlessGiven(flags, map[string]string{
			"batches": "single,1,100,1000,10000", "connections": "1,8,64", "rounds": "7", "slice": "1s", "limit": "6h",
		})
	}
	return o, errors.Join(o.read(*keys, *operations, *batches, *connections), o.check())
}

// setUnlessGiven changes defaults that the caller did not override.
func setUnlessGiven(flags *flag.FlagSet, defaults map[string]string) {
	given := map[string]bool{}
	flags.Visit(func(f *flag.Flag) { given[f.Name] = true })
	for name, value := range defaults {
		if !given[name] {
			_ = flags.Set(name, value) // the values are ours
		}
	}
}

func (o *Options) read(keys, operations, batches, connections string) error {
	o.Keys = strings.Split(keys, ",")
	if keys == "all" {
		o.Keys = suite.Names()
	}
	o.Operations = strings.Split(operations, ",")
	var batchErr, connectionErr error
	o.Batches, batchErr = numbers(strings.ReplaceAll(batches, "single", "0"), 0, 10_000)
	o.Connections, connectionErr = numbers(connections, 1, 256)
	return errors.Join(batchErr, connectionErr)
}

func numbers(text string, least, most int) ([]int, error) {
	var list []int
	for part := range strings.SplitSeq(text, ",") {
		number, err := strconv.Atoi(part)
		if err != nil || number < least || number > most {
			return nil, fmt.Errorf("%q is not a number from %d to %d", part, least, most)
		}
		list = append(list, number)
	}
	return list, nil
}

func (o *Options) check() error {
	for _, name := range o.Keys {
		if _, known := suite.Lookup(name); !known {
			return fmt.Errorf("no key type %q: use all or some of %s", name, strings.Join(suite.Names(), ", "))
		}
	}
	for _, name := range o.Operations {
		if !slices.Contains(operationNames(), name) {
			return fmt.Errorf("no operation %q: use some of %s", name, strings.Join(operationNames(), ", "))
		}
	}
	if o.Rounds < 1 || o.Slice < time.Millisecond || o.Limit < o.Slice {
		return errors.New("rounds, slice and limit must be at least 1, 1ms and one slice")
	}
	return nil
}
