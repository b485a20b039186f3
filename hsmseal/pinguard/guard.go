// Package pinguard keeps restarts from locking an HSM. A login attempt is
// written down before it is made; one whose outcome is unknown may be repeated
// once, and only while the token reports no failed attempts; a PIN known to be
// wrong is never tried again until it changes; a locked PIN is never tried.
//
// The rules are the pure function Decide over a Record; Journal keeps the
// Record on disk; Guard joins the two around one login.
package pinguard

import (
	"crypto/subtle"
	"fmt"
)

// State is what is known of the last PIN that was tried.
type State string

// States, in their persisted form.
const (
	// Pending: an attempt was begun and its outcome never written down.
	Pending State = "pending"
	// Accepted: the token took the PIN.
	Accepted State = "accepted"
	// Wrong: the token refused the PIN.
	Wrong State = "wrong"
	// Locked: the token refused every PIN.
	Locked State = "locked"
	// Unjudged: the attempt ended in an error that says nothing of the PIN.
	Unjudged State = "unjudged"
)

// Record is what the journal holds of one token.
type Record struct {
	// Digest identifies the PIN that was last tried, see Journal.
	Digest []byte
	// State is the outcome.
	State State
	// Attempts counts attempts without a recorded outcome: 1 or 2 when State is
	// Pending, otherwise 0.
	Attempts int
}

// Flags are what the token reports of its PIN counter (CK_TOKEN_INFO).
type Flags struct {
	// CountLow is CKF_USER_PIN_COUNT_LOW, FinalTry CKF_USER_PIN_FINAL_TRY,
	// Locked CKF_USER_PIN_LOCKED.
	CountLow, FinalTry, Locked bool
}

// maxUnrecorded is how many attempts without an outcome one PIN may have: the
// first and one repetition.
const maxUnrecorded = 2

// Reason is why an attempt is refused; empty when it may be made.
type Reason string

// Reasons. Their text ends in what the operator can do.
const (
	RefusedLocked   Reason = "the token reports its user PIN as locked: unlock it with the security officer's PIN and set a new user PIN"
	RefusedWrong    Reason = "this PIN was refused by the token before and is not tried again: correct the PIN"
	RefusedTwice    Reason = "two logins with this PIN ended without an outcome: log in once by another tool to prove the PIN, then remove the guard's journal file"
	RefusedCountLow Reason = "the last login ended without an outcome and the token now reports failed attempts: log in once by another tool to prove the PIN and reset the token's counter, or correct the PIN"
	RefusedFinalTry Reason = "the token allows one last attempt and this PIN is not proven: log in once by another tool to prove the PIN and reset the token's counter"
)

// Decide says whether a PIN may be tried: record is what is known (nil when
// nothing), digest the PIN's. It has no other input and no effect.
func Decide(record *Record, digest []byte, flags Flags) Reason {
	if flags.Locked {
		return RefusedLocked
	}
	if record == nil || subtle.ConstantTimeCompare(record.Digest, digest) != 1 {
		return refuse(flags.FinalTry, RefusedFinalTry)
	}
	switch record.State {
	case Accepted:
		return ""
	case Wrong:
		return RefusedWrong
	case Locked:
		return RefusedLocked
	case Pending:
		if record.Attempts >= maxUnrecorded {
			return RefusedTwice
		}
		return refuse(flags.CountLow || flags.FinalTry, RefusedCountLow)
	case Unjudged:
		return refuse(flags.CountLow || flags.FinalTry, RefusedCountLow)
	}
	return RefusedWrong // unreachable: the journal's parser knows the states
}

func refuse(refused bool, reason Reason) Reason {
	if refused {
		return reason
	}
	return ""
}

// Begin is the record to write before an attempt that Decide allows.
func Begin(record *Record, digest []byte) Record {
	next := Record{Digest: digest, State: Pending, Attempts: 1}
	if record != nil && record.State == Pending && subtle.ConstantTimeCompare(record.Digest, digest) == 1 {
		next.Attempts = record.Attempts + 1
	}
	return next
}

// End is the record to write after the attempt.
func End(record Record, outcome State) Record {
	return Record{Digest: record.Digest, State: outcome}
}

// RefusedError is a login that was not made, or that the token refused.
type RefusedError struct {
	// Token is the serial number, for people.
	Token string
	// Journal is the journal's path.
	Journal string
	// Text says what happened and what to do.
	Text string
}

// Error names the token, what to do and the journal.
func (e *RefusedError) Error() string {
	return fmt.Sprintf("token serial %q: %s (guard journal: %s)", e.Token, e.Text, e.Journal)
}
