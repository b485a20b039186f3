package pqtransit

import (
	"context"
	"encoding/base64"
	"fmt"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend"
	"github.com/palisade-vault/palisade/pqtransit/digest"
	"github.com/palisade-vault/palisade/pqtransit/keyring"
)

// authItem is one thing to authenticate or verify. A single request is a batch of one.
type authItem struct {
	input     []byte
	code      string // what to verify
	length    int    // of a CMAC, in bytes; 0 is the whole
	reference string
	fault     string // what decoding found, for this item alone
}

// authBatch is the items of a request.
type authBatch struct {
	items  []authItem
	single bool // the request had no batch_input
}

// decodeAuthBatch reads batch_input, whose items' faults are their own, or without it the
// request's own fields as the only item.
func decodeAuthBatch(f *backend.Fields, decode func(f *backend.Fields, index int) authItem) authBatch {
	fields, isBatch := f.Items("batch_input")
	if !isBatch {
		return authBatch{items: []authItem{decode(f, notInBatch)}, single: true}
	}
	b := authBatch{items: make([]authItem, len(fields))}
	faults := 0
	for i, field := range fields {
		b.items[i] = decode(field, i)
		b.items[i].reference = field.Text("reference")
		if err := field.Err(); err != nil && faults < maxFaults {
			f.Fail("failed to parse batch input: %v", err)
			faults++
		}
	}
	if len(fields) == 0 && f.Err() == nil {
		f.Fail("missing batch input to process")
	}
	return b
}

// decodeInput reads what is authenticated; missing is the text where it is not there, empty
// where that is allowed.
func (i *authItem) decodeInput(f *backend.Fields, missing string) {
	if missing != "" && !f.Has("input") {
		i.fault = missing
		return
	}
	var err error
	if i.input, err = base64.StdEncoding.DecodeString(f.String("input")); err != nil {
		i.fault = fmt.Sprintf("unable to decode input as base64: %v", err)
	}
}

// work is what the batch asks of its key, of whose versions one makes all codes.
func (b *authBatch) work(version int) keyring.Work {
	var work keyring.Work
	for i := range b.items {
		work.Add(version, len(b.items[i].input))
	}
	return work
}

// authResult is what one item becomes; valid is there whatever the operation, as in transit.
type authResult struct {
	HMAC  string `json:"hmac,omitempty"`
	CMAC  string `json:"cmac,omitempty"`
	Valid bool   `json:"valid"`
	common
}

// run does the items each on its own. The status of a batch is 200, whatever became of its
// items, as in transit. single is the answer to a single request.
func (b *authBatch) run(ctx context.Context, workers *backend.Workers, do func(*authItem) (authResult, error), single func(authResult) map[string]any) (*logical.Response, error) {
	results, texts := make([]authResult, len(b.items)), make([]string, len(b.items))
	err := workers.Each(ctx, len(b.items), func(i int) {
		if texts[i] = b.items[i].fault; texts[i] != "" {
			return
		}
		var err error
		if results[i], err = do(&b.items[i]); err != nil {
			texts[i] = err.Error()
		}
	})
	if err != nil {
		return nil, err
	}
	for i, text := range texts {
		if text != "" && b.single {
			return nil, backend.Invalid("%s", text)
		}
		results[i].conclude(text, b.items[i].reference)
	}
	if b.single {
		return &logical.Response{Data: single(results[0])}, nil
	}
	return &logical.Response{Data: map[string]any{"batch_results": results}}, nil
}

// decodeDigest finds the hash function of an HMAC. A function must be named: without one
// there is no HMAC.
func decodeDigest(f *backend.Fields, name string) digest.Algorithm {
	algorithm, known := digest.Lookup(name)
	if !known {
		f.Fail("unsupported algorithm %q", name)
	}
	return algorithm
}
