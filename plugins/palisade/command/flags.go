package command

import (
	"flag"
	"io"
	"os"
	"slices"
	"strings"
)

// Forms of a result.
const (
	formTable = "table"
	formJSON  = "json"
)

// flags declares the command's own flags and the common ones, for one call.
func (c command) flags(to *call) (*flag.FlagSet, run) {
	set := flag.NewFlagSet(c.name, flag.ContinueOnError)
	set.SetOutput(io.Discard)
	work := c.build(set)
	if !c.raw {
		to.forms = append([]string{formTable, formJSON}, c.forms...)
		set.StringVar(&to.format, "format", formTable, "`Form` of the result: "+strings.Join(to.forms, " or ")+". Also by VAULT_FORMAT.")
	}
	if !c.offline {
		to.vault.declare(set, "")
	}
	return set, work
}

// parse reads flags and arguments in any order; what follows -- is arguments alone.
func parse(set *flag.FlagSet, words []string) (arguments []string, err error) {
	literal := []string{}
	if at := slices.Index(words, "--"); at >= 0 {
		words, literal = words[:at], words[at+1:]
	}
	for {
		if err := set.Parse(words); err != nil {
			return nil, usagef("%s", strings.Replace(err.Error(), "provided but not defined", "unknown", 1))
		}
		if set.NArg() == 0 {
			return append(arguments, literal...), nil
		}
		arguments, words = append(arguments, set.Arg(0)), set.Args()[1:]
	}
}

// settleFormat takes VAULT_FORMAT where -format was not given, as the vault command does.
func (c *call) settleFormat(set *flag.FlagSet) error {
	given := false
	set.Visit(func(f *flag.Flag) { given = given || f.Name == "format" })
	if fromEnvironment := os.Getenv("VAULT_FORMAT"); !given && fromEnvironment != "" {
		c.format = strings.ToLower(fromEnvironment)
	}
	if !slices.Contains(c.forms, c.format) {
		return usagef("format %q is none of %s", c.format, strings.Join(c.forms, ", "))
	}
	return nil
}
