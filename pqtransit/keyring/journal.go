package keyring

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend"
	"github.com/palisade-vault/palisade/backend/journal"
	"github.com/palisade-vault/palisade/pqtransit/usage"
)

const (
	journalPrefix = "palisade/journal/"
	pendingPrefix = "palisade/pending/"
)

// Kinds of entries in the journal. They are persisted.
const (
	// KeyRotated has as details version, created, reason, from and to.
	KeyRotated = "key-rotated"
	// MinimumsRaised has as details min_decryption_version and min_encryption_version.
	MinimumsRaised = "minimums-raised"
	// VersionsDestroyed has as details oldest_version, which is the oldest left, and destroyed,
	// a number of versions.
	VersionsDestroyed = "versions-destroyed"
)

// pendingEvent is palisade/pending/<name>: what is about to be done to a key without a request.
// It is written before, and removed once the journal has it, so that the journal has everything
// that was done and nothing else, whatever crashes in between. docs/formats.md draws it.
type pendingEvent struct {
	Kind    string            `json:"kind"`
	Version int               `json:"version"` // with Created: the version that is made, or the latest
	Created time.Time         `json:"created"`
	Oldest  int               `json:"oldest_version"` // that is left, or left to decrypt; 0 where the key is rotated
	After   uint64            `json:"after"`          // the journal's newest entry at the time
	Details map[string]string `json:"details"`
}

// unasked keeps what is done without a request and the journal together.
type unasked struct {
	pending *backend.Store[pendingEvent]
	journal *backend.Journal
	// What is left pending by a crash or a fault is looked for when they differ: at the start,
	// and after anything was begun.
	begun, settled atomic.Int64
}

func newUnasked() *unasked {
	u := &unasked{
		pending: backend.NewStore[pendingEvent](pendingPrefix, 1),
		journal: backend.NewJournal(journalPrefix, backend.JournalLength),
	}
	u.begun.Store(1)
	return u
}

// Journal is what was done to the mount's keys without a request.
func (r *Keyring) Journal() *backend.Journal { return r.unasked.journal }

// rotatedEvent is that of a key that is about to be rotated.
func (l *loaded) rotatedEvent() *pendingEvent {
	record := l.record()
	return &pendingEvent{
		Kind: KeyRotated, Version: record.Version, Created: record.Time,
		Details: map[string]string{
			"version": strconv.Itoa(record.Version),
			"created": record.Time.Format(time.RFC3339Nano),
			"reason":  string(record.Reason),
			"from":    record.From,
			"to":      record.To,
		},
	}
}

// destroyedEvent is that of a key whose old versions are about to be destroyed.
func (l *loaded) destroyedEvent(destroyed int) *pendingEvent {
	latest := l.key.versions[l.key.Latest]
	return &pendingEvent{
		Kind: VersionsDestroyed, Version: latest.Number, Created: latest.Created.UTC(), Oldest: l.key.MinAvailable,
		Details: map[string]string{
			"oldest_version": strconv.Itoa(l.key.MinAvailable),
			"destroyed":      strconv.Itoa(destroyed),
		},
	}
}

// minimumsEvent is that of a key whose old versions are about to decrypt no more.
func (l *loaded) minimumsEvent() *pendingEvent {
	latest := l.key.versions[l.key.Latest]
	return &pendingEvent{
		Kind: MinimumsRaised, Version: latest.Number, Created: latest.Created.UTC(), Oldest: l.key.MinDecryption,
		Details: map[string]string{
			"min_decryption_version": strconv.Itoa(l.key.MinDecryption),
			"min_encryption_version": strconv.Itoa(l.key.MinEncryption),
		},
	}
}

