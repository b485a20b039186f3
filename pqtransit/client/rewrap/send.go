package rewrap

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/hashicorp/vault/api"

	"github.com/palisade-vault/palisade/pqtransit/client"
)

// send has Vault rewrap the lines, and leaves in each what became of it. Its error is one
// that concerns no single line.
func (job Job) send(ctx context.Context, lines []*line) error {
	// A batch has contexts in all items or in none, as transit wants it.
	with, without := []*line{}, []*line{}
	for _, l := range lines {
		if l.item.Context != "" {
			with = append(with, l)
		} else {
			without = append(without, l)
		}
	}
	for part := range slices.Values([][]*line{with, without}) {
		if err := job.request(ctx, part); err != nil {
			return err
		}
	}
	return nil
}

// request sends the lines in one request. One that is refused as a whole is halved until the
// line shows that it is about.
func (job Job) request(ctx context.Context, lines []*line) error {
	if len(lines) == 0 {
		return nil
	}
	items := make([]client.Rewrapping, len(lines))
	for i, l := range lines {
		items[i] = l.item
		items[i].KeyVersion = job.Version
	}
	results, err := job.Mount.Rewrap(ctx, job.Key, items)
	text, ofItems := refusedForItems(err)
	switch {
	case err != nil && !ofItems:
		return err
	case err != nil && len(lines) == 1:
		lines[0].fault = errors.New(text)
		return nil
	case err != nil:
		half := len(lines) / 2
		if err := job.request(ctx, lines[:half]); err != nil {
			return err
		}
		return job.request(ctx, lines[half:])
	}
	for i, l := range lines {
		switch {
		case results[i].Error != "":
			l.fault = errors.New(results[i].Error)
		case results[i].Ciphertext == "":
			l.fault = errors.New("no ciphertext in the answer")
		default:
			l.fresh = results[i].Ciphertext
		}
	}
	return nil
}

// refusedForItems tells whether a request was refused for what is in its items, and with
// what text: items that do not parse, or more of them or longer ones than Vault takes.
func refusedForItems(err error) (string, bool) {
	var refused *api.ResponseError
	if !errors.As(err, &refused) {
		return "", false
	}
	text := strings.Join(refused.Errors, "; ")
	switch refused.StatusCode {
	case http.StatusRequestEntityTooLarge:
		return "too large for Vault", true
	case http.StatusBadRequest, http.StatusInternalServerError:
		ofKey := strings.Contains(text, "key not found")
		ofItems := refused.StatusCode == http.StatusBadRequest || strings.Contains(text, "JSON")
		return text, ofItems && !ofKey
	}
	return "", false
}
