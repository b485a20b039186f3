package worker

import (
	"context"
	"crypto/subtle"
	"fmt"
	"io"

	"github.com/palisade-vault/palisade/hsmseal/cryptoki"
)

// canary wraps and unwraps a fresh random data key. Its error is always the
// device's.
func (d *device) canary(ctx context.Context, current opened, key KeyRef, aad []byte) error {
	probe := make([]byte, DataKeySize)
	if _, err := io.ReadFull(d.random, probe); err != nil {
		return fmt.Errorf("canary: %v", err)
	}
	wrapped, err := d.wrapOnce(ctx, current, key, probe, aad)
	if err != nil {
		return fmt.Errorf("canary: %w", err)
	}
	got, err := d.unwrapOnce(ctx, current, key, wrapped, aad)
	if err != nil {
		return fmt.Errorf("canary: %w", err)
	}
	if subtle.ConstantTimeCompare(got, probe) != 1 {
		return fmt.Errorf("canary: %w", &cryptoki.Error{Function: "canary comparison", Code: cryptoki.CodeDeviceError})
	}
	return nil
}
