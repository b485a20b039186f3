package e2e_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/vault/api"

	"github.com/palisade-vault/palisade/vault-dev/parity"
)

var (
	parityRequests = flag.Int("parity.requests", 2500, "requests that TestParity sends to each engine, besides the examples")
	paritySeed     = flag.Uint64("parity.seed", 1, "seed of TestParity's requests; 0 is a random one")
	parityWorkers  = flag.Int("parity.workers", 4, "scenarios that TestParity runs at once")
)

// longParity is from how many requests on a run has to have crossed the engines in every way.
const longParity = 1000

// paritySide mounts an engine and sees that it is that engine.
func paritySide(t *testing.T, client *api.Client, mount, kind, version string) parity.Mount {
	t.Helper()
	input := &api.MountInput{Type: kind, Config: api.MountConfigInput{PluginVersion: version}}
	if err := client.Sys().MountWithContext(t.Context(), mount, input); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := client.Sys().UnmountWithContext(context.Background(), mount); err != nil {
			t.Error(err)
		}
	})
	return parity.Mount{Client: client.CloneConfig().HttpClient, Address: client.Address(), Token: client.Token(), Path: mount}
}

// runningVersion is what Vault says that a mount runs.
func runningVersion(t *testing.T, client *api.Client, mount string) string {
	t.Helper()
	mounts, err := client.Sys().ListMountsWithContext(t.Context())
	if err != nil || mounts[mount+"/"] == nil {
		t.Fatalf("no mount %s: %v", mount, err)
	}
	return mounts[mount+"/"].RunningVersion
}

func allowedDifferences(t *testing.T) *parity.Allowed {
	t.Helper()
	read := func(parts ...string) string {
		raw, err := os.ReadFile(filepath.Join(append([]string{dev.Root}, parts...)...))
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	list, err := parity.ReadAllowed("vault-dev/parity/testdata/allowed.hcl",
		[]byte(read("vault-dev", "parity", "testdata", "allowed.hcl")), read("docs", "transit-compatibility.md"))
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// The same requests get the same answers from the built-in engine and from pqtransit, but for the
// listed differences, each of which is there.
func TestParity(t *testing.T) {
	t.Parallel()
	client := root(t)
	builtin := paritySide(t, client, "parity-builtin", "transit", builtinTransit)
	pqtransit := paritySide(t, client, "parity-pqtransit", "pqtransit", "")
	if err := parity.CheckBaseline(builtin.Path, runningVersion(t, client, builtin.Path)); err != nil {
		t.Fatal(err)
	}
	allowed := allowedDifferences(t)
	pair, err := parity.NewPair(t.Context(), [2]parity.Side{builtin, pqtransit}, allowed, "p")
	if err != nil {
		t.Fatal(err)
	}
	options := parity.Options{Seed: *paritySeed, Requests: *parityRequests, Workers: *parityWorkers, Progress: progress()}
	for options.Seed == 0 {
		options.Seed = rand.Uint64N(1_000_000)
	}
	t.Logf("seed %d; to repeat: make parity SEED=%d REQUESTS=%d", options.Seed, options.Seed, options.Requests)
	report, err := pair.CompareAll(t.Context(), options)
	if err != nil {
		t.Error(err)
	}
	t.Log(report.Tally)
	for _, finding := range report.Findings {
		t.Error(finding)
	}
	if len(report.Unshown) > 0 {
		t.Errorf("these examples show no difference:\n%s", strings.Join(report.Unshown, "\n"))
	}
	if unused := allowed.Unused(); len(unused) > 0 {
		t.Errorf("allowed differences that no request has shown:\n%s", strings.Join(unused, "\n"))
	}
	if missing := report.Tally.Missing(); len(missing) > 0 && options.Requests >= longParity {
		t.Errorf("what never happened: %s", strings.Join(missing, ", "))
	}
}

// progress tells on standard error how far a long run is.
func progress() func(int) {
	next := time.Now().Add(10 * time.Second)
	return func(requests int) {
		if now := time.Now(); now.After(next) {
			next = now.Add(10 * time.Second)
			_, _ = fmt.Fprintf(os.Stderr, "parity: %d requests compared\n", requests)
		}
	}
}

// pqtransit is refused as the baseline, and a change to a single answer is found.
func TestParityCanFail(t *testing.T) {
	t.Parallel()
	client := root(t)
	left := paritySide(t, client, "parity-self-left", "pqtransit", "")
	if err := parity.CheckBaseline(left.Path, runningVersion(t, client, left.Path)); err == nil {
		t.Error("pqtransit passes for the built-in engine")
	}
	right := changed{paritySide(t, client, "parity-self-right", "pqtransit", "")}
	pair, err := parity.NewPair(t.Context(), [2]parity.Side{left, right}, allowedDifferences(t), "s")
	if err != nil {
		t.Fatal(err)
	}
	steps, err := parity.ParseSteps(`
		POST keys/{{n}}k {"exportable":true}
		GET keys/{{n}}k
		POST encrypt/{{n}}k {"plaintext":"YQ=="}
		POST decrypt/{{n}}k {"ciphertext":"{{3.ciphertext}}"}`)
	if err != nil {
		t.Fatal(err)
	}
	got, err := pair.Run(t.Context(), parity.Scenario{Name: "self-test", Steps: steps}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Findings) != 1 || got.Findings[0].StepID != 4 || got.Findings[0].Path != "data.plaintext" {
		t.Errorf("a changed plaintext is reported as %v", got.Findings)
	}
}

// changed answers another plaintext to decrypt.
type changed struct{ parity.Mount }

func (c changed) Send(ctx context.Context, request parity.Request) (parity.Answer, error) {
	answer, err := c.Mount.Send(ctx, request)
	if strings.HasPrefix(request.Path, "decrypt/") && answer.Data() != nil {
		answer.Data()["plaintext"] = "Yg=="
	}
	return answer, err
}
