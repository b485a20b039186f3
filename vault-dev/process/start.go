package process

import (
	"fmt"
	"math"
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// Spec describes a process to start.
type Spec struct {
	// Program is the absolute path of what to run; Args are its arguments
	// without the program itself.
	Program string
	Args    []string
	// Env is the whole environment; nothing is inherited, since a VAULT_*
	// variable of the caller would change what Vault does.
	Env []string
	// Log is the file that standard output and error are appended to.
	Log string
	// PIDFile is written once the process runs.
	PIDFile string
	// Mark is kept in the pid file; see Record.Mark.
	Mark string
}

// Start runs the process detached, in a session of its own, so that it outlives
// the caller and no signal of the caller's terminal reaches it.
func Start(spec Spec) (Record, error) {
	log, err := os.OpenFile(spec.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return Record{}, fmt.Errorf("opening log: %v", err)
	}
	defer func() { _ = log.Close() }() // the child holds its own descriptor
	// Descriptors that this program was started with, such as make's or a pipe's,
	// must not live on in the daemon: their other end would wait for ever.
	if err := unix.CloseRange(3, math.MaxInt32, unix.CLOSE_RANGE_CLOEXEC); err != nil {
		return Record{}, fmt.Errorf("marking descriptors: %v", err)
	}
	cmd := exec.Command(spec.Program, spec.Args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = spec.Env, log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return Record{}, fmt.Errorf("starting %s: %v", spec.Program, err)
	}
	record, err := NewRecord(cmd.Process.Pid, spec.Mark)
	if err == nil {
		err = record.Write(spec.PIDFile)
	}
	if err != nil {
		_ = cmd.Process.Kill() // without a pid file nobody could end it later
	}
	// Reaps the child while this program lives; afterwards init does.
	go func() { _ = cmd.Wait() }()
	return record, err
}
