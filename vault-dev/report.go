package vaultdev

import "fmt"

// say prints one line about what is being done. What is printed is for people:
// a broken terminal is no reason to stop.
func (c Config) say(format string, a ...any) {
	_, _ = fmt.Fprintf(c.Out, "==> "+format+"\n", a...)
}

// note prints a line that belongs to the one before.
func (c Config) note(format string, a ...any) {
	_, _ = fmt.Fprintf(c.Out, "    "+format+"\n", a...)
}
