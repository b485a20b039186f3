package keyring

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/pqtransit/rotation"
	"github.com/palisade-vault/palisade/pqtransit/suite"
)

const (
	// looksPerCall is how many keys one call of Maintain looks at that were not yet looked at
	// since the start.
	looksPerCall = 2000
	// retryAfter is when a key is tried again with which something went wrong, and how often a
	// key is looked at whose old versions may have come of age.
	retryAfter = time.Hour
)

// Done is one thing that was done to a key without a request.
type Done struct {
	Key *Key
	// Reason is why the key was rotated; empty where it was not.
	Reason rotation.Reason
	// Destroyed is how many old versions were destroyed.
	Destroyed int
}

// Maintain rotates every key whose time has come at now, and destroys the versions that no
// longer have to be kept. A key that fails does not keep the others from their turn: it is in
// the error, joined with the other faults, and is tried again an hour later. Keys that are not
// cached are looked at without being cached, and only when they have something to do.
func (r *Keyring) Maintain(ctx context.Context, storage logical.Storage, now time.Time) (done []Done, err error) {
	faults := []error{r.settle(ctx, storage), r.lookThrough(ctx, storage, now)}
	for _, name := range r.agenda.due(now) {
		if err := ctx.Err(); err != nil {
			return done, errors.Join(append(faults, err)...)
		}
		did, err := r.maintain(ctx, storage, name, now)
		done = append(done, did...)
		if err != nil {
			r.agenda.note(name, now.Add(retryAfter))
			faults = append(faults, fmt.Errorf("key %s: %w", name, err))
		}
	}
	return done, errors.Join(faults...)
}

// lookThrough puts keys on the agenda that were there before this keyring was.
func (r *Keyring) lookThrough(ctx context.Context, storage logical.Storage, now time.Time) error {
	if r.agenda.complete() {
		return nil
	}
	names, err := r.List(ctx, storage)
	if err != nil {
		return err
	}
	var faults []error
	names = r.agenda.unseen(names, looksPerCall)
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return errors.Join(append(faults, err)...)
		}
		key, err := r.peek(ctx, storage, name)
		switch {
		case err != nil:
			faults = append(faults, fmt.Errorf("key %s: %w", name, err))
			r.agenda.note(name, now.Add(retryAfter))
		case key != nil && key.Rotation.Destroys():
			r.agenda.note(name, now) // what is in the archive may have come of age
		case key != nil:
			r.agenda.note(name, key.nextChore(now))
		}
	}
	r.agenda.looked(names, looksPerCall)
	return errors.Join(faults...)
}

// peek is the key of that name, or nil, without a change of what is cached.
func (r *Keyring) peek(ctx context.Context, storage logical.Storage, name string) (*Key, error) {
	place := r.acquire(name)
	defer r.release(name, place)
	if key := place.key.Load(); key != nil {
		return key, nil
	}
	found, err := r.load(ctx, storage, name, nil)
	if err != nil || found == nil {
		return nil, err
	}
	return found.key, nil
}

// maintain does what is due to one key, and notes when the next thing is.
func (r *Keyring) maintain(ctx context.Context, storage logical.Storage, name string, now time.Time) ([]Done, error) {
	key, err := r.peek(ctx, storage, name)
	if err != nil {
		return nil, err
	}
	var all []Done
	if key != nil && key.dueRotation(now) != "" {
		done, err := r.autoRotate(ctx, storage, name, now)
		if err != nil {
			return nil, err
		}
		all, key = append(all, done), cmp.Or(done.Key, key)
	}
	if key != nil && key.Rotation.Destroys() {
		done, err := r.autoTrim(ctx, storage, name, now)
		if err != nil {
			return all, err
		}
		all, key = append(all, done), cmp.Or(done.Key, key)
	}
	next := time.Time{}
	if key != nil {
		next = key.nextChore(now)
	}
	r.agenda.note(name, next)
	return slices.DeleteFunc(all, func(done Done) bool { return done.Key == nil }), nil
}

// RotateDue rotates one key if its time has come at now, for a host that keeps the times itself.
// A key that is not due, or not there, is no error, and nothing done.
func (r *Keyring) RotateDue(ctx context.Context, storage logical.Storage, name string, now time.Time) (Done, error) {
	return r.autoRotate(ctx, storage, name, now)
}

// autoRotate does nothing to a key that is not due.
func (r *Keyring) autoRotate(ctx context.Context, storage logical.Storage, name string, now time.Time) (Done, error) {
	var done Done
	key, err := r.change(ctx, storage, name, func(found *loaded) (bool, error) {
		if found == nil { // deleted in the meantime
			return false, nil
		}
		done.Reason = found.key.dueRotation(now)
		if done.Reason == "" {
			return false, nil
		}
		return true, r.rotateUnasked(ctx, found, found.key.Suite(), done.Reason)
	})
	if err != nil || done.Reason == "" {
		return Done{}, err
	}
	done.Key = key
	return done, nil
}

