// Package process starts, watches and ends the long-lived processes of a
// development Vault. It knows nothing of Vault: a process is a program, a log
// file and a pid file that a later run of the same command can trust.
package process
