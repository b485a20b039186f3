// Package escrow seals versions of keys to custodians who can open them only
// together: who holds what, how a share is checked without the others, and how
// a quorum recovers a version. It is pure: it knows neither Vault nor storage.
//
// # The way of one version
//
// The version's record is encrypted with AES-256-GCM under a fresh package key.
// That key is the exclusive or of one part per group and one per mandatory
// custodian, so that every one of them is needed; the part of a group is split
// among its members by Shamir's scheme, so that any threshold of them has it
// and fewer know nothing of it, whatever they can compute. Each share is sealed
// by HPKE to its custodian's hybrid public key. A salted SHA3-256 commitment to
// each share lies beside it, and the dealer, who is the mount, signs the whole
// package with a composite key, so that a custodian can check its own share,
// and whoever recovers can name a wrong one.
//
// Feldman's commitments, which would also prove that the shares are of one
// secret, publish an image of the secret under a discrete logarithm, and so
// would undo the hybrid sealing for who has a quantum computer. A salted hash
// hides whatever the adversary computes.
package escrow
