package rewrap

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/palisade-vault/palisade/pqtransit/client"
)

// interrupted is the output of a run that Vault left after the first batch of two lines.
func interrupted(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "out")
	e := &engine{refuse: func(nth int, _ []client.Rewrapping) (int, string) {
		if nth > 1 {
			return 503, "sealed"
		}
		return 0, ""
	}}
	job := newJob(t, e, 2)
	job.Parallel = 1
	if err := runOnce(job, path, mixed, nil); err == nil {
		t.Fatal("the run was not interrupted")
	}
	return path
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestARunIsTakenUpOnlyWithWhatBelongsToIt(t *testing.T) {
	for name, test := range map[string]struct {
		spoil func(t *testing.T, path string)
		in    string
		want  string
	}{
		"another input":      {nil, "vault:v1:x\n\n", "the input is not the one"},
		"a shorter input":    {nil, "vault:v1:a\n", "the input is shorter"},
		"a shorter output":   {func(t *testing.T, path string) { write(t, path, "v") }, mixed, "is shorter than its state says"},
		"no output":          {func(_ *testing.T, path string) { _ = os.Remove(path) }, mixed, "no such file"},
		"no state":           {func(_ *testing.T, path string) { _ = os.Remove(path + ".state") }, mixed, "is not of an unfinished run"},
		"a state of noise":   {func(t *testing.T, path string) { write(t, path+".state", "{}") }, mixed, "format 0"},
		"a state of strings": {func(t *testing.T, path string) { write(t, path+".state", `{"format":"1"}`) }, mixed, "not a state"},
	} {
		t.Run(name, func(t *testing.T) {
			path := interrupted(t)
			if test.spoil != nil {
				test.spoil(t, path)
			}
			before, _ := os.ReadFile(path)
			err := runOnce(newJob(t, &engine{}, 2), path, test.in, nil)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v", err)
			}
			if after, _ := os.ReadFile(path); string(after) != string(before) {
				t.Errorf("the output was changed: %s", after)
			}
		})
	}
	path := interrupted(t)
	if _, err := OpenJournal(path, "transit/other"); err == nil || !strings.Contains(err.Error(), "is of a run with the key transit/k") {
		t.Error(err)
	}
	journal, err := OpenJournal(path, "transit/k")
	if err != nil || journal.Resumed() != 2 {
		t.Fatal(err)
	}
	if _, err := OpenJournal(path, "transit/k"); err == nil || !strings.Contains(err.Error(), "another process") {
		t.Error(err)
	}
	if err := journal.Close(); err != nil {
		t.Error(err)
	}
	// With the same input it goes on, and past what the state does not count.
	file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = file.WriteString("vault:v3:torn")
	if err := errors.Join(err, file.Close()); err != nil {
		t.Fatal(err)
	}
	wantFinished(t, "the same", path, runOnce(newJob(t, &engine{}, 5), path, mixed, nil))
	if err := runOnce(newJob(t, &engine{}, 5), path, mixed, nil); err == nil || !strings.Contains(err.Error(), "may be finished") {
		t.Errorf("a finished output is written again: %v", err)
	}
}

func TestAnotherKeyMayTakeARunThatDidNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out")
	journal, err := OpenJournal(path, "transit/slip")
	if err != nil {
		t.Fatal(err)
	}
	if err := journal.Close(); err != nil {
		t.Fatal(err)
	}
	wantFinished(t, "the right key", path, runOnce(newJob(t, &engine{}, 5), path, mixed, nil))
}

const goldenState = "testdata/state.golden.json"

func TestStateForm(t *testing.T) {
	golden, err := os.ReadFile(goldenState)
	if err != nil {
		t.Fatal(err)
	}
	written, err := os.ReadFile(interrupted(t) + ".state")
	if diff := cmp.Diff(string(golden), string(written)); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
}

// FuzzDecodeState holds that a state that is read is written again as it means.
func FuzzDecodeState(f *testing.F) {
	golden, err := os.ReadFile(goldenState)
	if err != nil {
		f.Fatal(err)
	}
	if _, err := decodeState(golden); err != nil {
		f.Fatal(err)
	}
	f.Add(golden)
	f.Add([]byte(`{"format":1}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		read, err := decodeState(raw)
		if err != nil {
			return
		}
		written, err := json.Marshal(read)
		if err != nil {
			t.Fatal(err)
		}
		again, err := decodeState(written)
		if diff := cmp.Diff(read, again); diff != "" || err != nil {
			t.Errorf("%v %s", err, diff)
		}
	})
}

// FuzzParseLine holds that a line that is left alone stays as it is, and that a fresh
// ciphertext takes the place of the old one and of nothing else.
func FuzzParseLine(f *testing.F) {
	seeds := strings.SplitAfter(mixed, "\n")
	if len(seeds) < 10 {
		f.Fatal("the seeds are missing")
	}
	for _, seed := range seeds {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if before, _, found := strings.Cut(string(text), "\n"); found {
			text = []byte(before + "\n")
		}
		l := parseLine(1, text)
		kept, err := l.output()
		if err != nil || strings.TrimSuffix(string(kept), "\n") != strings.TrimSuffix(string(text), "\n") {
			t.Fatalf("%q becomes %q, %v", text, kept, err)
		}
		if l.blank() || l.fault != nil {
			return
		}
		l.fresh = "vault:v9:Zm9v"
		replaced, err := l.output()
		if err != nil {
			t.Fatal(err)
		}
		again := parseLine(1, replaced)
		old, wanted := l.item, l.item
		wanted.Ciphertext = l.fresh
		if diff := cmp.Diff(wanted, again.item); diff != "" || again.fault != nil {
			t.Fatalf("%q becomes %q: %v %s", text, replaced, again.fault, diff)
		}
		again.fresh = old.Ciphertext
		if back, err := again.output(); err != nil || !sameLine(back, kept) {
			t.Errorf("%q becomes %q and back %q", kept, replaced, back)
		}
	})
}

// sameLine allows for another spelling of the same JSON text.
func sameLine(a, b []byte) bool {
	first, second := parseLine(1, a), parseLine(1, b)
	outside := func(l line) string { return string(l.text[:l.start]) + "|" + string(l.text[l.end:]) }
	return cmp.Equal(first.item, second.item) && outside(first) == outside(second)
}
