package token

import (
	"context"
	"errors"
	"fmt"

	"github.com/miekg/pkcs11"

	"github.com/palisade-vault/palisade/hsmseal/cryptoki"
)

// Authenticate decides about one login: it is given what the token says of
// itself and the C_Login call, which it makes at most once with the PIN.
type Authenticate func(info Info, login func(pin []byte) error) error

// Token is an open, logged-in token. Its methods may be called by many
// goroutines at once, Close only when none of them runs.
type Token struct {
	library *pkcs11.Ctx
	slot    uint
	info    Info
	pool    *pool
}

// Open loads the library, finds the token, opens a session and logs in. A
// process holds at most one Token of a library at a time: Close finalises the
// library for all.
func Open(path string, want Selector, authenticate Authenticate) (*Token, error) {
	library, err := load(path)
	if err != nil {
		return nil, err
	}
	opened, err := open(library, want, authenticate)
	if err != nil {
		return nil, errors.Join(err, unload(library))
	}
	return opened, nil
}

func open(library *pkcs11.Ctx, want Selector, authenticate Authenticate) (*Token, error) {
	slot, raw, err := findSlot(library, want)
	if err != nil {
		return nil, err
	}
	info, err := describe(library, slot, raw)
	if err != nil {
		return nil, err
	}
	if raw.Flags&pkcs11.CKF_USER_PIN_INITIALIZED == 0 {
		return nil, fmt.Errorf("token %q has no user PIN yet: initialise it first", info.Label)
	}
	if raw.Flags&pkcs11.CKF_PROTECTED_AUTHENTICATION_PATH != 0 {
		return nil, fmt.Errorf("token %q takes its PIN from a key pad only, which is not supported", info.Label)
	}
	anchor, err := openSession(library, slot)
	if err != nil {
		return nil, err
	}
	if err := login(library, anchor, info, authenticate); err != nil {
		return nil, err
	}
	return &Token{library: library, slot: slot, info: info, pool: newPool(library, slot, anchor, sessionBound(raw))}, nil
}

// login logs the whole process in. CKR_USER_ALREADY_LOGGED_IN leaves the token
// logged in too; it is success for the caller and no proof of the PIN.
func login(library *pkcs11.Ctx, session pkcs11.SessionHandle, info Info, authenticate Authenticate) error {
	err := authenticate(info, func(pin []byte) error {
		return classify("C_Login", library.Login(session, pkcs11.CKU_USER, string(pin)))
	})
	if cryptoki.IsCode(err, cryptoki.CodeUserAlreadyLoggedIn) {
		return nil
	}
	return err
}

// Use lends f a session for the time of the call. It waits for one while the
// context lasts.
func (t *Token) Use(ctx context.Context, f func(cryptoki.Session) error) error {
	return t.pool.use(ctx, f)
}

// Info is what the token said of itself when it was opened.
func (t *Token) Info() Info { return t.info }

// Refresh asks the token again for what it says of itself.
func (t *Token) Refresh() (Info, error) {
	raw, err := t.library.GetTokenInfo(t.slot)
	if err != nil {
		return Info{}, classify("C_GetTokenInfo", err)
	}
	return describe(t.library, t.slot, raw)
}

// Sessions is how many sessions are open, and how many may be.
func (t *Token) Sessions() (opened, bound int) { return t.pool.count() }

// Close logs out and finalises the library.
func (t *Token) Close() error {
	return errors.Join(t.pool.close(), unload(t.library))
}
