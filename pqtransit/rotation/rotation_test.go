package rotation_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/palisade-vault/palisade/pqtransit/rotation"
)

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC) // a Wednesday

func TestApply(t *testing.T) {
	old := rotation.Settings{Schedule: "0 3 * * 0", ScheduledSince: noon, Window: 2 * time.Hour, MaxOperations: 5000, RetainVersions: 3}
	later := noon.Add(time.Hour)
	for _, test := range []struct {
		name    string
		change  rotation.Change
		want    func(*rotation.Settings)
		refusal string
	}{
		{name: "nothing", want: func(*rotation.Settings) {}},
		{name: "the same schedule", change: rotation.Change{Schedule: new("0 3 * * 0")}, want: func(*rotation.Settings) {}},
		{
			name:   "another schedule",
			change: rotation.Change{Schedule: new("30 4 1 * *")},
			want:   func(s *rotation.Settings) { s.Schedule, s.ScheduledSince = "30 4 1 * *", later },
		},
		{
			name:   "no schedule",
			change: rotation.Change{Schedule: new("")},
			want:   func(s *rotation.Settings) { s.Schedule, s.ScheduledSince, s.Window = "", time.Time{}, 0 },
		},
		{
			name:   "limits",
			change: rotation.Change{MaxOperations: new(int64(0)), MaxBytes: new(int64(1 << 20))},
			want:   func(s *rotation.Settings) { s.MaxOperations, s.MaxBytes = rotation.Unlimited, 1<<20 },
		},
		{
			name:   "the algorithm's own limits",
			change: rotation.Change{MaxOperations: new(int64(-1))},
			want:   func(s *rotation.Settings) { s.MaxOperations = rotation.AlgorithmsOwn },
		},
		{
			name:   "retention",
			change: rotation.Change{RetainVersions: new(0), DestroyAfter: new(time.Hour), DestroyDecryptable: new(true)},
			want: func(s *rotation.Settings) {
				s.RetainVersions, s.DestroyAfter, s.DestroyDecryptable = 0, time.Hour, true
			},
		},
		{name: "four fields", change: rotation.Change{Schedule: new("0 3 * *")}, refusal: "failed to parse provided rotation_schedule: expected exactly 5 fields"},
		{name: "six fields", change: rotation.Change{Schedule: new("0 0 3 * * *")}, refusal: "expected exactly 5 fields"},
		{name: "words", change: rotation.Change{Schedule: new("@daily")}, refusal: "failed to parse"},
		{name: "a time zone", change: rotation.Change{Schedule: new("TZ=Europe/Berlin 0 3 * * *")}, refusal: "in UTC"},
		{name: "half a time zone", change: rotation.Change{Schedule: new("CRON_TZ=0")}, refusal: "in UTC"},
		{name: "a day that never comes", change: rotation.Change{Schedule: new("0 0 30 2 *")}, refusal: "no such time"},
		{name: "a long text", change: rotation.Change{Schedule: new("0 3 * * " + strings.Repeat("0,", 200) + "0")}, refusal: "longer than 256"},
		{name: "a short window", change: rotation.Change{Window: new(time.Minute)}, refusal: "rotation_window must be 3600 seconds or more"},
		{name: "a negative window", change: rotation.Change{Window: new(-time.Hour)}, refusal: "rotation_window must be 3600 seconds or more"},
		{name: "a window alone", change: rotation.Change{Schedule: new(""), Window: new(time.Hour)}, refusal: "cannot use rotation_window without rotation_schedule"},
		{name: "few operations", change: rotation.Change{MaxOperations: new(int64(999))}, refusal: "auto_rotate_max_operations must be 0"},
		{name: "few bytes", change: rotation.Change{MaxBytes: new(int64(-2))}, refusal: "auto_rotate_max_bytes must be 0"},
		{name: "a negative number of versions", change: rotation.Change{RetainVersions: new(-1)}, refusal: "retain_versions"},
		{name: "destroyed at once", change: rotation.Change{DestroyAfter: new(time.Second)}, refusal: "destroy_after"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := test.change.Apply(old, later)
			if test.refusal != "" {
				if err == nil || !strings.Contains(err.Error(), test.refusal) {
					t.Errorf("%v, want %q", err, test.refusal)
				}
				return
			}
			want := old
			test.want(&want)
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Error(diff, err)
			}
		})
	}
}

