package vaultdev

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"
)

// vaultPackages is about how many packages a build from cold compiles, standard
// library included; it only makes the progress line say how far it is.
const vaultPackages = 1900

// buildVault compiles stock Vault from the Go module proxy into bin/vault. From
// cold this takes five minutes on two cores and more on one, so it says how far
// it is every few seconds.
func (c Config) buildVault(ctx context.Context) (string, error) {
	target := filepath.Join(c.Bin(), "vault")
	c.say("building Vault itself, since no vault 1.21 or later is in $VAULT_BIN or on PATH")
	c.note("this downloads its modules and compiles about %d packages: 5 to 20 minutes, once", vaultPackages)
	args := []string{"build", "-v", "-mod=readonly", "-tags", "minimal", "-trimpath", "-o", target, "github.com/hashicorp/vault"}
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = filepath.Join(c.Root, "vault-dev", "tools")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if err := c.runWithProgress(cmd); err != nil {
		return "", fmt.Errorf("building Vault: %v", err)
	}
	return target, checkVersion(ctx, target)
}

// runWithProgress runs a verbose go build, counting the packages it names.
func (c Config) runWithProgress(cmd *exec.Cmd) error {
	stderr, err := cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	var counts buildCounts
	done := make(chan struct{})
	go func() {
		defer close(done)
		counts.read(stderr)
	}()
	c.printProgress(&counts, done)
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("%v: %s", err, counts.lastLine)
	}
	return nil
}

// printProgress prints a line every 5 s until done is closed.
func (c Config) printProgress(counts *buildCounts, done <-chan struct{}) {
	began := time.Now()
	ticker := time.NewTicker(5 * time.Second)
	defer ticker.Stop()
	for {
		select {
		case <-done:
			return
		case <-ticker.C:
			c.note("%s: %d modules downloaded, %d of about %d packages compiled", time.Since(began).Round(time.Second),
				counts.modules.Load(), counts.packages.Load(), vaultPackages)
		}
	}
}

// buildCounts is how far a build is. lastLine is for after it has ended.
type buildCounts struct {
	modules, packages atomic.Int64
	lastLine          string
}

func (b *buildCounts) read(from io.Reader) {
	lines := bufio.NewScanner(from)
	for lines.Scan() {
		line := lines.Text()
		switch {
		case strings.HasPrefix(line, "go: downloading "):
			b.modules.Add(1)
		case !strings.Contains(line, " "):
			b.packages.Add(1)
		}
		b.lastLine = line
	}
	_, _ = io.Copy(io.Discard, from) // an over-long line must not block the build
}
