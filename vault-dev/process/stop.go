package process

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"time"
)

// pollInterval is how often a waiting function looks again.
const pollInterval = 25 * time.Millisecond

// Poll calls ready until it returns true, at once and then every 25 ms. When
// ctx ends first, its error is returned.
func Poll(ctx context.Context, ready func() bool) error {
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	for !ready() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
	return nil
}

// Stop ends the process of a pid file: SIGTERM, then SIGKILL when it still runs
// after grace. The file is removed. It is no error when nothing runs.
func Stop(ctx context.Context, pidFile string, grace time.Duration) error {
	record, err := ReadRecord(pidFile)
	if err != nil {
		return err
	}
	if record.Alive() {
		if err := record.End(ctx, grace); err != nil {
			return err
		}
	}
	if err := os.Remove(pidFile); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("removing pid file: %v", err)
	}
	return nil
}

// End asks the process to end and kills it when it has not after grace. It
// returns once the process is gone.
func (r Record) End(ctx context.Context, grace time.Duration) error {
	if err := r.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	graceful, cancel := context.WithTimeout(ctx, grace)
	defer cancel()
	if Poll(graceful, func() bool { return !r.Alive() }) == nil {
		return nil
	}
	if err := r.Signal(syscall.SIGKILL); err != nil {
		return err
	}
	killed, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if err := Poll(killed, func() bool { return !r.Alive() }); err != nil {
		return fmt.Errorf("process %d does not end even when killed", r.PID)
	}
	return nil
}

// Signal sends a signal to the recorded process only; it is no error when that
// process is gone.
func (r Record) Signal(signal syscall.Signal) error {
	if !r.Alive() {
		return nil
	}
	err := syscall.Kill(r.PID, signal)
	if err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("signalling process %d: %v", r.PID, err)
	}
	return nil
}
