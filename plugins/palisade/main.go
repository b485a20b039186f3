// Command palisade is the operator's command line for Palisade.
package main

import (
	"os"

	"github.com/palisade-vault/palisade/plugins/palisade/command"
)

func main() { os.Exit(command.Main(os.Args[1:], command.Process())) }
