package vaultdev

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"github.com/palisade-vault/palisade/vault-dev/process"
)

// withLock runs do while holding the lock of that file, so that two commands do
// not build into one folder, or change one state folder, at the same time.
func withLock(ctx context.Context, path string, do func() error) (err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("making the folder of a lock: %v", err)
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("opening a lock: %v", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	var lockErr error
	waitErr := process.Poll(ctx, func() bool {
		lockErr = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		return !errors.Is(lockErr, syscall.EWOULDBLOCK)
	})
	if err := errors.Join(waitErr, lockErr); err != nil {
		return fmt.Errorf("waiting for the lock %s: %v", path, err)
	}
	return do()
}
