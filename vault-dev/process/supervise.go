package process

import (
	"context"
	"fmt"
	"io"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// Supervision says how Supervise keeps a program running.
type Supervision struct {
	Program string
	Args    []string
	Env     []string
	// PIDFile names the running child; it is rewritten at every start.
	PIDFile string
	// Output gets the child's output and one line for each of its deaths.
	Output io.Writer
	// FirstDelay is waited before the first restart and doubles up to MaxDelay
	// with each further one; a child that lived longer than MaxDelay starts over
	// with FirstDelay.
	FirstDelay, MaxDelay time.Duration
	// Grace is how long the child may take to end when ctx does.
	Grace time.Duration
}

// Supervise runs the program and starts it again whenever it ends, until ctx is
// done: then the child is asked to end, and the call returns once it has.
// It must own its thread, since the child is tied to it: when the supervisor
// itself is killed, the kernel ends the child too.
func Supervise(ctx context.Context, s Supervision) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	delay := s.FirstDelay
	for ctx.Err() == nil {
		began := time.Now()
		err := s.runOnce(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if time.Since(began) > s.MaxDelay {
			delay = s.FirstDelay
		}
		_, _ = fmt.Fprintf(s.Output, "supervisor: %s ended (%v); starting it again in %s\n", s.Program, err, delay)
		if !pause(ctx, delay) {
			return nil
		}
		delay = min(2*delay, s.MaxDelay)
	}
	return nil
}

func (s Supervision) runOnce(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, s.Program, s.Args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = s.Env, s.Output, s.Output
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = s.Grace
	if err := cmd.Start(); err != nil {
		return err
	}
	record, err := NewRecord(cmd.Process.Pid, "")
	if err == nil {
		err = record.Write(s.PIDFile)
	}
	if err != nil {
		_, _ = fmt.Fprintf(s.Output, "supervisor: %v\n", err)
	}
	return cmd.Wait()
}

// pause waits for d and reports false when ctx ended first.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
