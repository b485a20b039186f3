package pinguard

import (
	"errors"
	"fmt"
	"io"

	"github.com/palisade-vault/palisade/hsmseal/cryptoki"
)

// Login makes one guarded login. Identity tells the token from all others,
// serial names it for people, and attempt is C_Login with the PIN: called at
// most once, after the attempt is on disk. A refusal, by the guard or by the
// token, is a *RefusedError; other errors say nothing of the PIN.
type Login struct {
	// Dir is the state directory.
	Dir string
	// Identity and Serial name the token.
	Identity, Serial string
	// Random makes the journal's salt.
	Random io.Reader
}

// Do decides, writes down, attempts and records.
func (l Login) Do(pin []byte, flags Flags, attempt func() error) (err error) {
	journal, err := Open(l.Dir, l.Identity, l.Random)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, journal.Close()) }()
	record, err := journal.Load()
	if err != nil {
		return err
	}
	digest := journal.Digest(pin)
	if reason := Decide(record, digest, flags); reason != "" {
		return &RefusedError{Token: l.Serial, Journal: journal.Path(), Text: string(reason)}
	}
	pending := Begin(record, digest)
	if err := journal.Store(pending); err != nil {
		return err
	}
	failure := attempt()
	outcome, text := judge(failure)
	if err := journal.Store(End(pending, outcome)); err != nil {
		return errors.Join(failure, err)
	}
	if text != "" {
		return &RefusedError{Token: l.Serial, Journal: journal.Path(), Text: fmt.Sprintf("%v: %s", failure, text)}
	}
	return failure
}

// judge turns C_Login's answer into an outcome, and into what to do about it
// when the token refused. CKR_USER_ALREADY_LOGGED_IN is the caller's to turn
// into nil; here it says nothing of the PIN.
func judge(err error) (outcome State, text string) {
	switch {
	case err == nil:
		return Accepted, ""
	case cryptoki.IsCode(err, cryptoki.CodePINLocked):
		return Locked, string(RefusedLocked)
	case cryptoki.IsCode(err, cryptoki.CodePINExpired):
		return Wrong, "the PIN has expired: set a new user PIN"
	case cryptoki.IsCode(err, cryptoki.CodePINIncorrect, cryptoki.CodePINInvalid, cryptoki.CodePINLenRange):
		return Wrong, "the token refused the PIN; it is not tried again until it changes: correct the PIN"
	}
	return Unjudged, ""
}
