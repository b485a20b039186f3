package pqtransit

import (
	"context"
	"net/http"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend"
	"github.com/palisade-vault/palisade/pqtransit/metrics"
)

func (b *pqBackend) pathMetrics() *framework.Path {
	return &framework.Path{
		Pattern: "metrics",
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.ReadOperation: &framework.PathOperation{
				Callback: backend.Handle(b, decodeNothing, b.readMetrics),
				Summary:  "Numbers about requests and keys, in Prometheus's text format.",
				Responses: map[int][]framework.Response{
					http.StatusOK: {{Description: "The numbers", MediaType: metrics.MediaType}},
				},
			},
		},
		HelpSynopsis: "Numbers about requests and keys, for Prometheus.",
		HelpDescription: `Requests, their errors and latency by operation and type of key; operations by algorithm,
each item of a batch counted; keys in memory; and, looked through once an hour, ages,
overdue rotations, quantum exposure and violations of config/crypto-policy. The answer
is text/plain, so with the vault command it wants -format=raw. The numbers are of this
process and start anew with it.`,
	}
}

func (b *pqBackend) readMetrics(context.Context, *logical.Request, nothing) (*logical.Response, error) {
	text, err := b.metrics.Text()
	if err != nil {
		return nil, err
	}
	return rawAnswer(metrics.MediaType, text), nil
}
