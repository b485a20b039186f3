// Package parity compares pqtransit with the transit engine that is built into Vault: it
// generates requests, sends each to both, and reports every difference between the answers that
// is not in the list of allowed ones.
//
// A [Scenario] is a list of steps in text form, made from a seed alone, so that a run can be
// repeated and a difference reduced to the few steps that show it. A step may use what an earlier
// one was answered; so what one engine encrypts, signs or authenticates, both decrypt or verify.
// The package knows HTTP and nothing else of Vault, and is tested without one; package
// vault-dev/e2e runs it on the real thing.
package parity
