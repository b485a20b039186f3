// Package keyring keeps named keys with their versions: creation, rotation across
// algorithms, lifecycle rules, and what is done with a key. It knows storage, and nothing
// of HTTP or of Vault's paths.
//
// # Storage
//
// A key whose versions are all of one algorithm that Vault Community knows lies exactly as
// sdk/helper/keysutil writes it, so that the built-in engine can serve it before and after:
//
//	policy/<name>   settings and the versions from min_decryption_version on
//	archive/<name>  every version
//
// Any other key lies in our own format, and a stub takes its name from the built-in engine:
//
//	palisade/key/<name>           settings, the newest versions, and where the others are
//	palisade/versions/<name>/<n>  older versions
//	policy/<name>                 the stub, without key material
//
// policy/<name> alone decides. Absent, there is no such key; a stub, palisade/key/<name> is
// the key; anything else, it is the key itself. Each change writes the entry that decides
// last (and deletes it first), so that a crash at any point leaves the key as it was or as
// it was to become. What such a crash leaves behind is never read, and goes with the next
// change of that name.
package keyring
