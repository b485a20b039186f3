package vaultdev

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
)

// installPackages has the Debian packages installed that are missing. What the
// script cannot install it names in its last line, which becomes the error.
func (c Config) installPackages(ctx context.Context) error {
	var failure bytes.Buffer
	cmd := exec.CommandContext(ctx, filepath.Join(c.Root, "scripts", "install-deps.sh"))
	cmd.Dir, cmd.Stdout, cmd.Stderr = c.Root, c.Out, &failure
	if err := cmd.Run(); err != nil {
		lines := bytes.Split(bytes.TrimSpace(failure.Bytes()), []byte("\n"))
		return fmt.Errorf("%s (%v)", lines[len(lines)-1], err)
	}
	return nil
}
