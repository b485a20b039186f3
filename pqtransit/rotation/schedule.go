package rotation

import (
	"errors"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// parser reads the five fields that Vault's sdk reads, with the sdk's library.
var parser = cron.NewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow)

// longestSchedule bounds the text, which is stored and shown.
const longestSchedule = 256

var errTimeZone = errors.New("schedules are in UTC, a time zone cannot be given")

// parse reads a schedule in UTC.
func parse(text string) (*cron.SpecSchedule, error) {
	if len(text) > longestSchedule {
		return nil, errors.New("it is longer than 256 characters")
	}
	// The sdk reads a time zone and ignores it, and the library panics on half of one.
	if strings.Contains(text, "TZ=") {
		return nil, errTimeZone
	}
	parsed, err := parser.Parse(text)
	if err != nil {
		return nil, err
	}
	schedule, ok := parsed.(*cron.SpecSchedule)
	if !ok {
		return nil, errors.New("invalid rotation schedule")
	}
	schedule.Location = time.UTC
	// Some expressions name no day that ever comes, such as the 30th of February.
	if schedule.Next(time.Date(2000, time.January, 1, 0, 0, 0, 0, time.UTC)).IsZero() {
		return nil, errors.New("no such time ever comes")
	}
	return schedule, nil
}

// Next is the first scheduled time at which a key whose latest version was made at latest may
// still rotate at now, zero for none. It is past where the rotation is due.
func (s Settings) Next(latest, now time.Time) time.Time {
	if s.Schedule == "" {
		return time.Time{}
	}
	schedule, err := parse(s.Schedule)
	if err != nil {
		return time.Time{}
	}
	from := latest
	if s.ScheduledSince.After(from) {
		from = s.ScheduledSince
	}
	if s.Window > 0 {
		// What was due before that was missed, and waits for the next time.
		if opened := now.Add(-s.Window); opened.After(from) {
			from = opened
		}
	}
	return schedule.Next(from.UTC())
}
