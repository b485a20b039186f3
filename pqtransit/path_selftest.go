package pqtransit

import (
	"context"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend"
	"github.com/palisade-vault/palisade/pqtransit/selftest"
	"github.com/palisade-vault/palisade/pqtransit/suite"
)

func (b *pqBackend) pathSelfTest() *framework.Path {
	return &framework.Path{
		Pattern: "self-test",
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.ReadOperation: &framework.PathOperation{
				Callback:  backend.Handle(b, func(*backend.Fields) struct{} { return struct{}{} }, b.selfTest),
				Summary:   "Run the known answers of every algorithm.",
				Responses: ok(selfTestResponse()),
			},
		},
		HelpSynopsis: "Run the known answers of every algorithm in the running plugin.",
		HelpDescription: `Each algorithm runs an answer that another implementation gave through the code that serves
its keys, now; all of them take about a second. One that fails, or ever failed since the
plugin started, makes, imports, uses and verifies nothing until the plugin starts anew;
its keys can still be read, configured, rotated to another type, trimmed, exported, backed
up, restored and deleted. Each algorithm's test also runs before its first use.

module says how much of an algorithm's cryptography is that of the Go Cryptographic Module,
which go_module describes: inside, partly or outside. fips is true when that module runs in
FIPS 140-3 mode.`,
	}
}

func selfTestResponse() map[string]*framework.FieldSchema {
	return map[string]*framework.FieldSchema{
		"passed":    required(framework.TypeBool, "Whether every algorithm passed"),
		"failed":    required(framework.TypeStringSlice, "Algorithms that did not"),
		"suites":    required(framework.TypeMap, "By algorithm: passed, error, duration_us (microseconds) and module (inside, partly, outside)"),
		"go_module": required(framework.TypeMap, "The Go Cryptographic Module: version, fips and fips_only"),
	}
}

// selfTest takes a slot, so that many callers cannot keep every processor busy.
func (b *pqBackend) selfTest(ctx context.Context, _ *logical.Request, _ struct{}) (*logical.Response, error) {
	release, err := b.slow.Take(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	results, err := b.tests.All(ctx)
	if err != nil {
		return nil, backend.ErrGone
	}
	module := selftest.GoModule()
	failed, suites := []string{}, map[string]any{}
	for _, result := range results {
		if result.Err != nil {
			failed = append(failed, result.Suite.Name)
		}
		suites[result.Suite.Name] = suiteAnswer(result)
	}
	return &logical.Response{Data: map[string]any{
		"passed":    len(failed) == 0,
		"failed":    failed,
		"suites":    suites,
		"go_module": map[string]any{"version": module.Version, "fips": module.Enabled, "fips_only": module.Enforced},
	}}, nil
}

func suiteAnswer(result selftest.Result) map[string]any {
	answer := map[string]any{
		"passed":      result.Err == nil,
		"duration_us": result.Duration.Microseconds(),
		"module":      result.Suite.Module.String(),
	}
	if result.Err != nil {
		answer["error"] = result.Err.Error()
	}
	return answer
}

func (b *pqBackend) logFailedTest(s *suite.Suite, err error) {
	b.Logger().Error("an algorithm failed its self-test and is no longer used", "type", s.Name, "error", err)
}