// beginUnasked writes down what is about to be done. Whoever calls holds the name's lock.
func (r *Keyring) beginUnasked(ctx context.Context, storage logical.Storage, l *loaded) error {
	if l.event == nil {
		return nil
	}
	if err := r.settleLate(ctx, storage, l.key.Name); err != nil {
		return err
	}
	page, err := r.unasked.journal.Read(ctx, storage, math.MaxInt64, 0)
	if err != nil {
		return err
	}
	l.event.After = page.Head.Index
	r.unasked.begun.Add(1)
	return r.unasked.pending.Put(ctx, storage, l.key.Name, l.event)
}

// endUnasked puts into the journal what was done. What fails here is made up for by the next
// [Keyring.Maintain], so it does not make a failure of what was done.
func (r *Keyring) endUnasked(ctx context.Context, storage logical.Storage, l *loaded) {
	if l.event == nil {
		return
	}
	if err := r.unasked.record(ctx, storage, r.now(), l.key.Name, l.event); err == nil {
		_ = r.unasked.pending.Delete(ctx, storage, l.key.Name)
	}
}

func (u *unasked) record(ctx context.Context, storage logical.Storage, now time.Time, name string, event *pendingEvent) error {
	_, err := u.journal.Append(ctx, storage, journal.Event{Time: now, Kind: event.Kind, Subject: name, Details: event.Details})
	return err
}

// settle makes the journal whole after crashes and faults.
func (r *Keyring) settle(ctx context.Context, storage logical.Storage) error {
	begun := r.unasked.begun.Load()
	if r.unasked.settled.Load() == begun {
		return nil
	}
	names, err := r.unasked.pending.List(ctx, storage)
	if err != nil {
		return err
	}
	var faults []error
	for _, name := range names {
		place := r.acquire(name)
		if err := r.settleLate(ctx, storage, name); err != nil {
			faults = append(faults, fmt.Errorf("journal of key %s: %w", name, err))
		}
		r.release(name, place)
	}
	if len(faults) == 0 {
		r.unasked.settled.Store(begun)
	}
	return errors.Join(faults...)
}

// settleLate finds out what became of something that was begun. Whoever calls holds the name's
// lock.
func (r *Keyring) settleLate(ctx context.Context, storage logical.Storage, name string) error {
	event, err := r.unasked.pending.Get(ctx, storage, name)
	if err != nil || event == nil {
		return err
	}
	found, err := r.load(ctx, storage, name, nil)
	if err != nil {
		return err
	}
	if err := found.mend(ctx, storage); err != nil { // what a trim destroyed is gone from the archive first
		return err
	}
	happened, err := found.did(ctx, storage, event)
	if err != nil {
		return err
	}
	if happened {
		if err := r.recordLate(ctx, storage, name, event, found == nil); err != nil {
			return err
		}
	}
	return r.unasked.pending.Delete(ctx, storage, name)
}

// did reports whether what was begun has happened, or, of a key that was deleted since, may have.
func (l *loaded) did(ctx context.Context, storage logical.Storage, event *pendingEvent) (bool, error) {
	switch {
	case l == nil:
		return true, nil
	case event.Kind == VersionsDestroyed:
		return l.key.MinAvailable >= event.Oldest, nil
	case event.Kind == MinimumsRaised:
		return l.key.MinDecryption >= event.Oldest && l.key.MinEncryption >= event.Oldest, nil
	}
	return l.owns(ctx, storage, usage.NewVersion(event.Version, event.Created))
}

// recordLate adds what the journal does not have yet.
func (r *Keyring) recordLate(ctx context.Context, storage logical.Storage, name string, event *pendingEvent, unknown bool) error {
	page, err := r.unasked.journal.Read(ctx, storage, event.After, backend.JournalLength)
	if err != nil {
		return err
	}
	for _, entry := range page.Entries {
		if entry.Subject == name && entry.Kind == event.Kind && maps.Equal(entry.Details, event.Details) {
			return nil
		}
	}
	if unknown {
		event.Details["outcome"] = "unknown"
	}
	return r.unasked.record(ctx, storage, r.now(), name, event)
}
