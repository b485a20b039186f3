package tour

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	vaultdev "github.com/palisade-vault/palisade/vault-dev"
	"github.com/palisade-vault/palisade/vault-dev/process"
)

// awaitTime bounds a step that is repeated.
const awaitTime = 10 * time.Second

// Run walks through all steps on the running Vault and prints them to
// config.Out. It may be repeated. The error names the first step that did not do
// as it should.
func Run(ctx context.Context, config vaultdev.Config) error {
	token, err := os.ReadFile(config.RootTokenFile())
	if err != nil {
		return fmt.Errorf("there is no Vault to show, `make dev` starts one: %v", err)
	}
	return config.WithTour(ctx, func() error { return runAll(ctx, config, string(token)) })
}

func runAll(ctx context.Context, config vaultdev.Config, token string) error {
	if err := forget(ctx, config); err != nil {
		return err
	}
	shell := &shell{
		dir: config.Root,
		env: append(config.Environment(token), "PALISADE_FORWARDED_ADDR="+config.ForwardedAddress()),
	}
	for _, step := range steps() {
		if err := walk(ctx, config.Out, shell, step); err != nil {
			return fmt.Errorf("the tour stops: %w", err)
		}
	}
	return nil
}

// walk prints a step, runs it, prints its answer and checks it.
func walk(ctx context.Context, out io.Writer, shell *shell, step step) error {
	announce(out, step)
	output, err := try(ctx, shell, step)
	printOutput(out, output, step.whole)
	return err
}

// try runs a step, and again while it is one to wait for.
func try(ctx context.Context, shell *shell, step step) (output string, err error) {
	limited, cancel := context.WithTimeout(ctx, awaitTime)
	defer cancel()
	attempt := func() bool {
		var failed bool
		if output, failed, err = shell.run(ctx, step); err == nil {
			err = step.check(output, failed)
		}
		return err == nil || !step.await
	}
	_ = process.Poll(limited, attempt) // its error says only that err has not gone away
	return output, err
}

// forget removes the keys that an earlier tour has made.
func forget(ctx context.Context, config vaultdev.Config) error {
	client, err := config.RootClient()
	if err != nil {
		return err
	}
	for _, key := range []string{hybridKey, legacyKey} {
		path := "pqtransit/keys/" + key
		known, err := client.Logical().ReadWithContext(ctx, path)
		if err != nil {
			return fmt.Errorf("looking for a key of an earlier tour: %v", err)
		}
		if known == nil {
			continue
		}
		if _, err := client.Logical().WriteWithContext(ctx, path+"/config", map[string]any{"deletion_allowed": true}); err != nil {
			return fmt.Errorf("removing a key of an earlier tour: %v", err)
		}
		if _, err := client.Logical().DeleteWithContext(ctx, path); err != nil {
			return fmt.Errorf("removing a key of an earlier tour: %v", err)
		}
	}
	return nil
}
