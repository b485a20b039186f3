package cryptoki

import (
	"errors"
	"fmt"
	"slices"
)

// Error is a failed call to the library.
type Error struct {
	// Function is the call's name, such as "C_Decrypt".
	Function string
	// Code is what it returned.
	Code Code
}

// Error names the function and the code.
func (e *Error) Error() string { return e.Function + ": " + e.Code.String() }

// Code is a CK_RV other than CKR_OK.
type Code uint

// Class says what to do about a code.
type Class int

// Classes. The zero value is Permanent: what is not known is not repeated.
const (
	// Permanent: the same call can never succeed.
	Permanent Class = iota
	// Data: the ciphertext, the key or the device may be at fault; only a
	// canary round trip tells which.
	Data
	// Retry: the same call may succeed on the same session later.
	Retry
	// Reconnect: the session, the login or the handles are stale.
	Reconnect
	// Reinitialise: only C_Finalize and C_Initialize may heal it.
	Reinitialise
	// Login: the token judged the PIN or the login state; never repeated
	// without the PIN guard's leave.
	Login
)

// ClassOf is the class of an error: that of the *Error in its chain, otherwise
// Permanent.
func ClassOf(err error) Class {
	var failure *Error
	if !errors.As(err, &failure) {
		return Permanent
	}
	return failure.Code.Class()
}

// IsCode tells whether an *Error of one of the codes is in the chain.
func IsCode(err error, codes ...Code) bool {
	var failure *Error
	if !errors.As(err, &failure) {
		return false
	}
	return slices.Contains(codes, failure.Code)
}

// Class is what to do about the code.
func (c Code) Class() Class { return codes[c].class }

// String is the code's name in the specification.
func (c Code) String() string {
	if entry, ok := codes[c]; ok {
		return entry.name
	}
	return fmt.Sprintf("CKR_0x%08X", uint(c))
}
