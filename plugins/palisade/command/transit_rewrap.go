package command

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/palisade-vault/palisade/pqtransit/client"
	"github.com/palisade-vault/palisade/pqtransit/client/rewrap"
)

// What a user may leave to the command. A batch of RSA-4096 decryptions takes a few seconds.
const (
	defaultRewrapBatch    = 500
	defaultRewrapParallel = 4
	maxRewrapParallel     = 64
)

var _ = register(command{
	name:      "transit rewrap",
	synopsis:  "Move a file of ciphertexts to the latest version of their key",
	arguments: "MOUNT/KEY [FILE]",
	description: `
Reads one ciphertext a line from FILE, or from standard input, has Vault encrypt each anew with the
key's latest version without showing the plaintext, and writes the same lines with the new
ciphertexts, in the same order. It works across algorithms: after an rsa-4096 key was rotated to
x25519-mlkem768 it moves what the key encrypted there.

A line may also be a JSON object with ciphertext and, in base64, context, nonce and
associated_data, and decrypt_padding_scheme and encrypt_padding_scheme; other fields are kept as
they are. Lines whose ciphertext is of the latest version already, blank lines and lines that fail
come out unchanged; failures are reported with their line numbers.

With -output=OUT an interrupted run is taken up by the same command with the same input: OUT.state
says how far it came, and goes away when all is done. What Vault has no answer for is never lost:
the input is not touched.

The exit code is 0 when every line is of the latest version now, 3 when lines failed, 1 and 2 when
the run could not go on.`,
	examples: []example{
		{"Rewrap a file, so that it can be taken up after an interruption", "palisade transit rewrap -output=new.txt transit/orders old.txt"},
		{"As a filter", "psql -Atc 'select ciphertext from orders' | palisade transit rewrap transit/orders >new.txt"},
		{"With contexts and a column of one's own", `echo '{"id":7,"ciphertext":"vault:v1:...","context":"dGVuYW50LTE="}' |
  palisade transit rewrap transit/orders`},
	},
	build: func(set *flag.FlagSet) run {
		var o rewrapOptions
		set.StringVar(&o.output, "output", "-", "`File` to write, which must not exist unless it is of an interrupted run; - is standard output.")
		set.IntVar(&o.job.BatchSize, "batch-size", defaultRewrapBatch, "`Number` of ciphertexts in one request, 1 to 10000.")
		set.IntVar(&o.job.Parallel, "parallel", defaultRewrapParallel, "`Number` of requests at once, 1 to 64.")
		set.IntVar(&o.job.Version, "key-version", 0, "`Version` to encrypt with instead of the latest.")
		return o.run
	},
})

type rewrapOptions struct {
	output string
	job    rewrap.Job
}

func (o *rewrapOptions) check(path string) error {
	var err error
	var mount string
	switch mount, o.job.Key, err = client.SplitKey(path); {
	case err != nil:
		return usagef("%v", err)
	case o.job.BatchSize < 1 || o.job.BatchSize > client.MaxBatch:
		return usagef("-batch-size must be between 1 and %d", client.MaxBatch)
	case o.job.Parallel < 1 || o.job.Parallel > maxRewrapParallel:
		return usagef("-parallel must be between 1 and %d", maxRewrapParallel)
	case o.job.Version < 0:
		return usagef("-key-version must not be negative")
	}
	o.job.Mount = client.NewMount(nil, mount)
	return nil
}

func (o *rewrapOptions) run(ctx context.Context, c *call) (err error) {
	if err := o.check(c.arguments[0]); err != nil {
		return err
	}
	vault, err := c.client()
	if err != nil {
		return err
	}
	o.job.Mount = client.NewMount(vault, o.job.Mount.Path())
	in, total, err := c.input()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	if o.output == "-" {
		found, err := o.rewrap(ctx, c, in, total, rewrap.Stream{Out: c.process.Out})
		return o.report(c, c.process.Err, found, err)
	}
	journal, err := rewrap.OpenJournal(o.output, o.job.Mount.Path()+"/"+o.job.Key)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, journal.Close()) }()
	if done := journal.Resumed(); done > 0 {
		c.say("Taking up %s behind line %d.", o.output, done)
		total = max(0, total-int64(done))
	}
	found, err := o.rewrap(ctx, c, in, total, journal)
	if err != nil {
		c.say("%d lines are done; the same command goes on there.", found.Lines)
	}
	return o.report(c, c.process.Out, found, err)
}

func (o *rewrapOptions) rewrap(ctx context.Context, c *call, in io.Reader, total int64, sink rewrap.Sink) (rewrap.Summary, error) {
	p := c.progress("rewrapping", total)
	defer p.end()
	o.job.Seen = p.add
	return o.job.Run(ctx, in, sink)
}

// maxShownFailures bounds the table; -format=json has up to a thousand.
const maxShownFailures = 20

func (o *rewrapOptions) report(c *call, out io.Writer, found rewrap.Summary, err error) error {
	if err != nil {
		return err
	}
	err = c.showOn(out, found, func(t *table) {
		t.head("Key", "Lines", "Rewrapped", "Already latest", "Blank", "Failed")
		t.row(found.Key, found.Lines, found.Rewrapped, found.Latest, found.Blank, found.Failed)
		for i, failure := range found.Failures {
			if i == maxShownFailures {
				t.text("and %d more lines", found.Failed-i)
				return
			}
			t.text("line %d: %s", failure.Line, failure.Error)
		}
	})
	if err == nil && found.Failed > 0 {
		return errNo
	}
	return err
}

// input opens the file of the second argument, or standard input. total is how many lines a
// file has, 0 for anything else.
func (c *call) input() (in io.ReadCloser, total int64, err error) {
	if len(c.arguments) < 2 || c.arguments[1] == "-" {
		return io.NopCloser(c.process.In), 0, nil
	}
	file, err := os.Open(c.arguments[1])
	if err != nil {
		return nil, 0, fmt.Errorf("opening the input: %v", err)
	}
	about, err := file.Stat()
	if err != nil || !about.Mode().IsRegular() {
		return file, 0, err
	}
	if total, err = countLines(file); err == nil {
		_, err = file.Seek(0, io.SeekStart)
	}
	if err != nil {
		return nil, 0, errors.Join(fmt.Errorf("reading the input: %v", err), file.Close())
	}
	return file, total, nil
}

func countLines(in io.Reader) (lines int64, err error) {
	buffer := make([]byte, 1<<16)
	for {
		n, err := in.Read(buffer)
		lines += int64(bytes.Count(buffer[:n], []byte("\n")))
		if errors.Is(err, io.EOF) {
			return lines, nil
		}
		if err != nil {
			return 0, err
		}
	}
}
