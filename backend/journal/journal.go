// Package journal is a chain of entries, each of which hashes the one before it: nobody can
// change, insert or remove an entry in between without changing every later hash. It is pure:
// it knows neither Vault nor storage, so whoever has the entries can verify them.
//
// The oldest entries may be dropped. Then an [Anchor], the place and hash of the last one
// dropped, stands for them. Against whoever can rewrite the whole chain helps only a hash that
// was kept elsewhere.
package journal

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// label opens what is hashed, and is the version of the encoding.
const label = "palisade journal entry v1"

// Hash is an entry's SHA-256. Its text is 64 hexadecimal digits in lower case.
type Hash [sha256.Size]byte

// String is the text form.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// MarshalText is the text form.
func (h Hash) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText reads the text form and no other.
func (h *Hash) UnmarshalText(text []byte) error {
	if len(text) != 2*len(h) {
		return fmt.Errorf("a hash has %d hexadecimal digits", 2*len(h))
	}
	if _, err := hex.Decode(h[:], text); err != nil || h.String() != string(text) {
		return errors.New("a hash is hexadecimal digits in lower case")
	}
	return nil
}

// Anchor is the place of an entry in the chain. The zero value is that before the first.
type Anchor struct {
	// Index is the entry's, from 1.
	Index uint64 `json:"index"`
	// Hash is the entry's.
	Hash Hash `json:"hash"`
}

// Event is what an entry says. It holds no secret.
type Event struct {
	// Time is when it happened, to the nanosecond.
	Time time.Time `json:"time"`
	// Kind is a name from the journal's own list, such as key-rotated.
	Kind string `json:"kind"`
	// Subject is what it happened to, such as a key's name.
	Subject string `json:"subject"`
	// Details depend on the kind.
	Details map[string]string `json:"details"`
}

// Entry is an event in its place.
type Entry struct {
	Anchor
	Event
}

// Next is the entry that follows a place.
func (a Anchor) Next(event Event) Entry {
	event.Time = event.Time.UTC().Round(0)
	entry := Entry{Anchor: Anchor{Index: a.Index + 1}, Event: event}
	entry.Hash = entry.after(a.Hash)
	return entry
}

// after is the entry's hash where that of the entry before it is previous.
func (e Entry) after(previous Hash) Hash {
	encoded := append([]byte(label), previous[:]...)
	encoded = binary.BigEndian.AppendUint64(encoded, e.Index)
	encoded = binary.BigEndian.AppendUint64(encoded, uint64(e.Time.Unix()))
	encoded = binary.BigEndian.AppendUint32(encoded, uint32(e.Time.Nanosecond()))
	encoded = appendText(encoded, e.Kind)
	encoded = appendText(encoded, e.Subject)
	encoded = binary.BigEndian.AppendUint32(encoded, uint32(len(e.Details)))
	for _, name := range slices.Sorted(maps.Keys(e.Details)) {
		encoded = appendText(appendText(encoded, name), e.Details[name])
	}
	return sha256.Sum256(encoded)
}

// appendText puts a text's length before it, so that no two lists of texts are encoded alike.
func appendText(encoded []byte, text string) []byte {
	encoded = binary.BigEndian.AppendUint32(encoded, uint32(len(text)))
	return append(encoded, text...)
}

// Verify holds that the entries follow a place and one another, and answers the place of the
// last.
func Verify(after Anchor, entries []Entry) (Anchor, error) {
	for _, entry := range entries {
		switch {
		case entry.Index != after.Index+1:
			return after, fmt.Errorf("entry %d follows entry %d", entry.Index, after.Index)
		case entry.Hash != entry.after(after.Hash):
			return after, fmt.Errorf("entry %d was changed, or one before it: its hash does not follow", entry.Index)
		}
		after = entry.Anchor
	}
	return after, nil
}
