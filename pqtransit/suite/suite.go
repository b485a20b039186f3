// Package suite holds every algorithm a transit key version can have: one
// [Suite] per algorithm, each registered in the file of its family. It is
// pure: it knows neither Vault nor storage, and keeps no state but its
// registry.
//
// Adding a key type means adding one file whose top level says
// `var _ = register(Suite{...})`; the conformance test then covers it.
package suite

import "crypto/elliptic"

// NotCommunity is the [Suite.StoredAs] of a suite that Vault Community's
// built-in transit engine cannot store.
const NotCommunity = -1

// Purpose is a bit set of what a key is for. The zero value is no purpose.
type Purpose uint8

// The purposes. An RSA key has both Encryption and Signing; every other suite
// has one.
const (
	Encryption       Purpose = 1 << iota // encrypt, decrypt, rewrap, datakey
	Signing                              // sign, verify
	KeyEncapsulation                     // encapsulate, decapsulate
	Authentication                       // hmac or cmac, and verify of those
)

// Has reports whether p contains every purpose in q.
func (p Purpose) Has(q Purpose) bool { return p&q == q }

// HPKEIdentifiers are the IANA "HPKE" registry numbers (RFC 9180, section 7,
// and draft-ietf-hpke-pq) that a client needs to encrypt offline. They are
// published in a read of a key.
type HPKEIdentifiers struct {
	KEM  uint16
	KDF  uint16
	AEAD uint16
}

// Module is how much of a suite's cryptography is that of the Go Cryptographic
// Module (crypto/fips140, from v1.0.0 on), the only part of it that a FIPS
// 140-3 validation can speak of.
type Module int

// The degrees.
const (
	// OutsideModule: other code computes everything that matters.
	OutsideModule Module = iota
	// PartlyInModule: the module has one half of a hybrid, or the block cipher
	// of a mode that it does not have.
	PartlyInModule
	// InsideModule: every algorithm is the module's; encodings, and the order
	// in which a scheme such as HPKE calls them, are not.
	InsideModule
)

// String is the degree in a word, as self-test answers it.
func (m Module) String() string { return [...]string{"outside", "partly", "inside"}[m] }

// Suite is one algorithm. Suites are values fixed at start; nobody changes one
// after registration.
type Suite struct {
	// Name is unique, persisted with every key version and never renamed. It
	// is what transit calls `type`.
	Name string
	// Aliases are further names that Lookup accepts; they are never persisted.
	Aliases []string
	// KeyName is `keys.N.name` in a read of an asymmetric key. Zero: Name.
	KeyName string
	// StoredAs is keysutil's KeyType number when the built-in engine of Vault
	// Community can store such a key, else NotCommunity.
	StoredAs int
	// Selector is how Vault's API asks for the suite. Zero: by its name alone.
	Selector Selector
	// Purpose is what keys of this suite are for unless Alternative is chosen.
	// A suite with Encryption makes Encrypters, with Signing Signers, with
	// Authentication MACers, with KeyEncapsulation Encapsulators.
	Purpose Purpose
	// Alternative is what a key can be for instead, fixed when it is made: a
	// raw decapsulation would open the ciphertexts of HPKE past every check, so
	// no key has both. Zero: there is no choice.
	Alternative Purpose
	// Asymmetric keys have a public half.
	Asymmetric bool
	// Derivation means that keys are Derivers.
	Derivation bool
	// Convergent means that keys, once derived, can encrypt convergently.
	Convergent bool
	// AssociatedData means that Params.AssociatedData is authenticated; other
	// suites refuse it.
	AssociatedData bool
	// Unauthenticated means that a changed ciphertext may open as another
	// plaintext.
	Unauthenticated bool
	// CallerIV means that Params.IV is accepted.
	CallerIV bool
	// Signatures says which options the Signers of this suite know. Nil
	// without Signing.
	Signatures *SignatureOptions
	// Certification is how the Signers of this suite sign certificate requests,
	// where PKIX says how. Nil: they do not.
	Certification *Certification
	// MACHash means that MACParams.HashAlgorithm chooses the hash; other MACs
	// refuse it.
	MACHash bool
	// Slow means that one private operation can take from tenths of a second
	// to seconds, so that callers must bound how many run at once.
	Slow bool
	// SafeMessages is how many messages one key may encrypt at most where its
	// nonces are random, and SafeBytes how many bytes, so that no two nonces or
	// blocks meet with a probability of more than 2^-32. 0: the suite itself has
	// no such bound within reach.
	SafeMessages, SafeBytes int64
	// SlowToMake means that generating a key, or checking one from outside, can
	// take from tenths of a second to seconds, so that callers must bound how
	// many run at once.
	SlowToMake bool
	// Curve is that of the numbers which keysutil stores of an ECDSA key, whose
	// type alone tells it. Nil: the suite is not ECDSA.
	Curve elliptic.Curve
	// KeySize is nil for suites whose keys have one size.
	KeySize *SizeRange
	// PaddingSchemes are the accepted values of Params.PaddingScheme beside
	// the empty one, the default first. Nil: the suite has no choice of one.
	PaddingSchemes []string
	// Wrapping means that keys of other types travel wrapped to keys of this one.
	Wrapping bool
	// HPKE is nil for suites that are not HPKE.
	HPKE *HPKEIdentifiers
	// AgeUnwrap recovers the file key of an age file (age-encryption.org) from the
	// stanza for a key of this suite: enc is the stanza's argument, body its body.
	// Nil where age has no such recipients. Every error is a fault of the stanza.
	AgeUnwrap func(key Key, enc, body []byte) (Secret, error)

	// Generate makes a fresh key from the system's random source, of the
	// default size where there is a choice.
	Generate func() (Key, error)
	// GenerateSize makes a fresh key of so many bytes. Nil where KeySize is.
	GenerateSize func(bytes int) (Key, error)
	// Parse reads the form that Key.Private gives, and only that form: any
	// other length, trailing data or non-canonical encoding is an error.
	Parse func(private []byte) (Key, error)
	// ParsePublic reads the form that PublicKey.Bytes gives and makes a key
	// that has no private half. Nil for symmetric suites.
	ParsePublic func(public []byte) (Key, error)
	// FromMaterial makes a key of what keysutil holds in memory (see
	// Key.Material). The numbers that an RSA or ECDSA key points to are shared,
	// so the caller must not change them. Nil where StoredAs is NotCommunity.
	FromMaterial func(material any) (Key, error)

	// SelfTest runs a known answer of another implementation through the
	// suite's own code and says what differs. It takes no arguments, so it can
	// run in a plugin; a suite whose test fails must not be used.
	SelfTest func() error
	// Module says how much of the suite's cryptography the Go Cryptographic
	// Module has.
	Module Module
	// Encodings are the standard forms that keys of this suite have.
	Encodings Encodings
	// Inventory is for reports and the mount's crypto policy.
	Inventory Inventory
}