func TestNext(t *testing.T) {
	daily := rotation.Settings{Schedule: "0 3 * * *"}
	windowed := daily
	windowed.Window = 2 * time.Hour
	since := daily
	since.ScheduledSince = noon
	three := time.Date(2026, 3, 5, 3, 0, 0, 0, time.UTC) // the morning after noon
	day := 24 * time.Hour
	for _, test := range []struct {
		name              string
		settings          rotation.Settings
		latest, now, want time.Time
	}{
		{"no schedule", rotation.Settings{}, noon, noon, time.Time{}},
		{"not yet", daily, noon, noon.Add(time.Hour), three},
		{"long overdue", daily, noon, noon.Add(30 * day), three},
		{"not before it was set", since, noon.Add(-30 * day), noon, three},
		{"in the window", windowed, noon, three.Add(2*time.Hour - time.Second), three},
		{"after the window", windowed, noon, three.Add(2 * time.Hour), three.Add(day)},
		{"in a later window", windowed, noon, three.Add(9*day + time.Minute), three.Add(9 * day)},
		{"rotated in the window", windowed, three.Add(time.Second), three.Add(time.Minute), three.Add(day)},
		{"local time does not count", daily, noon.In(time.FixedZone("east", 9*3600)), noon, three},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := test.settings.Next(test.latest, test.now); !got.Equal(test.want) {
				t.Errorf("%v, want %v", got, test.want)
			}
		})
	}
}

func TestKeepFrom(t *testing.T) {
	// Version n was made n hours after noon.
	created := func(number int) time.Time { return noon.Add(time.Duration(number) * time.Hour) }
	for _, test := range []struct {
		name     string
		settings rotation.Settings
		hours    int // after noon
		want     int
	}{
		{"no rule", rotation.Settings{}, 100, 1},
		{"the last three", rotation.Settings{RetainVersions: 3}, 10, 8},
		{"more than there are", rotation.Settings{RetainVersions: 30}, 10, 1},
		{"the latest alone", rotation.Settings{RetainVersions: 1}, 10, 10},
		{"four hours", rotation.Settings{DestroyAfter: 4 * time.Hour}, 10, 6},
		{"all long replaced", rotation.Settings{DestroyAfter: 4 * time.Hour}, 100, 10},
		{"nothing replaced for long", rotation.Settings{DestroyAfter: 40 * time.Hour}, 10, 1},
		{"the longer of both", rotation.Settings{RetainVersions: 2, DestroyAfter: 4 * time.Hour}, 10, 6},
		{"the longer of both, the other way round", rotation.Settings{RetainVersions: 8, DestroyAfter: 4 * time.Hour}, 10, 3},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := test.settings.KeepFrom(10, created, noon.Add(time.Duration(test.hours)*time.Hour)); got != test.want {
				t.Errorf("%d, want %d", got, test.want)
			}
		})
	}
}

// Whatever the rules and times, the latest version is kept, and so is every version that one
// of the rules keeps.
func TestKeepFromKeeps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		settings := rotation.Settings{
			RetainVersions: rapid.IntRange(0, 20).Draw(t, "retain"),
			DestroyAfter:   time.Duration(rapid.IntRange(0, 20).Draw(t, "after")) * time.Hour,
		}
		latest := rapid.IntRange(1, 20).Draw(t, "latest")
		times := make([]time.Time, latest+1)
		at := noon
		for number := 1; number <= latest; number++ {
			at = at.Add(time.Duration(rapid.IntRange(0, 5).Draw(t, "gap")) * time.Hour)
			if rapid.IntRange(0, 9).Draw(t, "known") > 0 {
				times[number] = at
			}
		}
		now := at.Add(time.Duration(rapid.IntRange(0, 30).Draw(t, "now")) * time.Hour)
		keep := settings.KeepFrom(latest, func(number int) time.Time { return times[number] }, now)
		if keep < 1 || keep > latest {
			t.Fatalf("keeps from %d of %d", keep, latest)
		}
		for number := 1; number < keep; number++ {
			if latest-number < settings.RetainVersions {
				t.Errorf("version %d of the last %d is destroyed", number, settings.RetainVersions)
			}
			if last := times[keep]; settings.DestroyAfter > 0 && last.Add(settings.DestroyAfter).After(now) {
				t.Errorf("version %d was replaced at %v", number, last)
			}
		}
		if !settings.Destroys() && keep != 1 {
			t.Errorf("no rule keeps from %d", keep)
		}
	})
}

func FuzzSchedule(f *testing.F) {
	for _, seed := range []string{"0 3 * * *", "*/5 0-6,22-23 1 1-12/2 MON-FRI", "TZ=UTC * * * * *", "CRON_TZ=", "@daily", "60 * * * *", "0 0 30 2 *"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		settings, err := rotation.Change{Schedule: &text}.Apply(rotation.Settings{}, noon)
		if err != nil || text == "" {
			return
		}
		next := settings.Next(noon, noon)
		if !next.After(noon) || next.Location() != time.UTC {
			t.Errorf("%q: %v", text, next)
		}
	})
}
