// Command vault-plugin-auth-threatauth is the threatauth auth method as a Vault plugin.
package main

import (
	"github.com/palisade-vault/palisade/backend"
	"github.com/palisade-vault/palisade/threatauth"
)

func main() { backend.Serve(threatauth.Factory) }
