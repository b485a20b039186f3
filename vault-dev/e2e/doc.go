// Package e2e holds the end-to-end tests. They drive a real Vault that unseals
// through a real hsmseald and a SoftHSM token, with the vault command and with
// the API client. They fail, and never skip, where one of these is missing.
//
// One Vault serves all tests of a run. Tests that end a process of it do not run
// in parallel with others; all others do.
package e2e