// rotateUnasked adds a version, for the journal to tell.
func (r *Keyring) rotateUnasked(ctx context.Context, l *loaded, algorithm *suite.Suite, reason rotation.Reason) error {
	if err := r.rotate(ctx, l, algorithm, rotation.Cause{Reason: reason}); err != nil {
		return err
	}
	l.event = l.rotatedEvent()
	return nil
}

// autoTrim destroys the versions that the key's settings no longer keep. Those that
// min_decryption_version still allows stay unless the settings give them up too.
// The minimums are raised in a change of their own, as an operator does it: an interrupted trim
// can be mended only where they were.
func (r *Keyring) autoTrim(ctx context.Context, storage logical.Storage, name string, now time.Time) (Done, error) {
	destroyed := 0
	step := func(edit func(found *loaded, keep int) (bool, error)) (*Key, error) {
		return r.change(ctx, storage, name, func(found *loaded) (bool, error) {
			if found == nil {
				return false, nil
			}
			created, err := found.archived(ctx, storage)
			if err != nil {
				return false, err
			}
			return edit(found, found.key.keepFrom(created, now))
		})
	}
	if _, err := step(func(found *loaded, keep int) (bool, error) { return found.raiseMinimums(keep), nil }); err != nil {
		return Done{}, err
	}
	key, err := step(func(found *loaded, keep int) (bool, error) {
		destroyed = found.destroyBefore(keep)
		if destroyed > 0 || !found.key.Rotation.Destroys() {
			return destroyed > 0, nil
		}
		// One that failed at its last step has yet to be finished.
		return found.hasStrays(ctx, storage)
	})
	if err != nil || destroyed == 0 {
		return Done{}, err
	}
	return Done{Key: key, Destroyed: destroyed}, nil
}

// keepFrom is the oldest version that is kept by the settings or by what may still decrypt.
func (k *Key) keepFrom(created func(int) time.Time, now time.Time) int {
	keep := k.Rotation.KeepFrom(k.Latest, created, now)
	if !k.Rotation.DestroyDecryptable {
		keep = min(keep, k.MinDecryption)
	}
	return keep
}

// raiseMinimums has nothing decrypt or encrypt with a version older than keep, which transit
// wants of a version that is destroyed.
func (l *loaded) raiseMinimums(keep int) bool {
	key := l.key
	if keep <= max(key.MinAvailable, 1) || (key.MinDecryption >= keep && key.MinEncryption >= keep) {
		return false
	}
	key.MinDecryption = max(key.MinDecryption, keep)
	// A version below min_decryption_version does not encrypt either, so this takes nothing away.
	key.MinEncryption = max(key.MinEncryption, key.MinDecryption)
	l.event = l.minimumsEvent()
	return true
}

// destroyBefore makes keep the oldest version, and answers how many are gone.
func (l *loaded) destroyBefore(keep int) (destroyed int) {
	destroyed = max(0, keep-max(l.key.MinAvailable, 1))
	if destroyed > 0 {
		l.key.dropBefore(keep)
		l.event = l.destroyedEvent(destroyed)
	}
	return destroyed
}

// created is when a version was made, zero for one that is not in memory.
func (k *Key) created(number int) time.Time {
	if version := k.versions[number]; version != nil {
		return version.Created
	}
	return time.Time{}
}

// dueRotation is why the key rotates by itself at now, empty if it does not.
func (k *Key) dueRotation(now time.Time) rotation.Reason {
	period, schedule := k.rotationTimes(now)
	switch {
	case !schedule.IsZero() && !schedule.After(now):
		return rotation.Schedule
	case !period.IsZero() && !period.After(now):
		return rotation.Period
	}
	return ""
}

// rotationTimes are when the key rotates by its period and by its schedule, zero for never.
func (k *Key) rotationTimes(now time.Time) (period, schedule time.Time) {
	if k.Imported && !k.ImportedRotation {
		return time.Time{}, time.Time{}
	}
	created := k.versions[k.Latest].Created
	if k.AutoRotatePeriod > 0 {
		period = created.Add(k.AutoRotatePeriod)
	}
	return period, k.Rotation.Next(created, now)
}

// NextScheduled is when the schedule rotates the key next, zero without one; past where that is
// about to happen.
func (k *Key) NextScheduled(now time.Time) time.Time {
	_, schedule := k.rotationTimes(now)
	return schedule
}

// nextChore is when the key has something to do by itself, zero for never.
func (k *Key) nextChore(now time.Time) time.Time {
	period, schedule := k.rotationTimes(now)
	next := earlier(period, schedule)
	if !k.Rotation.Destroys() {
		return next
	}
	// Of versions in the archive the times are not known here; a look at it once an hour does.
	if k.keepFrom(k.created, now) > max(k.MinAvailable, 1) {
		return earlier(next, now)
	}
	return earlier(next, now.Add(retryAfter))
}

func earlier(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}
