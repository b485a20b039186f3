package command

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// call is one run of a command.
type call struct {
	process   Streams
	arguments []string
	format    string
	forms     []string // that format may be
	vault     connection
}

// show writes a result: value with -format=json, else what table makes of it.
func (c *call) show(value any, table func(*table)) error {
	return c.showOn(c.process.Out, value, table)
}

// showOn is for commands whose standard output may carry something else.
func (c *call) showOn(out io.Writer, value any, table func(*table)) error {
	if c.format == formJSON {
		return writeJSON(out, value)
	}
	t := newTable(out)
	table(t)
	return t.flush()
}

func writeJSON(out io.Writer, value any) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return fmt.Errorf("writing the result: %v", err)
	}
	return nil
}

// say writes a line for the person at the terminal, to standard error: standard output
// carries the result alone.
func (c *call) say(format string, args ...any) {
	_, _ = fmt.Fprintf(c.process.Err, format+"\n", args...)
}

// table is rows of aligned columns, as the vault command prints them.
type table struct {
	columns *tabwriter.Writer
	fault   error
}

func newTable(out io.Writer) *table {
	return &table{columns: tabwriter.NewWriter(out, 0, 8, 4, ' ', 0)}
}

// head writes the names of the columns and the line below them.
func (t *table) head(names ...string) {
	lines := make([]any, len(names))
	titles := make([]any, len(names))
	for i, name := range names {
		titles[i], lines[i] = name, strings.Repeat("-", len(name))
	}
	t.row(titles...)
	t.row(lines...)
}

// row writes one value a column. An empty row ends a table; the next has its own widths.
func (t *table) row(values ...any) {
	words := make([]string, len(values))
	for i, value := range values {
		words[i] = strings.NewReplacer("\t", " ", "\n", " ").Replace(fmt.Sprint(value))
	}
	t.write(strings.Join(words, "\t") + "\n")
}

// text writes a line that belongs to no column.
func (t *table) text(format string, args ...any) {
	t.end()
	t.write(fmt.Sprintf(format, args...) + "\n")
	t.end()
}

func (t *table) write(line string) {
	if _, err := io.WriteString(t.columns, line); err != nil && t.fault == nil {
		t.fault = err
	}
}

func (t *table) end() {
	if err := t.columns.Flush(); err != nil && t.fault == nil {
		t.fault = err
	}
}

func (t *table) flush() error {
	if t.end(); t.fault != nil {
		return fmt.Errorf("writing the result: %v", t.fault)
	}
	return nil
}
