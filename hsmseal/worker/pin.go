package worker

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
)

// maxPIN is the longest PIN accepted, in bytes.
const maxPIN = 256

// secret is bytes that print as nothing.
type secret []byte

// String hides the secret.
func (secret) String() string { return "[redacted]" }

// GoString hides the secret.
func (secret) GoString() string { return "[redacted]" }

// Format hides the secret from every verb.
func (s secret) Format(state fmt.State, _ rune) {
	// fmt.State has nowhere to report to.
	_, _ = io.WriteString(state, s.String())
}

// readPINFile reads a PIN from a file that only its owner, who is this user or
// root, may read.
func readPINFile(path string) (pin secret, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("PIN file: %v", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	info, err := file.Stat()
	if err != nil {
		return nil, fmt.Errorf("PIN file: %v", err)
	}
	if err := private(path, info); err != nil {
		return nil, err
	}
	return readPIN(file)
}

func private(path string, info os.FileInfo) error {
	if !info.Mode().IsRegular() {
		return fmt.Errorf("PIN file %s is not a regular file", path)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return fmt.Errorf("PIN file %s has mode %04o: others than its owner may read or change it; chmod 600 it", path, mode)
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || (int(stat.Uid) != os.Geteuid() && stat.Uid != 0) {
		return fmt.Errorf("PIN file %s belongs to another user", path)
	}
	return nil
}

// readPINDescriptor reads a PIN from an inherited descriptor and closes it.
func readPINDescriptor(fd int) (pin secret, err error) {
	file := os.NewFile(uintptr(fd), "PIN descriptor")
	if file == nil {
		return nil, fmt.Errorf("PIN descriptor %d is not open", fd)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	return readPIN(file)
}

// readPIN reads to the end and trims one trailing line end.
func readPIN(source io.Reader) (secret, error) {
	pin, err := io.ReadAll(io.LimitReader(source, maxPIN+1))
	if err != nil {
		return nil, fmt.Errorf("reading the PIN: %v", err)
	}
	trimmed, newline := bytes.CutSuffix(pin, []byte("\n"))
	if newline {
		trimmed = bytes.TrimSuffix(trimmed, []byte("\r"))
	}
	switch {
	case len(pin) > maxPIN:
		return nil, fmt.Errorf("the PIN is longer than %d bytes", maxPIN)
	case len(trimmed) == 0:
		return nil, errors.New("the PIN is empty")
	case bytes.ContainsAny(trimmed, "\r\n\x00"):
		return nil, errors.New("the PIN holds a line end or a zero byte")
	}
	return trimmed, nil
}
