package rewrap

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"syscall"
)

var errLineGoesOn = bufio.ErrBufferFull

// stateFormat is the version of the form that [state] has in its file.
const stateFormat = 1

// state is what a file named <output>.state holds of an unfinished run. docs/formats.md
// draws it.
type state struct {
	Format      int    `json:"format"`
	InputSHA256 string `json:"input_sha256"` // of the lines that Summary counts
	OutputBytes int64  `json:"output_bytes"` // what they became
	Summary
}

func decodeState(raw []byte) (state, error) {
	var s state
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&s); err != nil {
		return state{}, errors.New("not a state of this command")
	}
	digest, err := hex.DecodeString(s.InputSHA256)
	switch {
	case s.Format != stateFormat:
		return state{}, fmt.Errorf("format %d, this release reads format %d", s.Format, stateFormat)
	case err != nil || len(digest) != sha256.Size, s.OutputBytes < 0, !s.sound():
		return state{}, errors.New("not a sound state")
	}
	return s, nil
}

// Journal is an output file that survives a crash: beside it lies the state of the run until
// it is finished. What is in the output beyond its state is cut off and made again.
type Journal struct {
	path   string
	output *os.File
	state  state
	// failing is nil but in tests, which make a step fail.
	failing func(step string) error
}

// OpenJournal begins a run with that output, or takes up an unfinished one. A key is such as
// transit/orders; an output of another key, or of a finished run, is refused.
func OpenJournal(path, key string) (*Journal, error) {
	return openJournal(path, key, nil)
}

func openJournal(path, key string, failing func(string) error) (*Journal, error) {
	j := &Journal{path: path, failing: failing}
	raw, err := os.ReadFile(j.statePath())
	switch {
	case errors.Is(err, os.ErrNotExist):
		err = j.begin(key)
	case err == nil:
		err = j.resume(raw, key)
	}
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(j.output.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("%s is being written by another process", path), j.output.Close())
	}
	// Only now: another process may have been writing.
	if err := j.output.Truncate(j.state.OutputBytes); err != nil {
		return nil, errors.Join(fmt.Errorf("cutting off what is not in the state: %v", err), j.output.Close())
	}
	return j, nil
}

func (j *Journal) statePath() string { return j.path + ".state" }

// begin writes the state first: an output without one is never touched again.
func (j *Journal) begin(key string) error {
	if _, err := os.Lstat(j.path); err == nil {
		return fmt.Errorf("%s exists and is not of an unfinished run: it may be finished; name another output", j.path)
	}
	empty := sha256.Sum256(nil)
	first := state{Format: stateFormat, InputSHA256: hex.EncodeToString(empty[:]), Summary: Summary{Key: key, Failures: []Failure{}}}
	if err := j.writeState(first); err != nil {
		return err
	}
	return j.openOutput(os.O_CREATE)
}

func (j *Journal) resume(raw []byte, key string) error {
	found, err := decodeState(raw)
	if err != nil {
		return fmt.Errorf("reading %s: %v", j.statePath(), err)
	}
	switch {
	case found.Key == key:
	case found.Lines == 0: // nothing was done with the other, so that a slip of the pen costs nothing
		found.Key = key
	default:
		return fmt.Errorf("%s is of a run with the key %s, not %s", j.statePath(), found.Key, key)
	}
	j.state = found
	create := 0
	if found.OutputBytes == 0 { // interrupted before the output was made
		create = os.O_CREATE
	}
	if err := j.openOutput(create); err != nil {
		return err
	}
	about, err := j.output.Stat()
	if err != nil || about.Size() < found.OutputBytes {
		return errors.Join(fmt.Errorf("%s is shorter than its state says: it is not what the run wrote", j.path), err, j.output.Close())
	}
	return nil
}

func (j *Journal) openOutput(create int) (err error) {
	if err := j.fail("open"); err != nil {
		return err
	}
	if j.output, err = os.OpenFile(j.path, os.O_RDWR|create, 0o600); err != nil {
		return fmt.Errorf("opening the output: %v", err)
	}
	return nil
}

// Resumed is how many lines of input are done already.
func (j *Journal) Resumed() int { return j.state.Lines }

// skip reads the lines that are done and holds that they are the same.
func (j *Journal) skip(in *bufio.Reader, digest hash.Hash) (Summary, error) {
	for range j.state.Lines {
		text, err := readLine(in)
		if errors.Is(err, io.EOF) {
			return Summary{}, fmt.Errorf("the input is shorter than the %d lines that %s counts: it is not the one the run began with", j.state.Lines, j.statePath())
		}
		if err != nil {
			return Summary{}, fmt.Errorf("reading the input: %v", err)
		}
		_, _ = digest.Write(text)
	}
	if hex.EncodeToString(digest.Sum(nil)) != j.state.InputSHA256 {
		return Summary{}, fmt.Errorf("the input is not the one the run began with: give that, or remove %s and %s to begin anew", j.path, j.statePath())
	}
	return j.state.Summary, nil
}

// commit appends what lines became and then writes the state that counts them.
func (j *Journal) commit(text []byte, digest []byte, total Summary) error {
	if err := j.fail("write"); err != nil {
		_, _ = j.output.WriteAt(text[:len(text)/2], j.state.OutputBytes) // as a crash would
		return err
	}
	if _, err := j.output.WriteAt(text, j.state.OutputBytes); err != nil {
		return fmt.Errorf("writing the output: %v", err)
	}
	if err := errors.Join(j.fail("sync"), j.output.Sync()); err != nil {
		return fmt.Errorf("writing the output: %v", err)
	}
	return j.writeState(state{
		Format: stateFormat, InputSHA256: hex.EncodeToString(digest),
		OutputBytes: j.state.OutputBytes + int64(len(text)), Summary: total,
	})
}

func (j *Journal) writeState(next state) error {
	encoded, err := json.Marshal(next)
	if err != nil {
		return fmt.Errorf("encoding the state: %v", err)
	}
	if err := j.replace(append(encoded, '\n')); err != nil {
		return fmt.Errorf("writing the state: %v", err)
	}
	j.state = next
	return nil
}

// replace puts a new state in the place of the old in one step.
func (j *Journal) replace(content []byte) (err error) {
	if err := j.fail("state"); err != nil {
		return err
	}
	temporary, err := os.CreateTemp(filepath.Dir(j.path), filepath.Base(j.path)+".state-*")
	if err != nil {
		return err
	}
	_, writeErr := temporary.Write(content)
	if err := errors.Join(writeErr, temporary.Sync(), temporary.Close(), j.fail("rename")); err != nil {
		return errors.Join(err, os.Remove(temporary.Name()))
	}
	return os.Rename(temporary.Name(), j.statePath())
}

// finish leaves the output alone there.
func (j *Journal) finish() error {
	if err := j.fail("finish"); err != nil {
		return err
	}
	if err := os.Remove(j.statePath()); err != nil {
		return fmt.Errorf("removing the state of the finished run: %v", err)
	}
	return nil
}

// Close ends the use of the files; the run may be taken up again.
func (j *Journal) Close() error {
	if err := j.output.Close(); err != nil {
		return fmt.Errorf("closing the output: %v", err)
	}
	return nil
}

func (j *Journal) fail(step string) error {
	if j.failing == nil {
		return nil
	}
	return j.failing(step)
}