// SizeRange bounds a key's size, in bytes; all of them are accepted sizes.
type SizeRange struct{ Min, Max, Default int }

// Key is one key version, parsed and ready. Keys are safe for concurrent use,
// and print as "[redacted]" whatever the format verb.
type Key interface {
	// Private is the private half in our own persisted form: raw bytes of a
	// symmetric key, the seed of a post-quantum key, PKCS#8 DER of an RSA key.
	// It is zero for a key that has only its public half, and for a derived
	// key, since those are never stored. Only the keyring and escrow may call
	// it.
	Private() Secret
	// Material is what keysutil stores: []byte (of Ed25519 the 64 bytes of
	// seed and public key), *rsa.PrivateKey, *rsa.PublicKey,
	// *ecdsa.PrivateKey, *ecdsa.PublicKey or ed25519.PublicKey; nil where the
	// suite is NotCommunity, and for a derived key. Only the keyring may call
	// it.
	Material() any
	// Public is the public half, zero for a symmetric key.
	Public() PublicKey
}

// Encrypter is a key with purpose Encryption.
//
// Every error of Seal and Open is a fault of the caller's input, says so in
// transit's words where transit has them, and carries no secret; a failure of
// the random source ends the process, as everywhere in crypto/rand. Neither
// method keeps or changes its arguments, and the result shares no memory with
// them.
type Encrypter interface {
	// Seal encrypts a plaintext of any length the suite can take (RSA is
	// limited by its modulus).
	Seal(params Params, plaintext []byte) ([]byte, error)
	// Open reverses Seal. An empty plaintext is an empty or nil slice.
	Open(params Params, sealed []byte) ([]byte, error)
}

// KDF is the function by which a key derives others from a context. The values
// are keysutil's.
type KDF int

// The key derivation functions of transit.
const (
	// HMACSHA256Counter is NIST SP 800-108 counter mode over HMAC-SHA-256 as
	// keys made by the oldest versions of Vault have it. Such keys give 32
	// bytes, so convergent version 3 is not possible with it.
	HMACSHA256Counter KDF = 0
	// HKDFSHA256 is RFC 5869 with an absent salt and the context as info. All
	// keys made today have it.
	HKDFSHA256 KDF = 1
)

// Deriver is a key of a suite with Derivation.
type Deriver interface {
	// Derive makes the key that belongs to a context. An empty context and an
	// unknown function are errors.
	Derive(function KDF, context []byte) (Key, error)
}

// Params are the inputs of one encryption beside the plaintext. The zero value
// is a plain encryption.
type Params struct {
	// Context is the info of an HPKE suite, empty or not. Other suites ignore
	// it, as transit does: for them the keyring calls Deriver.Derive where the
	// key is a derived one, and encrypts with its result.
	Context []byte
	// AssociatedData is authenticated and not stored.
	AssociatedData []byte
	// PaddingScheme is one of Suite.PaddingSchemes; empty means the default.
	PaddingScheme string
	// Convergent is 0 for a random nonce, else the version (1 to 3) of
	// transit's convergent scheme. Versions 2 and 3 need a derived key.
	Convergent int
	// Nonce is the caller's, 12 bytes, for convergent version 1 only, and in
	// both directions; with anything else it is an error.
	Nonce []byte
	// IV is the caller's initialisation vector for an encryption with a suite
	// that has CallerIV, of the cipher's block size; with anything else it is
	// an error. Absent: random. It goes into the ciphertext, so opening takes
	// none.
	IV []byte
}
