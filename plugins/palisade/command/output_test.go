package command

import (
	"bytes"
	"errors"
	"testing"
)

func TestTablesAreAligned(t *testing.T) {
	var out bytes.Buffer
	c := call{process: Streams{Out: &out}, format: formTable}
	err := c.show(nil, func(t *table) {
		t.head("Key", "Versions")
		t.row("orders", 3)
		t.row("a\tb\nc", 12)
		t.text("2 keys in %s", "transit")
	})
	want := "Key       Versions\n---       --------\norders    3\na b c     12\n2 keys in transit\n"
	if err != nil || out.String() != want {
		t.Errorf("%v\n%s", err, out.String())
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestAResultThatCannotBeWrittenIsAnError(t *testing.T) {
	for _, form := range []string{formTable, formJSON} {
		c := call{process: Streams{Out: full{}}, format: form}
		if err := c.show(1, func(t *table) { t.text("a") }); err == nil {
			t.Errorf("%s: a result was lost without an error", form)
		}
	}
}
