package token

import (
	"context"
	"errors"
	"sync"

	"github.com/miekg/pkcs11"

	"github.com/palisade-vault/palisade/hsmseal/cryptoki"
)

// maxSessions bounds the sessions held where the token does not: the load is
// light, and small HSMs serve many applications.
const maxSessions = 8

// sessionBound is how many sessions may be held: the smaller of the token's
// two limits, where zero is without limit and all ones is not known.
func sessionBound(raw pkcs11.TokenInfo) int {
	bound := uint(maxSessions)
	for _, limit := range []uint{raw.MaxSessionCount, raw.MaxRwSessionCount} {
		if limit != pkcs11.CK_EFFECTIVELY_INFINITE && limit != pkcs11.CK_UNAVAILABLE_INFORMATION {
			bound = min(bound, limit)
		}
	}
	return int(bound)
}

// pool lends sessions. The anchor is the session that was logged in; it stays
// open, since closing the last session logs the process out, and is lent only
// when the token allows no other.
type pool struct {
	library *pkcs11.Ctx
	slot    uint
	anchor  pkcs11.SessionHandle
	permits chan struct{}

	mu     sync.Mutex
	idle   []pkcs11.SessionHandle
	lent   bool // the anchor is
	opened int  // without the anchor
	bound  int  // of all, with the anchor
}

func newPool(library *pkcs11.Ctx, slot uint, anchor pkcs11.SessionHandle, bound int) *pool {
	return &pool{
		library: library, slot: slot, anchor: anchor, bound: bound,
		permits: make(chan struct{}, max(bound-1, 1)),
	}
}

func openSession(library *pkcs11.Ctx, slot uint) (pkcs11.SessionHandle, error) {
	handle, err := library.OpenSession(slot, pkcs11.CKF_SERIAL_SESSION|pkcs11.CKF_RW_SESSION)
	return handle, classify("C_OpenSession", err)
}

func (p *pool) use(ctx context.Context, f func(cryptoki.Session) error) error {
	select {
	case p.permits <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-p.permits }()
	handle, err := p.take()
	if err != nil {
		return err
	}
	err = f(session{library: p.library, handle: handle})
	p.give(handle, err)
	return err
}

// take returns an idle session or opens one. Where the token gives no other,
// whatever its limits promise, the anchor is lent.
func (p *pool) take() (pkcs11.SessionHandle, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if last := len(p.idle) - 1; last >= 0 {
		handle := p.idle[last]
		p.idle = p.idle[:last]
		return handle, nil
	}
	if p.bound == 1 {
		p.lent = true
		return p.anchor, nil
	}
	handle, err := openSession(p.library, p.slot)
	if cryptoki.IsCode(err, cryptoki.CodeSessionCount) && !p.lent {
		p.lent = true
		return p.anchor, nil
	}
	if err != nil {
		return 0, err
	}
	p.opened++
	return handle, nil
}

// give takes a session back. After a failure it is closed: what state the
// token left it in is not known.
func (p *pool) give(handle pkcs11.SessionHandle, failure error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if handle == p.anchor {
		p.lent = false
		return
	}
	var known *cryptoki.Error
	if failure == nil || !errors.As(failure, &known) {
		p.idle = append(p.idle, handle)
		return
	}
	p.opened--
	// A session that cannot be closed is as gone as one that can.
	_ = p.library.CloseSession(handle)
}

func (p *pool) count() (opened, bound int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.opened + 1, p.bound
}

func (p *pool) close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	err := classify("C_Logout", p.library.Logout(p.anchor))
	for _, handle := range append(p.idle, p.anchor) {
		err = errors.Join(err, classify("C_CloseSession", p.library.CloseSession(handle)))
	}
	p.idle = nil
	return err
}
