package process

import (
	"bytes"
	"os"
)

// Tail returns the last lines of a log file, for an error message; the empty
// string when there is none.
func Tail(path string, lines int) string {
	raw, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	split := bytes.Split(bytes.TrimRight(raw, "\n"), []byte("\n"))
	return string(bytes.Join(split[max(0, len(split)-lines):], []byte("\n")))
}
