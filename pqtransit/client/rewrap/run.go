package rewrap

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"

	"github.com/palisade-vault/palisade/pqtransit/client"
)

// Job is what to rewrap with.
type Job struct {
	Mount *client.Mount
	Key   string
	// Version is the key's version to encrypt to, 0 for the latest. Ciphertexts of it stay.
	Version int
	// BatchSize is how many lines go into one request, 1 to [client.MaxBatch].
	BatchSize int
	// Parallel is how many requests are under way at once, from 1.
	Parallel int
	// Seen, if it is not nil, is called with the number of lines that were done.
	Seen func(int)
}

// Sink takes what the lines became, in order: a [Journal], or a [Stream].
type Sink interface {
	skip(in *bufio.Reader, digest hash.Hash) (Summary, error)
	commit(text, digest []byte, total Summary) error
	finish() error
}

// Run rewraps every line that in has and that the sink has not. A line that cannot be
// rewrapped is counted, and the run goes on; an error means that the run could not, and that
// the same run with the same input goes on where the sink is.
func (job Job) Run(ctx context.Context, in io.Reader, sink Sink) (Summary, error) {
	target, err := job.target(ctx)
	if err != nil {
		return Summary{}, err
	}
	source := &source{job: job, target: target, in: bufio.NewReaderSize(in, 1<<16), digest: sha256.New()}
	total, err := sink.skip(source.in, source.digest)
	if err != nil {
		return Summary{}, err
	}
	source.number = total.Lines
	total.Key = job.Mount.Path() + "/" + job.Key
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	queue := make(chan *batch, job.Parallel-1)
	go source.fill(ctx, queue)
	for {
		next, err := receive(ctx, queue)
		if err != nil {
			return total, err
		}
		if next == nil {
			return total, sink.finish()
		}
		if err := next.store(sink, &total); err != nil {
			return total, err
		}
		if job.Seen != nil {
			job.Seen(len(next.lines))
		}
	}
}

// target is the version to encrypt to.
func (job Job) target(ctx context.Context) (int, error) {
	key, err := job.Mount.ReadKey(ctx, job.Key)
	switch {
	case err != nil:
		return 0, err
	case key == nil:
		return 0, fmt.Errorf("there is no key %s in %s", job.Key, job.Mount.Path())
	case job.Version > key.Latest:
		return 0, fmt.Errorf("key %s has no version %d: its latest is %d", job.Key, job.Version, key.Latest)
	case job.Version > 0:
		return job.Version, nil
	}
	return key.Latest, nil
}

// receive is the next batch, done; nil behind the last.
func receive(ctx context.Context, queue <-chan *batch) (*batch, error) {
	var next *batch
	select {
	case next = <-queue:
	case <-ctx.Done(): // the source may be waiting for input that never comes
		return nil, ctx.Err()
	}
	if next == nil {
		return nil, nil
	}
	select {
	case <-next.done:
		return next, next.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// source makes batches of the input.
type source struct {
	job    Job
	target int
	in     *bufio.Reader
	digest hash.Hash
	number int
}

// maxBatchBytes leaves room under the 32 MiB that Vault takes in a request.
const maxBatchBytes = 8 << 20

// fill sends each batch on its way and queues it, until the input or the context ends.
func (s *source) fill(ctx context.Context, queue chan<- *batch) {
	defer close(queue)
	for {
		next, err := s.read()
		if next == nil {
			return
		}
		next.err, next.done = err, make(chan struct{})
		if err != nil {
			close(next.done)
		}
		select {
		case queue <- next:
		case <-ctx.Done():
			return
		}
		if err != nil {
			return
		}
		go func() {
			defer close(next.done)
			next.err = s.job.send(ctx, next.open(s.target))
		}()
	}
}

// read is nil behind the last line.
func (s *source) read() (*batch, error) {
	next := &batch{}
	size := 0
	for len(next.lines) < s.job.BatchSize && size < maxBatchBytes {
		text, err := readLine(s.in)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return next, fmt.Errorf("reading line %d of the input: %v", s.number+1, err)
		}
		s.number++
		size += len(text)
		_, _ = s.digest.Write(text)
		next.lines = append(next.lines, parseLine(s.number, text))
	}
	if len(next.lines) == 0 {
		return nil, nil
	}
	next.digest = s.digest.Sum(nil)
	return next, nil
}

// batch is some lines that go together.
type batch struct {
	lines  []line
	digest []byte // of the input up to the end of the batch
	done   chan struct{}
	err    error // to be read once done is closed
}

// open are the lines that are to be rewrapped.
func (b *batch) open(target int) []*line {
	var open []*line
	for i := range b.lines {
		if l := &b.lines[i]; !l.blank() && l.fault == nil && l.version() != target {
			open = append(open, l)
		}
	}
	return open
}

func (b *batch) store(sink Sink, total *Summary) error {
	var out bytes.Buffer
	for i := range b.lines {
		text, err := b.lines[i].output()
		if err != nil {
			return err
		}
		out.Write(text)
		total.count(&b.lines[i])
	}
	return sink.commit(out.Bytes(), b.digest, *total)
}

// Stream is a sink that cannot be taken up again, such as standard output.
type Stream struct{ Out io.Writer }

func (Stream) skip(*bufio.Reader, hash.Hash) (Summary, error) {
	return Summary{Failures: []Failure{}}, nil
}

func (s Stream) commit(text, _ []byte, _ Summary) error {
	if _, err := s.Out.Write(text); err != nil {
		return fmt.Errorf("writing the output: %v", err)
	}
	return nil
}

func (Stream) finish() error { return nil }
