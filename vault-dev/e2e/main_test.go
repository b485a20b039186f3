package e2e_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	vaultdev "github.com/palisade-vault/palisade/vault-dev"
)

var (
	// dev is the Vault that the tests share.
	dev vaultdev.Config
	// devCommand is the built dev command.
	devCommand string
	// watch removes what this run leaves when it dies.
	watch *guard
)

func TestMain(m *testing.M) {
	if folder := os.Getenv(guardVariable); folder != "" {
		os.Exit(beGuard(folder, os.Stdin))
	}
	os.Exit(runAll(m))
}

// runAll brings the shared Vault up, runs the tests and removes it.
func runAll(m *testing.M) (code int) {
	ctx := context.Background()
	folder, err := os.MkdirTemp("", "palisade-e2e-")
	if err != nil {
		return complain(err)
	}
	defer func() {
		if err := os.RemoveAll(folder); err != nil {
			code = complain(err)
		}
	}()
	if watch, err = startGuard(folder); err != nil {
		return complain(err)
	}
	defer func() {
		if err := watch.end(); err != nil {
			code = complain(err)
		}
	}()
	var told bytes.Buffer
	if err := bringUp(ctx, folder, &told); err != nil {
		_, _ = io.Copy(os.Stderr, &told)
		return complain(errors.Join(err, dev.Clean(ctx)))
	}
	code = m.Run()
	if code != 0 {
		_, _ = fmt.Fprintf(os.Stderr, "errors in Vault's log:\n%s\n", complaints(dev.VaultLog()))
		_, _ = fmt.Fprintf(os.Stderr, "errors in hsmseald's log:\n%s\n", complaints(dev.SealLog()))
	}
	if err := dev.Clean(ctx); err != nil {
		return complain(err)
	}
	return code
}

func complain(err error) int {
	_, _ = fmt.Fprintln(os.Stderr, "end-to-end tests:", err)
	return 1
}

func bringUp(ctx context.Context, folder string, told io.Writer) error {
	root, err := vaultdev.FindRoot()
	if err != nil {
		return err
	}
	devCommand = filepath.Join(folder, "dev")
	build := exec.CommandContext(ctx, "go", "build", "-o", devCommand, "./vault-dev/cmd/dev")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("building the dev command: %v\n%s", err, out)
	}
	port, err := freePorts()
	if err != nil {
		return err
	}
	dev = vaultdev.Config{Root: root, Dir: filepath.Join(folder, "run"), Port: port, Out: told, FindVaultOnly: true, Self: devCommand}
	if err := watch.add(dev.Dir); err != nil {
		return err
	}
	return dev.Up(ctx)
}
