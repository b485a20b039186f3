package worker

import (
	"errors"
	"strings"
)

// Errors of a Token, to be matched by errors.Is. Each survives the process
// boundary with its text.
var (
	// ErrCiphertext: the wrap does not open, and a fresh round trip on the same
	// key shows the token to be well. Never retried.
	ErrCiphertext = errors.New("wrapped key does not open")
	// ErrDevice: the token, its library or its worker is in trouble. Another
	// token should serve; a later try may succeed.
	ErrDevice = errors.New("token unavailable")
	// ErrPIN: the token refused the PIN, or the PIN guard refuses to try it.
	// Never retried; its text says what the operator must do.
	ErrPIN = errors.New("token login refused")
	// ErrNoKey: no key of that id is in the token.
	ErrNoKey = errors.New("wrapping key not found")
	// ErrAmbiguousKey: more than one key of that id is in the token.
	ErrAmbiguousKey = errors.New("wrapping key ambiguous")
	// ErrUnsupported: the mechanism is unknown, or the token does not offer it.
	ErrUnsupported = errors.New("mechanism not supported")
)

// WeakKeyError is a wrapping key whose attributes would let it leave the token
// or be used for more than wrapping.
type WeakKeyError struct {
	// Reasons names each failing attribute and its value; never empty.
	Reasons []string
}

// Error lists every reason.
func (e *WeakKeyError) Error() string {
	return "wrapping key is weak: " + strings.Join(e.Reasons, "; ")
}
