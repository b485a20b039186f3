package process

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// procStat is what we need of /proc/PID/stat, proc(5).
type procStat struct{ state, threads, start string }

// dead reports whether all threads have ended. A process is shown as a zombie as
// soon as its first thread is one; until the last has ended it has its files and
// ports.
func (s procStat) dead() bool {
	return s.state == "X" || s.state == "Z" && (s.threads == "0" || s.threads == "1")
}

func readStat(pid int) (procStat, error) {
	raw, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return procStat{}, fmt.Errorf("process %d is not there: %v", pid, err)
	}
	// The command name, field 2, is in parentheses and may hold any character.
	_, rest, found := cutLast(string(raw), ") ")
	fields := strings.Fields(rest)
	if !found || len(fields) < 20 {
		return procStat{}, fmt.Errorf("process %d has an unreadable stat", pid)
	}
	return procStat{state: fields[0], threads: fields[17], start: fields[19]}, nil
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

func bootID() string {
	raw, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(raw))
}

// RunningFrom lists the live processes, other than the caller's own, whose
// program file lies in folder or below it, even when the file has been removed
// since. A killed Vault leaves its plugins running: this finds them.
func RunningFrom(folder string) ([]Record, error) {
	folder, err := filepath.EvalSymlinks(folder)
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("resolving %s: %v", folder, err)
	}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, fmt.Errorf("listing processes: %v", err)
	}
	var found []Record
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil || pid == os.Getpid() {
			continue
		}
		program, err := os.Readlink(filepath.Join("/proc", entry.Name(), "exe"))
		if err != nil || !strings.HasPrefix(program, folder+string(filepath.Separator)) {
			continue
		}
		record, err := NewRecord(pid, strings.TrimSuffix(program, " (deleted)"))
		if err == nil && record.Alive() {
			found = append(found, record)
		}
	}
	return found, nil
}
