package worker

import (
	"context"
	"errors"
	"fmt"

	"github.com/palisade-vault/palisade/hsmseal/cryptoki"
	"github.com/palisade-vault/palisade/hsmseal/mechanism"
	"github.com/palisade-vault/palisade/hsmseal/pinguard"
	"github.com/palisade-vault/palisade/hsmseal/wrapkey"
)

// fault is an error on its way across the process boundary.
type fault struct {
	// Code is a key of sentinels, codeWeakKey or codeInvalid.
	Code string
	// Text is the whole text of the error.
	Text string
	// Reasons are a WeakKeyError's.
	Reasons []string
}

const (
	codeWeakKey = "weak-key"
	codeInvalid = "invalid"
)

var sentinels = map[string]error{
	"ciphertext":    ErrCiphertext,
	"device":        ErrDevice,
	"pin":           ErrPIN,
	"no-key":        ErrNoKey,
	"ambiguous-key": ErrAmbiguousKey,
	"unsupported":   ErrUnsupported,
}

// encodeFault gives an error the form that crosses; nil stays nil.
func encodeFault(err error) *fault {
	if err == nil {
		return nil
	}
	if weak, ok := errors.AsType[*WeakKeyError](err); ok {
		return &fault{Code: codeWeakKey, Text: err.Error(), Reasons: weak.Reasons}
	}
	for code, sentinel := range sentinels {
		if errors.Is(err, sentinel) {
			return &fault{Code: code, Text: err.Error()}
		}
	}
	return &fault{Code: codeInvalid, Text: err.Error()}
}

// decode gives the error back; nil stays nil.
func (f *fault) decode() error {
	if f == nil {
		return nil
	}
	if f.Code == codeWeakKey {
		return &WeakKeyError{Reasons: f.Reasons}
	}
	if sentinel, ok := sentinels[f.Code]; ok {
		return crossed{text: f.Text, sentinel: sentinel}
	}
	return errors.New(f.Text)
}

// crossed is an error that came across: its text as it was, and what it is.
type crossed struct {
	text     string
	sentinel error
}

func (c crossed) Error() string { return c.text }
func (c crossed) Unwrap() error { return c.sentinel }

// translate turns the errors of the packages below into this package's.
func translate(err error) error {
	var weak *wrapkey.WeakError
	var refused *pinguard.RefusedError
	switch {
	case err == nil, isOurs(err):
		return err
	case errors.As(err, &weak):
		return &WeakKeyError{Reasons: weak.Reasons}
	case errors.As(err, &refused):
		return fmt.Errorf("%w: %v", ErrPIN, err)
	case errors.Is(err, wrapkey.ErrNotFound):
		return fmt.Errorf("%w: %v", ErrNoKey, err)
	case errors.Is(err, wrapkey.ErrAmbiguous):
		return fmt.Errorf("%w: %v", ErrAmbiguousKey, err)
	case cryptoki.IsCode(err, cryptoki.CodeMechanismInvalid, cryptoki.CodeFunctionNotSupported):
		return fmt.Errorf("%w: %v", ErrUnsupported, err)
	case isDevice(err):
		return fmt.Errorf("%w: %v", ErrDevice, err)
	}
	return err
}

func isOurs(err error) bool {
	for _, sentinel := range sentinels {
		if errors.Is(err, sentinel) {
			return true
		}
	}
	return false
}

// isDevice tells the token's troubles from a caller's fault: whatever came out
// of the library, a wrong answer of its, or no answer in time.
func isDevice(err error) bool {
	var failure *cryptoki.Error
	return errors.As(err, &failure) || errors.Is(err, mechanism.ErrMalformed) ||
		errors.Is(err, context.DeadlineExceeded)
}
