package suite

import (
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"slices"
)

const redacted = "[redacted]"

// Secret is private key material. It prints as "[redacted]" with every verb,
// also inside other values, and refuses to be marshalled, so that it reaches
// storage only through Bytes. The zero value is no secret.
type Secret struct {
	// A function, since package fmt calls no methods of unexported fields and
	// follows even a pointer where the verb does not fit it.
	reveal func() []byte
}

// NewSecret takes a copy of value.
func NewSecret(value []byte) Secret {
	owned := slices.Clone(value)
	return Secret{reveal: func() []byte { return owned }}
}

// Bytes is a copy of the secret, nil for the zero value. Only the keyring and
// escrow may call it, and the edge for a shared secret.
func (s Secret) Bytes() []byte { return slices.Clone(s.view()) }

// view is the secret itself, which nobody may change.
func (s Secret) view() []byte {
	if s.reveal == nil {
		return nil
	}
	return s.reveal()
}

// IsZero reports whether there is no secret.
func (s Secret) IsZero() bool { return len(s.view()) == 0 }

// Equal compares in constant time for equal lengths.
func (s Secret) Equal(t Secret) bool {
	return subtle.ConstantTimeCompare(s.view(), t.view()) == 1
}

// String is "[redacted]".
func (Secret) String() string { return redacted }

// GoString is "[redacted]".
func (Secret) GoString() string { return redacted }

// Format writes "[redacted]" whatever the verb.
func (Secret) Format(state fmt.State, _ rune) { writeRedacted(state) }

// MarshalText is always an error: a secret is never marshalled by mistake.
func (Secret) MarshalText() ([]byte, error) {
	return nil, errors.New("a secret cannot be marshalled")
}

// concealed is embedded in every key, so that no verb prints what it holds.
type concealed struct{}

func (concealed) String() string                 { return redacted }
func (concealed) GoString() string               { return redacted }
func (concealed) Format(state fmt.State, _ rune) { writeRedacted(state) }

// writeRedacted drops the writer's error, as package fmt has no way to
// report one from a Formatter.
func writeRedacted(w io.Writer) { _, _ = io.WriteString(w, redacted) }

// PublicKey is the public half of a key. The zero value is none.
type PublicKey struct {
	raw  []byte
	text string
}

// rawPublicKey is a public key that transit shows in standard base64.
func rawPublicKey(raw []byte) PublicKey {
	return PublicKey{raw: raw, text: base64.StdEncoding.EncodeToString(raw)}
}

// String is the form a read of the key shows: PEM (PKIX) for RSA, else the raw
// key in standard base64, which is enough for any HPKE library. Empty for the
// zero value.
func (p PublicKey) String() string { return p.text }

// Bytes is a copy of the form that Suite.ParsePublic reads: PKIX DER for RSA,
// else the raw key. Nil for the zero value.
func (p PublicKey) Bytes() []byte { return slices.Clone(p.raw) }

// IsZero reports whether there is no public key.
func (p PublicKey) IsZero() bool { return len(p.raw) == 0 }
