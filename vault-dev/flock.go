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
func (c Config) withLock(ctx context.Context, path string, do func() error) (err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("making the folder of a lock: %v", err)
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("opening a lock: %v", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	var lockErr error
	told := false
	waitErr := process.Poll(ctx, func() bool {
		lockErr = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		taken := errors.Is(lockErr, syscall.EWOULDBLOCK)
		if taken && !told {
			c.say("waiting for another command, which holds %s", path)
			told = true
		}
		return !taken
	})
	if err := errors.Join(waitErr, lockErr); err != nil {
		return fmt.Errorf("waiting for the lock %s: %v", path, err)
	}
	if !stillAt(path, file) {
		return fmt.Errorf("%s was removed by another command meanwhile: repeat this one", filepath.Dir(path))
	}
	return do()
}

// stillAt reports whether path still is that open file.
func stillAt(path string, file *os.File) bool {
	now, err := os.Stat(path)
	if err != nil {
		return false
	}
	then, err := file.Stat()
	return err == nil && os.SameFile(now, then)
}

// WithTour runs a tour while no other one runs on this Vault: a tour makes keys
// under fixed names and restarts Vault.
func (c Config) WithTour(ctx context.Context, tour func() error) error {
	return c.withLock(ctx, c.path("tour.lock"), tour)
}
