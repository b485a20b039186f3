package rewrap

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/palisade-vault/palisade/pqtransit/client"
)

// line is one line of input: a ciphertext alone, or a JSON object with one.
type line struct {
	number int    // from 1
	text   []byte // as read, with its line feed if it has one
	item   client.Rewrapping
	// start and end are where in text the ciphertext lies, of an object with its quotes.
	start, end int
	isObject   bool
	fault      error // why it cannot be sent, or what Vault said
	fresh      string
}

// parseLine never fails: what cannot be sent has a fault.
func parseLine(number int, text []byte) line {
	l := line{number: number, text: text}
	trimmed := bytes.TrimSpace(text)
	if len(trimmed) == 0 {
		return l
	}
	l.start = bytes.Index(text, trimmed)
	l.end = l.start + len(trimmed)
	if trimmed[0] != '{' {
		l.item.Ciphertext = string(trimmed)
		return l
	}
	l.isObject = true
	if err := l.parseObject(trimmed); err != nil {
		l.fault = err
	}
	return l
}

// parseObject reads the fields that the API knows and finds where the ciphertext lies; other
// fields are the caller's own.
func (l *line) parseObject(object []byte) error {
	if err := json.Unmarshal(object, &l.item); err != nil {
		return errors.New("not a JSON object of the fields that rewrap takes")
	}
	decoder := json.NewDecoder(bytes.NewReader(object))
	if _, err := decoder.Token(); err != nil { // the brace
		return err
	}
	offset, found := l.start, false
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return err
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return err
		}
		// The decoder knows names in any case, as transit does not.
		if text, _ := name.(string); strings.EqualFold(text, "ciphertext") {
			if found || text != "ciphertext" {
				return errors.New("the object has two ciphertexts")
			}
			found = true
			l.end = offset + int(decoder.InputOffset())
			l.start = l.end - len(value)
		}
	}
	if !found || l.item.Ciphertext == "" {
		return errors.New("the object has no ciphertext")
	}
	return nil
}

// blank lines are kept and not sent.
func (l *line) blank() bool { return l.start == l.end }

// version is that of the ciphertext, 0 where it does not say.
func (l *line) version() int {
	rest, found := strings.CutPrefix(l.item.Ciphertext, "vault:v")
	number, _, cut := strings.Cut(rest, ":")
	version, err := strconv.Atoi(number)
	if !found || !cut || err != nil {
		return 0
	}
	return version
}

// output is the line with its fresh ciphertext, or as it was, always with a line feed.
func (l *line) output() ([]byte, error) {
	out := bytes.TrimSuffix(l.text, []byte("\n"))
	if l.fresh == "" {
		return append(bytes.Clone(out), '\n'), nil
	}
	fresh := []byte(l.fresh)
	if l.isObject {
		var err error
		if fresh, err = json.Marshal(l.fresh); err != nil {
			return nil, fmt.Errorf("line %d: %v", l.number, err)
		}
	}
	joined := append(bytes.Clone(out[:l.start]), fresh...)
	return append(append(joined, out[l.end:]...), '\n'), nil
}

// maxLine bounds a line: Vault takes texts of 1 MiB each, and a line has a few.
const maxLine = 16 << 20

// readLine is the next line with its line feed; io.EOF behind the last.
func readLine(in interface{ ReadSlice(byte) ([]byte, error) }) ([]byte, error) {
	var text []byte
	for {
		part, err := in.ReadSlice('\n')
		text = append(text, part...)
		switch {
		case len(text) > maxLine:
			return nil, fmt.Errorf("a line is longer than %d bytes", maxLine)
		case err == nil, errors.Is(err, io.EOF) && len(text) > 0:
			return text, nil
		case !errors.Is(err, errLineGoesOn):
			return nil, err
		}
	}
}
