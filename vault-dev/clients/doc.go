// Package clients holds tests alone: clients of other projects, unmodified, against the engine
// at pqtransit/ of the Vault that VAULT_ADDR, VAULT_CACERT and VAULT_TOKEN name. The end-to-end
// tests run them; by hand, after `make dev` and `. vault-dev/run/env`: go test ./...
package clients
