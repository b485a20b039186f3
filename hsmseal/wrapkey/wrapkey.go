// Package wrapkey finds, makes and judges the wrapping keys in a token. A key
// is addressed by its CKA_ID alone, is made inside the token, and is used only
// when its attributes say that it can neither leave the token nor do anything
// but wrap data keys, and when the token has been seen to hold to that.
package wrapkey

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/palisade-vault/palisade/hsmseal/cryptoki"
	"github.com/palisade-vault/palisade/hsmseal/mechanism"
)

// Errors of this package, for errors.Is.
var (
	// ErrNotFound: no object of that id.
	ErrNotFound = errors.New("no key object of that id")
	// ErrAmbiguous: more than one object of that id.
	ErrAmbiguous = errors.New("more than one key object of that id")
)

// WeakError lists why a key is refused.
type WeakError struct {
	// Reasons is never empty.
	Reasons []string
}

// Error lists every reason.
func (e *WeakError) Error() string { return "weak key: " + strings.Join(e.Reasons, "; ") }

// Spec says which wrapping key is meant.
type Spec struct {
	// ID is the CKA_ID of the first object, 1 to MaxID bytes.
	ID []byte
	// Label is given to new objects, for people.
	Label string
	// MustExist refuses to make a missing key: ErrNotFound instead.
	MustExist bool
}

// MaxID is the longest CKA_ID accepted, in bytes.
const MaxID = 64

// Result is a verified wrapping key.
type Result struct {
	// Handles are in the order of the mechanism's Keys.
	Handles []cryptoki.Handle
	// Created is true when at least one object was made.
	Created bool
	// Attributes are the verified attributes by name, for people and records.
	Attributes map[string]string
}

// Ensure makes what is missing of the wrapping key and verifies all of it. A
// key it has just made is removed again when it fails verification: nothing
// can have been wrapped with it.
func Ensure(session cryptoki.Session, m mechanism.Mechanism, spec Spec) (Result, error) {
	result := Result{Attributes: map[string]string{}}
	for _, key := range m.Keys {
		handle, err := lookup(session, key, spec.ID)
		created := errors.Is(err, ErrNotFound) && !spec.MustExist
		if created {
			handle, err = generate(session, key, spec)
		}
		if err != nil {
			return Result{}, err
		}
		if err := verify(session, handle, key, result.Attributes); err != nil {
			return Result{}, discard(session, handle, created, err)
		}
		result.Handles = append(result.Handles, handle)
		result.Created = result.Created || created
	}
	return result, nil
}

// Find returns the handles of an existing wrapping key, in the order of the
// mechanism's Keys, without verifying it.
func Find(session cryptoki.Session, m mechanism.Mechanism, id []byte) ([]cryptoki.Handle, error) {
	handles := make([]cryptoki.Handle, 0, len(m.Keys))
	for _, key := range m.Keys {
		handle, err := lookup(session, key, id)
		if err != nil {
			return nil, err
		}
		handles = append(handles, handle)
	}
	return handles, nil
}

// lookup searches by class and id only: an object of another type under the
// same id is an ambiguity or a fault to report, not to overlook.
func lookup(session cryptoki.Session, key mechanism.Key, id []byte) (cryptoki.Handle, error) {
	if len(id) == 0 || len(id) > MaxID {
		return 0, fmt.Errorf("key id has %d bytes, not 1 to %d", len(id), MaxID)
	}
	handles, err := session.Find([]cryptoki.Attribute{
		cryptoki.Ulong(cryptoki.AttrClass, cryptoki.ClassSecretKey),
		cryptoki.Bytes(cryptoki.AttrID, objectID(key, id)),
	}, 2)
	switch {
	case err != nil:
		return 0, err
	case len(handles) == 0:
		return 0, fmt.Errorf("%w: %x", ErrNotFound, objectID(key, id))
	case len(handles) > 1:
		return 0, fmt.Errorf("%w: %x", ErrAmbiguous, objectID(key, id))
	}
	return handles[0], nil
}

func objectID(key mechanism.Key, id []byte) []byte {
	return append(slices.Clip(id), key.Suffix...)
}

func discard(session cryptoki.Session, handle cryptoki.Handle, created bool, cause error) error {
	if !created {
		return cause
	}
	if err := session.Destroy(handle); err != nil {
		return fmt.Errorf("%w (and the new key could not be removed: %v)", cause, err)
	}
	return cause
}
