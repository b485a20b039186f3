package hsmseal

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/hashicorp/go-hclog"
)

// Report is the outcome of Check, in the form of its JSON.
type Report struct {
	// OK is true when nothing needs the operator.
	OK bool `json:"ok"`
	// Tenants has one entry for each configured tenant, in their order.
	Tenants []TenantReport `json:"tenants"`
}

// TenantReport is what was found of one tenant.
type TenantReport struct {
	// Name is the tenant's.
	Name string `json:"name"`
	// OK is true when a round trip through its tokens succeeded, or when it has
	// no keys yet and its tokens answer.
	OK bool `json:"ok"`
	// KeyID is the current key id, empty when there is none or it was not reached.
	KeyID string `json:"key_id,omitempty"`
	// Tokens names its tokens.
	Tokens []string `json:"tokens"`
	// ClientTokens counts the client tokens that are accepted for it.
	ClientTokens int `json:"client_tokens"`
	// Notes are what is not wrong and yet worth knowing; Error is what is wrong.
	Notes []string `json:"notes,omitempty"`
	Error string   `json:"error,omitempty"`
}

// Check verifies what Serve would: every token logs in, every key is there and
// strong, and a round trip works. It makes no key and writes no state; a daemon
// may be running. An error means that the check itself could not be made.
func Check(ctx context.Context, config Config, log hclog.Logger) (Report, error) {
	if err := prepareStateDir(config); err != nil {
		return Report{}, err
	}
	tokens, stop, err := startTokens(ctx, config, log)
	defer stop()
	if err != nil {
		return Report{}, err
	}
	opener := Opener{Config: config, Tokens: tokens, Random: rand.Reader, Now: time.Now, Log: log, ReadOnly: true}
	report := Report{OK: true}
	for _, tenant := range config.Tenants {
		one := opener.check(ctx, tenant)
		report.OK = report.OK && one.OK
		report.Tenants = append(report.Tenants, one)
	}
	return report, nil
}

func (o Opener) check(ctx context.Context, tenant TenantConfig) TenantReport {
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	report := TenantReport{Name: tenant.Name, Tokens: tenant.Tokens}
	hashes, err := loadHashes(o.Config.hashesPath(tenant.Name))
	if err == nil {
		err = o.checkKeys(ctx, tenant, &report)
	}
	report.ClientTokens = len(hashes)
	if len(hashes) == 0 {
		report.Notes = append(report.Notes, "no client token yet: the token command makes one")
	}
	report.OK = err == nil
	if err != nil {
		report.Error = err.Error()
	}
	return report
}

func (o Opener) checkKeys(ctx context.Context, tenant TenantConfig, report *TenantReport) error {
	sealer, err := o.OpenTenant(ctx, tenant)
	if errors.Is(err, errNoState) {
		report.Notes = append(report.Notes, errNoState.Error())
		return o.answer(ctx, tenant)
	}
	if err != nil {
		return err
	}
	report.KeyID = sealer.KeyID().String()
	return sealer.RoundTrip(ctx)
}

// answer asks each token of a tenant without keys for its status.
func (o Opener) answer(ctx context.Context, tenant TenantConfig) error {
	for _, name := range tenant.Tokens {
		if _, err := o.Tokens[name].Status(ctx); err != nil {
			return fmt.Errorf("token %q: %w", name, err)
		}
	}
	return nil
}

// WriteText writes the report in words, a line or more for each tenant.
func (r Report) WriteText(w io.Writer) error {
	for _, tenant := range r.Tenants {
		state, detail := "ok", "key "+tenant.KeyID
		if tenant.KeyID == "" {
			detail = "no key"
		}
		if !tenant.OK {
			state, detail = "FAILED", tenant.Error
		}
		if _, err := fmt.Fprintf(w, "tenant %q: %s: %s\n", tenant.Name, state, detail); err != nil {
			return err
		}
		for _, note := range tenant.Notes {
			if _, err := fmt.Fprintf(w, "tenant %q: note: %s\n", tenant.Name, note); err != nil {
				return err
			}
		}
	}
	return nil
}
