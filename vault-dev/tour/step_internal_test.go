package tour

import (
	"bytes"
	"strings"
	"testing"
)

// The tour must fail loudly: a step that does not do as it should is named.
func TestStepsThatMisbehave(t *testing.T) {
	for _, test := range []struct {
		name string
		step step
		fail string
	}{
		{"does as it should", step{run: "echo hello", want: []string{"^hello$"}}, ""},
		{"fails", step{run: "echo why >&2; exit 3"}, "must succeed"},
		{"prints something else", step{run: "echo bye", want: []string{"hello"}}, `must match "hello"`},
		{"is refused as it should be", step{run: "echo no >&2; exit 1", refused: true, want: []string{"no"}}, ""},
		{"is not refused", step{run: "true", refused: true}, "must be refused"},
		{"keeps nothing, since it fails", step{run: "X=$(false)", keep: "X"}, "must succeed"},
		{"fails in a kept pipeline", step{run: "X=$(echo y; exit 4)", keep: "X"}, "must succeed"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var out bytes.Buffer
			err := walk(t.Context(), &out, &shell{dir: t.TempDir()}, test.step)
			switch {
			case test.fail == "" && err != nil:
				t.Errorf("got %v", err)
			case test.fail != "" && (err == nil || !strings.Contains(err.Error(), test.fail)):
				t.Errorf("got %v; want an error with %q", err, test.fail)
			}
			if !strings.Contains(out.String(), "$ "+test.step.run) {
				t.Errorf("the command is not shown: %s", out.String())
			}
		})
	}
}

func TestKeptVariablesReachLaterSteps(t *testing.T) {
	shell := &shell{dir: t.TempDir()}
	var out bytes.Buffer
	for _, step := range []step{
		{run: `WORD=$(printf 'a  b')`, keep: "WORD", want: []string{"^a  b$"}},
		{run: `printf '<%s>' "$WORD"`, want: []string{"^<a  b>$"}},
	} {
		if err := walk(t.Context(), &out, shell, step); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAwaitTriesAgain(t *testing.T) {
	dir := t.TempDir()
	step := step{run: "cat seen 2>/dev/null || { touch seen; exit 1; }", await: true}
	if _, err := try(t.Context(), &shell{dir: dir}, step); err != nil {
		t.Error(err)
	}
}

func TestLongLinesAreCut(t *testing.T) {
	var out bytes.Buffer
	printOutput(&out, strings.Repeat("é", 200)+"\nshort\n", false)
	want := "  " + strings.Repeat("é", lineWidth) + "… (200 characters)\n  short\n"
	if out.String() != want {
		t.Errorf("got %q", out.String())
	}
}

func TestEveryStepSaysWhyAndWhat(t *testing.T) {
	for _, step := range steps() {
		if step.why == "" || step.run == "" || len(step.want) == 0 {
			t.Errorf("a step is incomplete: %+v", step)
		}
	}
}
