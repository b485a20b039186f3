package backendtest

import (
	"bytes"
	"sync"

	"github.com/hashicorp/go-hclog"
)

// Logs collects what a backend logs. It may be used by many goroutines.
type Logs struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Logger is a logger of every level that writes here.
func (l *Logs) Logger() hclog.Logger {
	return hclog.New(&hclog.LoggerOptions{Level: hclog.Trace, Output: l})
}

// Write implements io.Writer for the logger.
func (l *Logs) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(line)
}

// String is everything logged so far.
func (l *Logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
