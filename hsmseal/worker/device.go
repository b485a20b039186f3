package worker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/palisade-vault/palisade/hsmseal/cryptoki"
	"github.com/palisade-vault/palisade/hsmseal/token"
)

// opened is an open token; *token.Token is one.
type opened interface {
	Use(ctx context.Context, f func(cryptoki.Session) error) error
	Refresh() (token.Info, error)
	Info() token.Info
	Sessions() (open, bound int)
	Close() error
}

// device is the token inside the worker process. It opens the token when first
// needed, opens it again when a failure says that only this may help, and
// tells a bad ciphertext from a bad device.
type device struct {
	open   func() (opened, error)
	random io.Reader

	making sync.Mutex // one key at a time

	mu         sync.RWMutex // held for reading while the token is in use
	current    opened       // nil when closed
	generation int          // of current
	refused    error        // why the token or the guard took no login; this worker's PIN never changes
	handles    sync.Map     // mechanism and key id => []cryptoki.Handle
}

// run gives f the open token, and once more after what may heal its failure.
func (d *device) run(f func(opened) error) error {
	var err error
	for range 2 {
		var generation int
		generation, err = d.once(f)
		switch cryptoki.ClassOf(err) {
		case cryptoki.Permanent, cryptoki.Login:
			return err
		case cryptoki.Retry:
		case cryptoki.Data, cryptoki.Reconnect, cryptoki.Reinitialise:
			d.drop(generation)
		}
	}
	return err
}

func (d *device) once(f func(opened) error) (generation int, err error) {
	for {
		d.mu.RLock()
		if d.current != nil {
			defer d.mu.RUnlock()
			return d.generation, f(d.current)
		}
		d.mu.RUnlock()
		if err := d.ensureOpen(); err != nil {
			return 0, err
		}
	}
}

// ensureOpen opens the token when it is not. An error that the PIN guard did
// not make is the device's. A refused login stays refused with its first text,
// which says more than the guard's about not trying again.
func (d *device) ensureOpen() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.current != nil || d.refused != nil {
		return d.refused
	}
	current, err := d.open()
	if err != nil {
		if err = translate(err); !isOurs(err) {
			err = fmt.Errorf("%w: %v", ErrDevice, err)
		}
		if errors.Is(err, ErrPIN) {
			d.refused = err
		}
		return err
	}
	d.current = current
	d.generation++
	return nil
}

// drop closes the token of that generation: the next use opens it again, with
// C_Finalize and C_Initialize between. Another call may have done so already.
func (d *device) drop(generation int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.current == nil || d.generation != generation {
		return
	}
	// A token that fails is closed because it fails.
	_ = d.current.Close()
	d.current = nil
	d.handles.Clear()
}

func (d *device) close() {
	d.mu.RLock()
	generation := d.generation
	d.mu.RUnlock()
	d.drop(generation)
}
