// Command age-plugin-palisade lets age decrypt with keys in Vault.
package main

import (
	"context"
	"flag"
	"os"

	"github.com/palisade-vault/palisade/plugins/palisade/command"
)

func main() { os.Exit(command.AgePlugin(context.Background(), flag.CommandLine, os.Args[1:])) }
