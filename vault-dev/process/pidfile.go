package process

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Record is the content of a pid file. The start time tells the process from a
// later one that was given the same pid, so that a stale file never gets a
// stranger killed.
type Record struct {
	PID int `json:"pid"`
	// Start is the start time in clock ticks since boot: field 22 of
	// /proc/PID/stat, proc(5).
	Start string `json:"start"`
	// Boot is the kernel's boot id, since ticks begin anew with every boot.
	Boot string `json:"boot"`
	// Mark is free text of the caller, such as the hash of the program that runs.
	Mark string `json:"mark,omitempty"`
}

// ReadRecord returns the record in a pid file; nil when there is no such file.
func ReadRecord(path string) (*Record, error) {
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading pid file: %v", err)
	}
	var record Record
	if err := json.Unmarshal(raw, &record); err != nil {
		return nil, fmt.Errorf("pid file %s is damaged: %v", path, err)
	}
	return &record, nil
}

// NewRecord describes the running process pid.
func NewRecord(pid int, mark string) (Record, error) {
	stat, err := readStat(pid)
	if err != nil {
		return Record{}, err
	}
	return Record{PID: pid, Start: stat.start, Boot: bootID(), Mark: mark}, nil
}

// Write stores the record at path, whole or not at all.
func (r Record) Write(path string) error {
	raw, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("encoding pid file: %v", err)
	}
	temporary := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".new")
	if err := os.WriteFile(temporary, raw, 0o600); err != nil {
		return fmt.Errorf("writing pid file: %v", err)
	}
	return os.Rename(temporary, path)
}

// Alive reports whether the recorded process, and no later one under its pid,
// still runs. A nil record is not alive; neither is a zombie without threads.
func (r *Record) Alive() bool {
	if r == nil || r.Boot != bootID() {
		return false
	}
	stat, err := readStat(r.PID)
	return err == nil && stat.start == r.Start && !stat.dead()
}
