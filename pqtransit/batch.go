package pqtransit

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend"
	"github.com/palisade-vault/palisade/pqtransit/keyring"
)

// notInBatch is the index of the only item of a single request.
const notInBatch = -1

// maxFaults bounds the answer to a batch whose items are all malformed.
const maxFaults = 10

// item is one thing to encrypt, decrypt or rewrap. A single request is a batch of one.
type item struct {
	params     keyring.Rewrapping
	plaintext  []byte
	ciphertext string
	reference  string
	hasContext bool
	fault      error // what decoding found, for this item alone

	signatureContext []byte
	confirmation     []byte
	stanza           ageStanza
}

// batch is the items of a request, and how their faults are answered.
type batch struct {
	items   []item
	single  bool // the request had no batch_input
	partial *int // partial_failure_response_code
}

// decodeBatch reads batch_input, or without it the request's own fields as the only item.
// decode reports through the Fields what makes the whole request unreadable.
func decodeBatch(f *backend.Fields, decode func(f *backend.Fields, index int) item) batch {
	b := decodeItems(f, decode)
	if !b.single {
		b.checkContexts(f)
	}
	return b
}

// decodeItems is decodeBatch without its rule about contexts.
func decodeItems(f *backend.Fields, decode func(f *backend.Fields, index int) item) batch {
	fields, isBatch := f.Items("batch_input")
	if !isBatch {
		return batch{items: []item{decode(f, notInBatch)}, single: true}
	}
	b := batch{items: make([]item, len(fields))}
	faults := 0
	for i, field := range fields {
		b.items[i] = decode(field, i)
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

// checkContexts holds a rule of transit, which tells from the context whether a key that
// the batch creates is to be a derived one.
func (b *batch) checkContexts(f *backend.Fields) {
	for i := range b.items {
		if b.items[i].hasContext != b.items[0].hasContext {
			f.Fail("context should be set either in all the request blocks or in none")
			return
		}
	}
}

// decodeCommon reads what every operation takes.
func (i *item) decodeCommon(f *backend.Fields, index int) {
	if index != notInBatch { // a single request has no such parameter
		i.reference = f.String("reference")
	}
	context := f.String("context")
	i.hasContext = context != ""
	i.params.Context = i.decode(context)
	i.params.Nonce = i.base64(f, "nonce")
	i.params.AssociatedData = i.base64(f, "associated_data")
}

// base64 reads a field whose fault is the item's alone, and not the whole batch's.
func (i *item) base64(f *backend.Fields, name string) []byte {
	return i.decode(f.String(name))
}

func (i *item) decode(text string) []byte {
	decoded, err := base64.StdEncoding.DecodeString(text)
	if err != nil && i.fault == nil {
		i.fault = err
	}
	return decoded
}

// missing reports an absent field in transit's words, which differ inside a batch.
func missing(f *backend.Fields, index int, name, text string) {
	if index == notInBatch {
		f.Fail("%s", text)
		return
	}
	f.Fail("'[%d].%s' %s", index, name, text)
}

// outcome is how the items of a batch fared, from which transit makes the status.
type outcome struct{ succeeded, failed bool }

func (o *outcome) count(err error) {
	var refusal *keyring.Refusal
	switch {
	case err == nil:
		o.succeeded = true
	case !errors.As(err, &refusal) || refusal.Field == "":
		o.failed = true
	}
}

// result is what one item becomes: T is a struct that embeds common.
type result[T any] interface {
	*T
	conclude(text, reference string)
	single() map[string]any
}

// common is in every item's result.
type common struct {
	Error     string `json:"error,omitempty"`
	Reference string `json:"reference"`
}

func (c *common) conclude(text, reference string) { c.Error, c.Reference = text, reference }

// run does the items each on its own, on as many cores as are free, and answers as transit
// does: one result, or batch_results in the order of the input.
func run[T any, P result[T]](ctx context.Context, workers *backend.Workers, b *batch, do func(*item) (T, error)) (*logical.Response, outcome, error) {
	results, faults := make([]T, len(b.items)), make([]error, len(b.items))
	var total outcome
	err := workers.Each(ctx, len(b.items), func(i int) {
		if faults[i] = b.items[i].fault; faults[i] == nil {
			results[i], faults[i] = do(&b.items[i])
		}
	})
	if err != nil {
		return nil, total, err
	}
	for i, err := range faults {
		if err != nil && b.single {
			return nil, total, backend.Invalid("%s", itemError(i, err))
		}
		P(&results[i]).conclude(itemError(i, err), b.items[i].reference)
		total.count(err)
	}
	if b.single {
		return &logical.Response{Data: P(&results[0]).single()}, total, nil
	}
	return &logical.Response{Data: map[string]any{"batch_results": results}}, total, nil
}

// itemError is the text of an item's error, "" for none.
func itemError(index int, err error) string {
	var refusal *keyring.Refusal
	switch {
	case err == nil:
		return ""
	case errors.As(err, &refusal) && refusal.Field != "":
		return fmt.Sprintf("'[%d].%s' %v", index, refusal.Field, err)
	}
	return err.Error()
}

// withStatus gives a batch's answer the status that transit gives it.
func (b *batch) withStatus(r *logical.Request, response *logical.Response, total outcome) (*logical.Response, error) {
	if !total.failed {
		return response, nil
	}
	status := http.StatusBadRequest
	if b.partial != nil && total.succeeded {
		if carriesResults(*b.partial) {
			status = *b.partial
		} else {
			response.AddWarning(fmt.Sprintf("invalid HTTP response code override from partial_failure_response_code, reverting to %d", status))
		}
	}
	return logical.RespondWithStatusCode(response, r, status)
}

// carriesResults reports whether a status can be that of an answer with a body. The built-in
// engine takes any from 1 on, and then the connection breaks or the results are lost.
func carriesResults(status int) bool {
	return status >= http.StatusOK && status <= 599 && status != http.StatusNoContent && status != http.StatusNotModified
}
