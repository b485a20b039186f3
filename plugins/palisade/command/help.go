package command

import (
	"flag"
	"fmt"
	"strings"
)

// help is the whole text behind -help.
func (c command) help() string {
	var out strings.Builder
	fmt.Fprintf(&out, "Usage: %s\n\n", c.usage())
	writeIndented(&out, "  ", strings.TrimSpace(c.description))
	out.WriteString("\nExamples:\n")
	for _, e := range c.examples {
		fmt.Fprintf(&out, "\n  %s:\n\n", strings.TrimRight(e.does, ".:"))
		writeIndented(&out, "      ", e.line)
	}
	set, _ := c.flags(&call{})
	out.WriteString("\nOptions:\n")
	set.VisitAll(func(f *flag.Flag) { writeFlag(&out, f) })
	return strings.TrimRight(out.String(), "\n")
}

func writeIndented(out *strings.Builder, indent, text string) {
	for line := range strings.Lines(text + "\n") {
		if strings.TrimSpace(line) == "" {
			out.WriteString("\n")
			continue
		}
		out.WriteString(indent + line)
	}
}

func writeFlag(out *strings.Builder, f *flag.Flag) {
	value, usage := flag.UnquoteUsage(f)
	form := "-" + f.Name
	if value != "" {
		form += "=<" + strings.ToLower(value) + ">"
	}
	fmt.Fprintf(out, "\n  %s\n", form)
	if f.DefValue != "" && f.DefValue != "false" && f.DefValue != "0" {
		usage += " Default: " + f.DefValue + "."
	}
	writeIndented(out, "      ", usage)
}
