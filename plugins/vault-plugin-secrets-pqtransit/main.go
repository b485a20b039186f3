// Command vault-plugin-secrets-pqtransit is the secrets engine pqtransit as Vault starts it.
package main

import (
	"github.com/palisade-vault/palisade/backend"
	"github.com/palisade-vault/palisade/pqtransit"
)

func main() { backend.Serve(pqtransit.Factory) }
