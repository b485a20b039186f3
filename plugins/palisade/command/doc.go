// Package command is the operator's command line, palisade. It has the habits of the vault
// command: single-dash flags, VAULT_ADDR and its like, -format=json, the same exit codes.
//
// One new file adds a command: a value registered in that file. Its test file adds a sample, a
// call that works against a server in Vault's place, by which the conformance tests run it. What a command decides lies
// in a package that knows no terminal; the file declares flags, calls it and shows the result.
package command
