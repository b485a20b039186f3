package worker

import (
	"context"
	"errors"
	"fmt"

	"github.com/palisade-vault/palisade/hsmseal/cryptoki"
	"github.com/palisade-vault/palisade/hsmseal/mechanism"
	"github.com/palisade-vault/palisade/hsmseal/wrapkey"
)

func lookupMechanism(name string) (mechanism.Mechanism, error) {
	m, ok := mechanism.Lookup(name)
	if !ok {
		return mechanism.Mechanism{}, fmt.Errorf("%w: no mechanism %q", ErrUnsupported, name)
	}
	return m, nil
}

func (d *device) ensureKey(ctx context.Context, spec KeySpec) (KeyInfo, error) {
	m, err := lookupMechanism(spec.Mechanism)
	if err != nil {
		return KeyInfo{}, err
	}
	d.making.Lock()
	defer d.making.Unlock()
	var result wrapkey.Result
	err = d.run(func(current opened) error {
		if !current.Info().Supports(m.Needs) {
			return fmt.Errorf("%w: the token does not list %v, which %q needs", ErrUnsupported, m.Needs, m.Name)
		}
		return current.Use(ctx, func(session cryptoki.Session) error {
			made, err := wrapkey.Ensure(session, m, wrapkey.Spec{ID: spec.ID, Label: spec.Label, MustExist: spec.MustExist})
			made.Created = made.Created || result.Created
			result = made
			return err
		})
	})
	if err != nil {
		return KeyInfo{}, err
	}
	return KeyInfo{ID: spec.ID, Mechanism: m.Name, Created: result.Created, Attributes: result.Attributes}, nil
}

// keyUse is one mechanism with the handles of one key.
type keyUse struct {
	mechanism mechanism.Mechanism
	handles   []cryptoki.Handle
}

// withKey runs f in a session of its own with the key's handles, which are
// remembered as long as the token stays open.
func (d *device) withKey(ctx context.Context, current opened, key KeyRef, f func(cryptoki.Session, keyUse) error) error {
	m, err := lookupMechanism(key.Mechanism)
	if err != nil {
		return err
	}
	return current.Use(ctx, func(session cryptoki.Session) error {
		name := m.Name + "\x00" + string(key.ID)
		if known, ok := d.handles.Load(name); ok {
			if handles, ok := known.([]cryptoki.Handle); ok {
				return f(session, keyUse{mechanism: m, handles: handles})
			}
		}
		handles, err := wrapkey.Find(session, m, key.ID)
		if err != nil {
			return err
		}
		d.handles.Store(name, handles)
		return f(session, keyUse{mechanism: m, handles: handles})
	})
}

func (d *device) wrap(ctx context.Context, key KeyRef, dataKey, aad []byte) (wrapped []byte, err error) {
	err = d.run(func(current opened) error {
		wrapped, err = d.wrapOnce(ctx, current, key, dataKey, aad)
		return err
	})
	return wrapped, err
}

func (d *device) wrapOnce(ctx context.Context, current opened, key KeyRef, dataKey, aad []byte) (wrapped []byte, err error) {
	err = d.withKey(ctx, current, key, func(session cryptoki.Session, use keyUse) error {
		wrapped, err = use.mechanism.Wrap(session, use.handles, d.random, dataKey, aad)
		return err
	})
	return wrapped, err
}

func (d *device) unwrapOnce(ctx context.Context, current opened, key KeyRef, wrapped, aad []byte) (dataKey []byte, err error) {
	err = d.withKey(ctx, current, key, func(session cryptoki.Session, use keyUse) error {
		if len(wrapped) != use.mechanism.Size {
			return fmt.Errorf("%w: it has %d bytes, not %d", ErrCiphertext, len(wrapped), use.mechanism.Size)
		}
		dataKey, err = use.mechanism.Unwrap(session, use.handles, wrapped, aad)
		return err
	})
	return dataKey, err
}

// unwrap decides what a failed decryption means: tokens answer a tampered
// ciphertext with the same code as a dead device. When a canary made now opens
// and the ciphertext fails a second time, the ciphertext is at fault.
func (d *device) unwrap(ctx context.Context, key KeyRef, wrapped, aad []byte) (dataKey []byte, err error) {
	err = d.run(func(current opened) error {
		dataKey, err = d.unwrapOnce(ctx, current, key, wrapped, aad)
		if !suspect(err) {
			return err
		}
		if failure := d.canary(ctx, current, key, aad); failure != nil {
			return failure
		}
		dataKey, err = d.unwrapOnce(ctx, current, key, wrapped, aad)
		if suspect(err) {
			return fmt.Errorf("%w: %v, and a fresh wrap opens", ErrCiphertext, err)
		}
		return err
	})
	return dataKey, err
}

// suspect tells whether a failed decryption may be the ciphertext's fault.
func suspect(err error) bool {
	var failure *cryptoki.Error
	return errors.As(err, &failure) || errors.Is(err, mechanism.ErrMalformed)
}
