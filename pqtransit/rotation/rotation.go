// Package rotation decides when a key rotates by itself and which of its old versions are
// destroyed. It knows times and numbers, and no key material, storage or Vault.
package rotation

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"time"
)

// What a setting may be.
const (
	// MinWindow is the shortest window, as in Vault's rotation manager.
	MinWindow = time.Hour
	// MinDestroyAfter is the shortest time for which a replaced version is kept.
	MinDestroyAfter = time.Hour
	// MinOperations and MinBytes keep a limit from rotating with every few requests.
	MinOperations = 1000
	MinBytes      = 1 << 20
)

// Values of Settings.MaxOperations and MaxBytes that are no number of operations or bytes.
const (
	AlgorithmsOwn = 0  // what the version's algorithm is safe for
	Unlimited     = -1 // the owner wants no limit
)

// Settings are what a key's owner asked for beside transit's auto_rotate_period. The zero
// value asks for nothing.
type Settings struct {
	// Schedule is a cron expression of five fields, in UTC; empty for none.
	Schedule string
	// ScheduledSince is when the schedule was set: no earlier time of it counts.
	ScheduledSince time.Time
	// Window is how long after a scheduled time the rotation may still happen, at least
	// MinWindow; 0 is until the next one.
	Window time.Duration
	// MaxOperations and MaxBytes are what one version may do before the key rotates, or one
	// of AlgorithmsOwn and Unlimited.
	MaxOperations, MaxBytes int64
	// RetainVersions is how many versions are kept at least, the latest included; 0 is no
	// such rule.
	RetainVersions int
	// DestroyAfter is how long a version is kept at least once a newer one has replaced it; 0
	// is no such rule.
	DestroyAfter time.Duration
	// DestroyDecryptable lets versions be destroyed that min_decryption_version still allows,
	// by raising it.
	DestroyDecryptable bool
}

// Destroys reports whether old versions are destroyed at all.
func (s Settings) Destroys() bool { return s.RetainVersions > 0 || s.DestroyAfter > 0 }

// Change is a change of settings; a nil field leaves its setting alone.
type Change struct {
	// Schedule of "" ends the schedule, and the window with it.
	Schedule *string
	Window   *time.Duration
	// MaxOperations and MaxBytes are as a request has them: 0 for no limit, -1 for what the
	// algorithm is safe for.
	MaxOperations, MaxBytes *int64
	RetainVersions          *int
	DestroyAfter            *time.Duration
	DestroyDecryptable      *bool
}

// Destroys reports whether the change is one of what is destroyed.
func (c Change) Destroys() bool {
	return c.RetainVersions != nil || c.DestroyAfter != nil || c.DestroyDecryptable != nil
}

// Apply is the settings after a change at now, or what is wrong with it.
func (c Change) Apply(s Settings, now time.Time) (Settings, error) {
	if c.Schedule != nil && *c.Schedule != s.Schedule {
		s.Schedule, s.ScheduledSince = *c.Schedule, now.UTC()
		if s.Schedule == "" {
			s.ScheduledSince, s.Window = time.Time{}, 0
		}
	}
	set(&s.Window, c.Window)
	set(&s.RetainVersions, c.RetainVersions)
	set(&s.DestroyAfter, c.DestroyAfter)
	set(&s.DestroyDecryptable, c.DestroyDecryptable)
	return s, cmp.Or(
		setLimit(&s.MaxOperations, c.MaxOperations, "auto_rotate_max_operations", MinOperations),
		setLimit(&s.MaxBytes, c.MaxBytes, "auto_rotate_max_bytes", MinBytes),
		s.check(),
	)
}

func set[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}

func setLimit(to, from *int64, name string, least int64) error {
	switch {
	case from == nil:
	case *from == 0:
		*to = Unlimited
	case *from == -1:
		*to = AlgorithmsOwn
	case *from < least:
		return fmt.Errorf("%s must be 0 for no limit, -1 for the algorithm's own, or at least %d", name, least)
	default:
		*to = *from
	}
	return nil
}

// check has the sdk's texts where the sdk has the rule.
func (s Settings) check() error {
	if s.Schedule != "" {
		if _, err := parse(s.Schedule); err != nil {
			return fmt.Errorf("failed to parse provided rotation_schedule: %v", err)
		}
	}
	switch {
	case s.Window != 0 && s.Schedule == "":
		return errors.New("cannot use rotation_window without rotation_schedule")
	case s.Window != 0 && s.Window < MinWindow:
		return fmt.Errorf("rotation_window must be %d seconds or more", int(MinWindow.Seconds()))
	case s.RetainVersions < 0 || s.RetainVersions > math.MaxInt32:
		return errors.New("retain_versions must be 0 for no such rule, or the number of versions to keep")
	case s.DestroyAfter != 0 && s.DestroyAfter < MinDestroyAfter:
		return errors.New("destroy_after must be 0 for no such rule, or at least an hour")
	}
	return nil
}

// KeepFrom is the oldest version that the settings keep, from 1 to latest: every older one may
// be destroyed. created is when a version was made, zero where that is not known, which counts
// as just now.
func (s Settings) KeepFrom(latest int, created func(number int) time.Time, now time.Time) int {
	keep := latest
	if !s.Destroys() {
		return 1
	}
	if s.RetainVersions > 0 {
		keep = min(keep, latest-s.RetainVersions+1)
	}
	if s.DestroyAfter > 0 {
		for ; keep > 1; keep-- {
			// The version before this one was replaced when this one was made.
			if at := created(keep); !at.IsZero() && !at.Add(s.DestroyAfter).After(now) {
				break
			}
		}
	}
	return max(keep, 1)
}
