package pinguard

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// formVersion is the version of the journal's form, drawn in docs/formats.md.
const formVersion = 1

// Lengths in bytes.
const (
	saltSize   = 16
	digestSize = 32
	maxForm    = 4096
)

// form is the journal file: one JSON object, then a newline. Only the exact
// bytes that Marshal makes are read back.
type form struct {
	Version  int    `json:"version"`
	Token    string `json:"token"`
	Salt     []byte `json:"salt"`
	Digest   []byte `json:"digest"`
	State    State  `json:"state"`
	Attempts int    `json:"attempts"`
}

func marshal(f form) ([]byte, error) {
	text, err := json.Marshal(f)
	if err != nil {
		return nil, fmt.Errorf("PIN guard journal: %v", err)
	}
	return append(text, '\n'), nil
}

func parse(text []byte) (form, error) {
	var f form
	if len(text) > maxForm {
		return form{}, errors.New("PIN guard journal: too long")
	}
	if err := json.Unmarshal(text, &f); err != nil {
		return form{}, errors.New("PIN guard journal: not valid JSON")
	}
	if err := f.validate(); err != nil {
		return form{}, err
	}
	again, err := marshal(f)
	if err != nil || !bytes.Equal(again, text) {
		return form{}, errors.New("PIN guard journal: not in canonical form")
	}
	return f, nil
}

func (f form) validate() error {
	attempts := 0
	switch f.State {
	case Pending:
		attempts = f.Attempts
		if attempts < 1 || attempts > maxUnrecorded {
			return errors.New("PIN guard journal: attempts out of range")
		}
	case Accepted, Wrong, Locked, Unjudged:
	default:
		return errors.New("PIN guard journal: unknown state")
	}
	switch {
	case f.Version != formVersion:
		return fmt.Errorf("PIN guard journal: version %d, not %d", f.Version, formVersion)
	case len(f.Salt) != saltSize || len(f.Digest) != digestSize:
		return errors.New("PIN guard journal: salt or digest of a wrong length")
	case f.Attempts != attempts:
		return errors.New("PIN guard journal: attempts without a pending state")
	}
	return nil
}
