// Package tour walks through all three parts of Palisade on a running
// development Vault: it prints each command with the reason for it, runs it,
// prints what it answers, and fails when that is not what it should be.
package tour
