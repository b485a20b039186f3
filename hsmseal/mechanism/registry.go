// Package mechanism holds the ways to wrap a blob's 32-byte data key in a
// token: one file per way, each a value registered under the name that is
// persisted in every wrap. It sees a token only as a cryptoki.Session.
package mechanism

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/palisade-vault/palisade/hsmseal/cryptoki"
)

// DataKeySize is the length in bytes of the data key that is wrapped.
const DataKeySize = 32

// ErrMalformed is a wrap, or an unwrapped data key, whose form cannot be one
// of this mechanism's. The device is not to blame.
var ErrMalformed = errors.New("malformed wrap")

// Mechanism is one way to wrap a data key.
type Mechanism struct {
	// Name is persisted in blobs and never changes.
	Name string
	// Needs are the codes the token must list for this mechanism to work.
	Needs []cryptoki.MechanismType
	// Keys are the token objects of one wrapping key, at least one.
	Keys []Key
	// Size is the exact length in bytes of a wrap.
	Size int
	// Wrap seals a data key of DataKeySize bytes, bound to aad. The handles are
	// in the order of Keys.
	Wrap func(session cryptoki.Session, keys []cryptoki.Handle, random io.Reader, dataKey, aad []byte) ([]byte, error)
	// Unwrap returns the data key. It checks the wrap's form before it calls
	// the token, and answers ErrMalformed for a wrong one.
	Unwrap func(session cryptoki.Session, keys []cryptoki.Handle, wrapped, aad []byte) ([]byte, error)
}

// Key describes one secret key object and all it may do: every usage that is
// not listed is switched off and verified to be off.
type Key struct {
	// Suffix is appended to the wrapping key's CKA_ID, so that the objects of
	// one wrapping key have ids of their own; empty for the first.
	Suffix string
	// Type is the CKK code.
	Type uint
	// Length is the key's length in bytes.
	Length int
	// Generator is the mechanism that makes it in the token.
	Generator cryptoki.MechanismType
	// Usages are the usage attributes that are true.
	Usages []cryptoki.AttributeType
	// Mechanisms are the only ones the key may be used with, where the token
	// can hold it to that.
	Mechanisms []cryptoki.MechanismType
}

var registry = map[string]Mechanism{}

// register adds a mechanism; a fault in it is a programmer's and panics.
func register(m Mechanism) Mechanism {
	if _, taken := registry[m.Name]; taken || m.Name == "" {
		panic(fmt.Sprintf("internal error: mechanism name %q empty or registered twice", m.Name))
	}
	if len(m.Keys) == 0 || m.Size <= DataKeySize || m.Wrap == nil || m.Unwrap == nil {
		panic(fmt.Sprintf("internal error: mechanism %q incomplete", m.Name))
	}
	registry[m.Name] = m
	return m
}

// Lookup returns the mechanism of that name.
func Lookup(name string) (Mechanism, bool) {
	m, ok := registry[name]
	return m, ok
}

// All returns every mechanism, ordered by name.
func All() []Mechanism {
	all := make([]Mechanism, 0, len(registry))
	for _, name := range slices.Sorted(maps.Keys(registry)) {
		all = append(all, registry[name])
	}
	return all
}
