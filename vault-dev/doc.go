// Package vaultdev makes a real Vault with all of Palisade in it: it finds or
// builds Vault, builds the plugins, makes a SoftHSM token, starts hsmseald and
// Vault, and sets Vault up. The dev command and the end-to-end tests use the
// same steps. Every step may be repeated; what is already so is left alone.
package vaultdev
