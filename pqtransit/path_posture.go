package pqtransit

import (
	"context"
	"net/http"
	"strings"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend"
	"github.com/palisade-vault/palisade/pqtransit/keyring"
	"github.com/palisade-vault/palisade/pqtransit/posture"
)

// maxPosturePage bounds an answer, and defaultPosturePage is what a caller gets who asks for
// no size.
const (
	maxPosturePage     = 10_000
	defaultPosturePage = 1000
)

// The forms of a posture report.
const (
	postureJSON      = "json"
	postureCycloneDX = "cyclonedx"
)

func (b *pqBackend) pathPosture() *framework.Path {
	return &framework.Path{
		Pattern: "posture",
		Fields: map[string]*framework.FieldSchema{
			"after":  {Type: framework.TypeString, Description: "Report keys behind this one; that of next for the following page."},
			"limit":  {Type: framework.TypeInt, Default: defaultPosturePage, Description: "Most keys in one answer, 1 to 10000."},
			"format": {Type: framework.TypeString, Default: postureJSON, Description: "json, or cyclonedx for a CycloneDX 1.6 bill of materials."},
		},
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.ReadOperation: &framework.PathOperation{
				Callback:  backend.Handle(b, decodePosture, b.readPosture),
				Summary:   "Report where the keys stand: quantum exposure, policy, use, rotation, successors.",
				Responses: ok(postureResponse()),
			},
		},
		HelpSynopsis: "What a quantum computer would do to the keys of this mount, and where to go.",
		HelpDescription: `Lists every key and version with its algorithm, exposure (harvest-now-decrypt-later,
forgery or none), NIST security category, last use, rotation, violations of
config/crypto-policy, and the recommended successor. It changes nothing.
The summary counts the keys of this answer.`,
	}
}

func postureResponse() map[string]*framework.FieldSchema {
	return map[string]*framework.FieldSchema{
		"keys":    {Type: framework.TypeSlice, Description: "Each key: its status, exposure, rotation, violations, successors and versions"},
		"next":    {Type: framework.TypeString, Description: "Where the next page begins, empty on the last"},
		"total":   {Type: framework.TypeInt, Description: "Number of all keys in the mount"},
		"summary": {Type: framework.TypeMap, Description: "Counts over the keys of this answer"},
	}
}

type postureRequest struct {
	after, format string
	limit         int
}

func decodePosture(f *backend.Fields) postureRequest {
	req := postureRequest{after: f.String("after"), limit: f.Int("limit"), format: f.String("format")}
	if req.limit < 1 || req.limit > maxPosturePage {
		f.Fail("limit must be between 1 and %d", maxPosturePage)
	}
	if req.format != postureJSON && req.format != postureCycloneDX {
		f.Fail("unknown format %q: use %s or %s", req.format, postureJSON, postureCycloneDX)
	}
	return req
}

func (b *pqBackend) readPosture(ctx context.Context, r *logical.Request, req postureRequest) (*logical.Response, error) {
	rules, err := b.keys.CryptoPolicy(ctx, r.Storage)
	if err != nil {
		return nil, err
	}
	page, err := b.keys.Postures(ctx, r.Storage, req.after, req.limit)
	if err != nil {
		return nil, asAnswer(err)
	}
	now := b.rotation.now()
	reports := make([]posture.KeyReport, len(page.Keys))
	summary := posture.NewSummary()
	for i, key := range page.Keys {
		reports[i] = posture.Assess(key, rules, now)
		summary.Add(reports[i])
	}
	if req.format == postureCycloneDX {
		return b.billOfMaterials(r, page, reports)
	}
	return &logical.Response{Data: map[string]any{"keys": reports, "next": page.Next, "total": page.Total, "summary": summary}}, nil
}

// billOfMaterials is the document itself, without Vault's frame around it.
func (b *pqBackend) billOfMaterials(r *logical.Request, page keyring.PosturePage, reports []posture.KeyReport) (*logical.Response, error) {
	var text strings.Builder
	bom := posture.NewBOM(&text, posture.Document{
		Mount: r.MountPoint, Serial: r.ID, Tool: "pqtransit", Version: backend.Version, Time: b.rotation.now(), Next: page.Next,
	})
	for _, report := range reports {
		bom.Add(report)
	}
	if err := bom.Close(); err != nil {
		return nil, err
	}
	return rawAnswer(posture.BOMMediaType, text.String()), nil
}

// rawAnswer reaches the client as it is.
func rawAnswer(mediaType, body string) *logical.Response {
	return &logical.Response{Data: map[string]any{
		logical.HTTPContentType: mediaType,
		logical.HTTPRawBody:     body,
		logical.HTTPStatusCode:  http.StatusOK,
	}}
}
