package worker

import (
	"context"
)

// DataKeySize is the length in bytes of the data key that is wrapped.
const DataKeySize = 32

// Token is one HSM token. All methods may be called by many goroutines at once.
// Errors match ErrCiphertext, ErrDevice, ErrPIN, ErrNoKey, ErrAmbiguousKey,
// ErrUnsupported (errors.Is) or are a *WeakKeyError (errors.As), the context's
// error when the context ended first, or a plain error for arguments that can
// never be right.
type Token interface {
	// EnsureKey makes the wrapping key of that id in the token when it is not
	// there, then verifies its attributes by reading them back and by trying
	// what they forbid. Called at every start. A weak key is refused with a
	// *WeakKeyError that names each failing attribute.
	EnsureKey(ctx context.Context, spec KeySpec) (KeyInfo, error)
	// Wrap seals a data key of DataKeySize bytes under the key; aad is bound to
	// the result and must be given again to Unwrap. The result is never empty.
	Wrap(ctx context.Context, key KeyRef, dataKey, aad []byte) ([]byte, error)
	// Unwrap returns the data key. ErrCiphertext means the token is well and
	// the wrap, the aad or the key is the wrong one.
	Unwrap(ctx context.Context, key KeyRef, wrapped, aad []byte) ([]byte, error)
	// Status describes the token as it reports itself. It is no health check:
	// a dead token may still answer it; a Wrap and Unwrap pair is the check.
	Status(ctx context.Context) (Status, error)
}

// KeySpec says which wrapping key must exist.
type KeySpec struct {
	// ID is the CKA_ID, 1 to 64 bytes, unique in the token.
	ID []byte
	// Label is the CKA_LABEL given to a new key, for people; never searched for.
	Label string
	// Mechanism is a name of the mechanism registry, such as "aes-gcm".
	Mechanism string
	// MustExist refuses to make a missing key, with ErrNoKey: for a key that is
	// known to have wrapped something.
	MustExist bool
}

// KeyRef addresses an existing wrapping key.
type KeyRef struct {
	// ID is the CKA_ID, 1 to 64 bytes.
	ID []byte
	// Mechanism is a name of the mechanism registry, such as "aes-gcm".
	Mechanism string
}

// KeyInfo is what EnsureKey found or made.
type KeyInfo struct {
	// ID is the CKA_ID.
	ID []byte
	// Mechanism is the name given in the KeySpec.
	Mechanism string
	// Created is true when this call made the key.
	Created bool
	// Attributes are the verified attributes and the outcomes of the negative
	// tests, by their PKCS#11 names, as text.
	Attributes map[string]string
}

// Status describes a token and its worker.
type Status struct {
	// Label, Manufacturer, Model and Serial are CK_TOKEN_INFO's, padding removed.
	Label, Manufacturer, Model, Serial string
	// Hardware and Firmware are versions as "major.minor".
	Hardware, Firmware string
	// Library is the PKCS#11 library's description and version.
	Library string
	// Flags are CK_TOKEN_INFO's flags by name, such as "CKF_LOGIN_REQUIRED".
	Flags []string
	// Mechanisms are the names of registered mechanisms the token can serve.
	Mechanisms []string
	// TokenMechanisms is every CKM code the token lists, as "0x00001087".
	TokenMechanisms []string
	// Sessions is how many sessions the worker holds; MaxSessions is the bound
	// it keeps to.
	Sessions, MaxSessions int
	// PID is the worker's process id; Restarts counts the workers started
	// after the first.
	PID, Restarts int
}
