package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/palisade-vault/palisade/vault-dev/process"
)

const (
	// memoryBatch is how many items every second request of the watch has.
	memoryBatch = 100
	// memoryReadings is how often the memory is read.
	memoryReadings = 10
)

// watchMemory prints how much memory the plugin's process holds as operations go by.
func (l *lab) watchMemory(ctx context.Context, o Options, out io.Writer) error {
	senders, err := l.newSenders(1)
	if err != nil {
		return err
	}
	o.Batches, o.Connections = []int{0, memoryBatch}, []int{1}
	cells := o.cells()
	requests := make([]request, len(cells))
	for i, c := range cells {
		r, err := prepareOne(ctx, &senders[0], ours, c)
		if err != nil {
			return err
		}
		requests[i] = r.request
	}
	if len(requests) == 0 {
		return errors.New("no operation was chosen that the keys have")
	}
	_, _ = fmt.Fprintf(out, "| operations | resident MiB |\n|---|---|\n")
	done := 0
	for reading := range memoryReadings + 1 {
		for next := 0; done < o.Memory/memoryReadings*reading; next++ {
			at := next % len(requests)
			if _, err := senders[0].post(ctx, requests[at], io.Discard); err != nil {
				return err
			}
			done += cells[at].items()
		}
		resident, err := l.residentMiB()
		if err != nil {
			return err
		}
		_, _ = fmt.Fprintf(out, "| %d | %.1f |\n", done, resident)
	}
	return nil
}

// residentMiB is the memory of pqtransit's process, from /proc.
func (l *lab) residentMiB() (float64, error) {
	records, err := process.RunningFrom(l.dev.PluginFolder())
	if err != nil {
		return 0, fmt.Errorf("looking for the plugin's process: %v", err)
	}
	for _, record := range records {
		if !strings.Contains(record.Mark, "pqtransit") {
			continue
		}
		raw, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(record.PID), "status"))
		if err != nil {
			return 0, fmt.Errorf("reading the plugin's memory: %v", err)
		}
		for line := range strings.Lines(string(raw)) {
			if fields := strings.Fields(line); len(fields) > 1 && fields[0] == "VmRSS:" {
				kilobytes, err := strconv.Atoi(fields[1])
				return float64(kilobytes) / 1024, err
			}
		}
	}
	return 0, errors.New("pqtransit's process was not found")
}
