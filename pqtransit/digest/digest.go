// Package digest names the hash functions of transit's requests. It is pure:
// it knows neither keys nor Vault.
package digest

import (
	"crypto/sha1" //nolint:gosec // HMAC-SHA-1 is among what transit's clients verify
	"crypto/sha256"
	"crypto/sha3"
	"crypto/sha512"
	"hash"
	"maps"
	"slices"
)

// Default is the function of requests that name none.
const Default = "sha2-256"

// Algorithm is one hash function (FIPS 180-4, FIPS 202).
type Algorithm struct {
	// Name is what requests call it.
	Name string
	// New makes a fresh state.
	New func() hash.Hash
	// Legacy functions serve HMAC and old signatures alone: collisions are
	// known.
	Legacy bool
}

var byName = index([]Algorithm{
	{Name: "sha1", New: sha1.New, Legacy: true},
	{Name: "sha2-224", New: sha256.New224},
	{Name: "sha2-256", New: sha256.New},
	{Name: "sha2-384", New: sha512.New384},
	{Name: "sha2-512", New: sha512.New},
	{Name: "sha3-224", New: func() hash.Hash { return sha3.New224() }},
	{Name: "sha3-256", New: func() hash.Hash { return sha3.New256() }},
	{Name: "sha3-384", New: func() hash.Hash { return sha3.New384() }},
	{Name: "sha3-512", New: func() hash.Hash { return sha3.New512() }},
})

func index(all []Algorithm) map[string]Algorithm {
	byName := make(map[string]Algorithm, len(all))
	for _, algorithm := range all {
		byName[algorithm.Name] = algorithm
	}
	return byName
}

// Lookup finds a function by its name, exactly as spelt.
func Lookup(name string) (Algorithm, bool) {
	algorithm, ok := byName[name]
	return algorithm, ok
}

// Names are all names but those of legacy functions, sorted.
func Names() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(byName)), func(name string) bool { return byName[name].Legacy })
}
