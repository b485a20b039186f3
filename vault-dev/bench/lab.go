package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/hashicorp/vault/api"

	vaultdev "github.com/palisade-vault/palisade/vault-dev"
)

// engine is one of the four that take turns.
type engine struct {
	// letter is its column in the table.
	letter string
	// mount is its path, with a slash at the end.
	mount string
	// community engines have the key types of Vault Community alone.
	community bool
}

// The engines. External and floor are compared with, and never with themselves: see verify.
var (
	builtin  = engine{letter: "a", mount: "bench-builtin/", community: true}
	external = engine{letter: "b", mount: vaultdev.TransitProgram + "/", community: true}
	ours     = engine{letter: "c", mount: "pqtransit/"}
	floor    = engine{letter: "d", mount: vaultdev.FloorProgram + "/"}
	// other is another build of pqtransit, when the options name one.
	other = engine{letter: "e", mount: vaultdev.OtherProgram + "/"}
)

// lab is the Vault of one run, with the four engines in it.
type lab struct {
	dev    vaultdev.Config
	client *api.Client
	folder string
	other  string // the program of that engine, empty for none
}

// openLab starts it. The caller closes what it gets, also with an error.
func openLab(ctx context.Context, o Options, config vaultdev.Config) (*lab, error) {
	folder, err := os.MkdirTemp("", "palisade-bench-")
	if err != nil {
		return &lab{}, fmt.Errorf("making a folder: %v", err)
	}
	l := &lab{dev: config, folder: folder, other: o.Other}
	l.dev.Dir, l.dev.Port, l.dev.Self = filepath.Join(folder, "run"), o.Port, filepath.Join(folder, "dev")
	build := exec.CommandContext(ctx, "go", "build", "-o", l.dev.Self, "./vault-dev/cmd/dev")
	build.Dir = l.dev.Root
	if out, err := build.CombinedOutput(); err != nil {
		return l, fmt.Errorf("building the dev command: %v\n%s", err, out)
	}
	if err := l.dev.BuildBenchPlugins(ctx); err != nil {
		return l, err
	}
	if err := l.dev.Up(ctx); err != nil {
		return l, err
	}
	if l.client, err = l.dev.RootClient(); err != nil {
		return l, err
	}
	if !o.Audit {
		if err := l.client.Sys().DisableAuditWithContext(ctx, "file"); err != nil {
			return l, fmt.Errorf("disabling the audit device: %v", err)
		}
	}
	return l, l.mountEngines(ctx)
}

// close removes it all.
func (l *lab) close(ctx context.Context) error {
	if l.folder == "" {
		return nil
	}
	return errors.Join(l.dev.Clean(ctx), os.RemoveAll(l.folder))
}

func (l *lab) mountEngines(ctx context.Context) error {
	health, err := l.client.Sys().HealthWithContext(ctx)
	if err != nil {
		return fmt.Errorf("asking Vault for its version: %v", err)
	}
	version := "v" + health.Version + "+builtin.vault"
	input := &api.MountInput{Type: "transit", Config: api.MountConfigInput{PluginVersion: version}}
	if err := l.client.Sys().MountWithContext(ctx, builtin.mount, input); err != nil {
		return fmt.Errorf("mounting the built-in transit: %v", err)
	}
	sums := map[engine]string{}
	programs := map[engine]string{
		external: filepath.Join(l.dev.Bin(), vaultdev.TransitProgram),
		floor:    filepath.Join(l.dev.Bin(), vaultdev.FloorProgram),
	}
	if l.other != "" {
		programs[other] = l.other
	}
	for e, program := range programs {
		if sums[e], err = l.dev.MountProgram(ctx, l.client, strings.TrimSuffix(e.mount, "/"), program); err != nil {
			return err
		}
	}
	return l.verify(ctx, version, sums)
}

// verify holds that each mount runs what it is said to.
func (l *lab) verify(ctx context.Context, version string, sums map[engine]string) error {
	mounts, err := l.client.Sys().ListMountsWithContext(ctx)
	if err != nil {
		return fmt.Errorf("listing mounts: %v", err)
	}
	if running := mounts[builtin.mount].RunningVersion; running != version || !strings.HasSuffix(running, "builtin.vault") {
		return fmt.Errorf("%s runs version %q, not the built-in %s", builtin.mount, running, version)
	}
	for e, sum := range sums {
		if running := mounts[e.mount].RunningSha256; running != sum {
			return fmt.Errorf("%s runs the program %q, not %s", e.mount, running, sum)
		}
	}
	if mounts[ours.mount] == nil || mounts[ours.mount].Type != "pqtransit" {
		return fmt.Errorf("%s is not pqtransit's", ours.mount)
	}
	return nil
}
