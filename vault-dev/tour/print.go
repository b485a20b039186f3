package tour

import (
	"fmt"
	"io"
	"strings"
)

// lineWidth is where a line of output is cut, in characters: a hybrid ciphertext
// is some 1500 of them.
const lineWidth = 110

// announce prints what comes and why. Nothing is lost with a broken terminal, so
// write errors are not looked at.
func announce(out io.Writer, step step) {
	if step.title != "" {
		_, _ = fmt.Fprintf(out, "\n── %s %s\n", step.title, strings.Repeat("─", max(3, 74-len([]rune(step.title)))))
	}
	_, _ = fmt.Fprintf(out, "\n# %s\n$ %s\n", step.why, step.run)
}

func printOutput(out io.Writer, output string, whole bool) {
	for line := range strings.Lines(strings.TrimRight(output, "\n")) {
		line = strings.TrimRight(line, "\n")
		if runes := []rune(line); !whole && len(runes) > lineWidth {
			line = fmt.Sprintf("%s… (%d characters)", string(runes[:lineWidth]), len(runes))
		}
		_, _ = fmt.Fprintf(out, "  %s\n", line)
	}
}
