package command

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// command is one command of palisade.
type command struct {
	// name is what is typed, such as "transit rewrap".
	name string
	// synopsis is one line, for the list of commands.
	synopsis string
	// arguments are those after the flags, such as "MOUNT/KEY [FILE]": in brackets what may be
	// left out, with dots behind the last what may be repeated. Empty for none.
	arguments string
	// description is what the command does and what its exit code says, in lines of 100 characters.
	description string
	// examples stand in the help, at least one.
	examples []example
	// offline commands call no Vault, and have none of the flags that say where it is.
	offline bool
	// forms of the result beside a table and JSON; nil for none.
	forms []string
	// raw commands write bytes of their own to standard output, and have no -format.
	raw bool
	// build declares the command's flags and returns what runs once they are parsed.
	build func(*flag.FlagSet) run
}

// run does the work of a command. What it returns becomes the exit code, see [exitCode].
type run func(context.Context, *call) error

// example is a line to type, and what that does.
type example struct{ does, line string }

var commands = map[string]command{}

// register adds a command. It panics on a name that is there already.
func register(c command) bool {
	if _, taken := commands[c.name]; taken || c.name == "" {
		panic("command " + c.name + " is registered twice or has no name")
	}
	commands[c.name] = c
	return true
}

// all are the registered commands, by name.
func all() []command {
	names := slices.Sorted(maps.Keys(commands))
	list := make([]command, len(names))
	for i, name := range names {
		list[i] = commands[name]
	}
	return list
}

// checkCount holds the number of arguments against those declared.
func (c command) checkCount(given []string) error {
	declared := strings.Fields(c.arguments)
	least, most := 0, len(declared)
	for _, argument := range declared {
		if !strings.HasPrefix(argument, "[") {
			least++
		}
		if strings.Contains(argument, "...") {
			most = max(len(given), most)
		}
	}
	switch {
	case len(given) < least:
		return usagef("missing argument: %s takes %s", c.name, c.arguments)
	case len(given) > most && most == 0:
		return usagef("unexpected argument %q: %s takes none", given[0], c.name)
	case len(given) > most:
		return usagef("unexpected argument %q: %s takes %s", given[most], c.name, c.arguments)
	}
	return nil
}

// usage is the first line of the help.
func (c command) usage() string {
	return strings.TrimSpace(fmt.Sprintf("palisade %s [options] %s", c.name, c.arguments))
}
