// Package hsmseal is the seal daemon: it keeps the keys that unseal a Vault in
// PKCS#11 tokens and speaks to stock Vault as the transit seal does. A Sealer
// turns plaintexts into blobs for one tenant; the server puts the three calls of
// the protocol in front of the sealers; Serve runs it all from a configuration.
//
// The protocol is what go-kms-wrapping's transit wrapper sends (Vault 1.21):
// encrypt, decrypt and renew-self, nothing else.
package hsmseal
