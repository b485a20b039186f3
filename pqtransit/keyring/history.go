package keyring

import (
	"context"
	"slices"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend"
	"github.com/palisade-vault/palisade/pqtransit/rotation"
)

const historyPrefix = "palisade/history/"

// HistoryLength is how many versions a key's history goes back; older records are dropped.
const HistoryLength = 100

// storedHistory is palisade/history/<name>. docs/formats.md draws it. A record is written before
// its version is, so that no version goes unrecorded; it counts once the key has the version,
// made at that very time.
type storedHistory struct {
	Records []rotation.Record `json:"records"` // ascending
}

func newHistoryStore() *backend.Store[storedHistory] {
	return backend.NewStore[storedHistory](historyPrefix, 1)
}

// saveHistory records the version that is about to be stored.
func (r *Keyring) saveHistory(ctx context.Context, storage logical.Storage, l *loaded) error {
	if l.cause.Reason == "" || l.cause.Reason == rotation.Creation {
		return nil // the key itself tells
	}
	stored, err := r.history.Get(ctx, storage, l.key.Name)
	if err != nil {
		return err
	}
	records := append(proven(stored, l.known, l.before), l.record())
	records = records[max(0, len(records)-HistoryLength):]
	return r.history.Put(ctx, storage, l.key.Name, &storedHistory{Records: records})
}

func (l *loaded) record() rotation.Record {
	latest := l.key.versions[l.key.Latest]
	record := rotation.Record{
		Version: latest.Number,
		Time:    latest.Created.UTC(),
		Reason:  l.cause.Reason,
		Actor:   l.cause.Actor,
		To:      latest.Suite.Name,
	}
	if before := l.known[l.before]; before != nil {
		record.From = before.Suite.Name
	}
	return record
}

// proven are the records of versions that the key has or had: those of a version that was
// never stored, or of another key of that name, are left out. A version that is no longer at
// hand counts if a newer record is proven.
func proven(stored *storedHistory, versions parsed, latest int) []rotation.Record {
	if stored == nil {
		return nil
	}
	var records []rotation.Record
	newer := false
	for _, record := range slices.Backward(stored.Records) {
		version := versions[record.Version]
		switch {
		case record.Version > latest:
		case version != nil && version.Created.Equal(record.Time):
			newer = true
			records = append(records, record)
		case version == nil && newer:
			records = append(records, record)
		}
	}
	slices.Reverse(records)
	return records
}

// History is how the key came to its versions, oldest first, as far as it is recorded or the
// key itself tells.
func (r *Keyring) History(ctx context.Context, storage logical.Storage, key *Key) ([]rotation.Record, error) {
	stored, err := r.history.Get(ctx, storage, key.Name)
	if err != nil {
		return nil, err
	}
	records := proven(stored, key.versions, key.Latest)
	recorded := map[int]bool{}
	for _, record := range records {
		recorded[record.Version] = true
	}
	for number, version := range key.versions {
		if !recorded[number] {
			records = append(records, key.unrecorded(version))
		}
	}
	slices.SortFunc(records, func(a, b rotation.Record) int { return a.Version - b.Version })
	return records, nil
}

// unrecorded is what a version itself tells of how it came to be.
func (k *Key) unrecorded(version *Version) rotation.Record {
	record := rotation.Record{Version: version.Number, Time: version.Created.UTC(), Reason: rotation.Unknown, To: version.Suite.Name}
	switch before := k.versions[version.Number-1]; {
	case version.Number == k.Latest && k.Imported:
		record.Reason = rotation.Import
	case version.Number == 1:
		record.Reason = rotation.Creation
	case before != nil:
		record.From = before.Suite.Name
	}
	return record
}
