package bench

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/palisade-vault/palisade/vault-dev/process"
)

// clockTick is the unit of /proc/PID/stat, proc(5): USER_HZ, which is 100 wherever Go runs.
const clockTick = 10 * time.Millisecond

// serverCPU is the processor time that Vault and its plugins have used so far. It grows by
// whole ticks, so that only many turns together tell something.
func (l *lab) serverCPU() (time.Duration, error) {
	plugins, err := process.RunningFrom(l.dev.PluginFolder())
	if err != nil {
		return 0, fmt.Errorf("looking for the plugins: %v", err)
	}
	vault, err := process.ReadRecord(l.dev.VaultPIDFile())
	if err != nil {
		return 0, fmt.Errorf("looking for Vault: %v", err)
	}
	var total time.Duration
	for _, record := range append(plugins, *vault) {
		used, err := cpuTime(record.PID)
		if err != nil {
			return 0, err
		}
		total += used
	}
	return total, nil
}

// cpuTime is a process's own and the kernel's time for it: fields 14 and 15 of its stat.
func cpuTime(pid int) (time.Duration, error) {
	raw, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return 0, fmt.Errorf("reading a process's time: %v", err)
	}
	text := string(raw)
	fields := strings.Fields(text[strings.LastIndex(text, ")")+1:]) // from field 3 on
	if len(fields) < 13 {
		return 0, fmt.Errorf("process %d has an unreadable stat", pid)
	}
	user, userErr := strconv.ParseInt(fields[11], 10, 64)
	system, systemErr := strconv.ParseInt(fields[12], 10, 64)
	if userErr != nil || systemErr != nil {
		return 0, fmt.Errorf("process %d has an unreadable stat", pid)
	}
	return time.Duration(user+system) * clockTick, nil
}

// threadCPU is the processor time of the calling thread.
func threadCPU() (time.Duration, error) {
	var used unix.Timespec
	// Not getrusage, which counts in the kernel's ticks of some milliseconds.
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &used); err != nil {
		return 0, fmt.Errorf("reading a thread's time: %v", err)
	}
	return time.Duration(used.Nano()), nil
}
