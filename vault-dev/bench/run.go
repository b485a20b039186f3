package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"time"

	vaultdev "github.com/palisade-vault/palisade/vault-dev"

	"github.com/palisade-vault/palisade/pqtransit/suite"
)

const (
	// longestTurn is how long the slowest engine may need for one request of every
	// connection. Longer cells are left out and named.
	longestTurn = 20 * time.Second
	// mostInFlight bounds the requests under way, in bytes: Vault holds each several times.
	mostInFlight = 128 << 20
)

// Run starts a Vault, measures, writes what came out to out and removes the Vault. What is
// going on goes to config.Out.
func Run(ctx context.Context, o Options, config vaultdev.Config, out io.Writer) (err error) {
	l, err := openLab(ctx, o, config)
	defer func() { err = errors.Join(err, l.close(context.WithoutCancel(ctx))) }()
	if err != nil {
		return err
	}
	if o.Memory > 0 {
		return l.watchMemory(ctx, o, out)
	}
	b := &bench{lab: l, options: o, progress: config.Out, until: time.Now().Add(o.Limit)}
	report, err := b.measureAll(ctx)
	write := report.write
	if o.JSON {
		write = report.writeJSON
	}
	return errors.Join(err, write(out)) // what was measured before a fault is not lost
}

// bench is one run.
type bench struct {
	*lab
	options  Options
	progress io.Writer
	until    time.Time
}

func (b *bench) say(format string, a ...any) { _, _ = fmt.Fprintf(b.progress, format+"\n", a...) }

func (b *bench) measureAll(ctx context.Context) (*report, error) {
	cells := b.options.cells()
	result := newReport(b.options)
	for i, c := range cells {
		if time.Now().After(b.until) {
			result.Skipped = append(result.Skipped, fmt.Sprintf("%d lines after the time limit of %s", len(cells)-i, b.options.Limit))
			break
		}
		b.say("[%d/%d] %s", i+1, len(cells), c)
		m, reason, err := b.measure(ctx, c)
		switch {
		case err != nil:
			return result, err
		case reason != "":
			result.Skipped = append(result.Skipped, fmt.Sprintf("%s: %s", c, reason))
		default:
			result.Lines = append(result.Lines, m)
			b.say("        %s", m.gist())
		}
	}
	return result, nil
}

// measure has the engines take turns at one cell. reason says why it did not.
func (b *bench) measure(ctx context.Context, c cell) (m *measurement, reason string, err error) {
	senders, err := b.newSenders(c.Connections)
	if err != nil {
		return nil, "", err
	}
	defer func() {
		for _, s := range senders {
			s.client.CloseIdleConnections()
		}
	}()
	prepared, err := b.prepare(ctx, &senders[0], c)
	if err != nil {
		return nil, "", err
	}
	for _, ready := range prepared {
		if takes := ready.took * time.Duration(c.Connections) / 2; takes > longestTurn {
			return nil, fmt.Sprintf("one request of every connection takes %s", takes.Round(time.Second)), nil
		}
		if bytes := len(ready.body) * c.Connections; bytes > mostInFlight {
			return nil, fmt.Sprintf("%d MB of requests at once", bytes>>20), nil
		}
	}
	bare, err := newBare(c)
	if err != nil {
		return nil, "", err
	}
	m = &measurement{cell: c}
	for round := range b.options.Rounds {
		taken, err := b.round(ctx, senders, prepared, bare, round)
		if err != nil {
			return nil, "", fmt.Errorf("%s: %v", c, err)
		}
		m.rounds = append(m.rounds, taken)
	}
	return m, "", nil
}

// round is one turn of each engine, and of the bare cryptography. A different engine begins
// each time.
func (b *bench) round(ctx context.Context, senders []sender, prepared map[engine]ready, bare func() error, number int) (round, error) {
	taken := round{samples: map[engine]sample{}}
	order := []engine{builtin, external, ours, floor, other}
	for i := range order {
		e := order[(i+number)%len(order)]
		ready, takesPart := prepared[e]
		if !takesPart {
			continue
		}
		before, err := b.serverCPU()
		if err != nil {
			return round{}, err
		}
		took, err := turn(ctx, senders, ready.request, b.options.Slice)
		if err != nil {
			return round{}, err
		}
		after, err := b.serverCPU()
		if err != nil {
			return round{}, err
		}
		took.cpu = after - before
		taken.samples[e] = took
	}
	var err error
	taken.bare, err = timeBare(bare, b.options.Slice/4)
	return taken, err
}

// newBare prepares one item's cryptography on a key of this process.
func newBare(c cell) (func() error, error) {
	algorithm, _ := suite.Lookup(c.Key)
	key, err := algorithm.Generate()
	if err != nil {
		return nil, fmt.Errorf("making a %s key: %v", c.Key, err)
	}
	return findOperation(c.Operation).bare(key, messages(1)[0])
}

// timeBare is the processor time of one item, which other work on the machine does not
// lengthen as it does the time on the clock. It takes length on the clock.
func timeBare(bare func() error, length time.Duration) (time.Duration, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	before, err := threadCPU()
	if err != nil {
		return 0, err
	}
	began, count := time.Now(), 0
	for count == 0 || time.Since(began) < length {
		if err := bare(); err != nil {
			return 0, err
		}
		count++
	}
	after, err := threadCPU()
	return (after - before) / time.Duration(count), err
}
