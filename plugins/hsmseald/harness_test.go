package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/vault/api"
	"go.uber.org/goleak"

	"github.com/palisade-vault/palisade/hsmseal/hsmtest"
	"github.com/palisade-vault/palisade/hsmseal/worker"
)

// runAsDaemon in the environment makes the test binary be hsmseald.
const runAsDaemon = "PALISADE_TEST_RUN_AS_HSMSEALD"

// patience bounds what a test waits for; what works takes far less.
const patience = 30 * time.Second

func TestMain(m *testing.M) {
	if worker.Requested(os.Args) || os.Getenv(runAsDaemon) != "" {
		main()
		return
	}
	goleak.VerifyTestMain(m)
}

// site is a directory with a configuration for one SoftHSM token and one tenant.
type site struct {
	hsm                 *hsmtest.SoftHSM
	dir, config, socket string
}

func newSite(t *testing.T) *site {
	t.Helper()
	dir := t.TempDir()
	s := &site{hsm: hsmtest.New(t), dir: dir, config: filepath.Join(dir, "seal.hcl"), socket: filepath.Join(dir, "s")}
	s.configure(t, s.hsm)
	return s
}

// configure writes the configuration for a token.
func (s *site) configure(t *testing.T, hsm *hsmtest.SoftHSM) {
	t.Helper()
	text := fmt.Sprintf(`state_dir = %q
listener "unix" {
  path = %q
}
token "softhsm" {
  module      = %q
  label       = %q
  pin_file    = %q
  environment = { SOFTHSM2_CONF = %q }
}
tenant "dev" {
  mount_path = "transit/"
  key_name   = "vault-dev"
}
`, filepath.Join(s.dir, "state"), s.socket, hsm.Module, hsm.Label, hsm.PINFile, hsm.Config)
	if err := os.WriteFile(s.config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// hsmseald is the program with arguments.
func hsmseald(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	cmd.Env = append(os.Environ(), runAsDaemon+"=1")
	return cmd
}

// outcome is what a command that ended left.
type outcome struct {
	stdout, stderr string
	code           int
}

// run runs a command to its end.
func (s *site) run(t *testing.T, args ...string) outcome {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := hsmseald(ctx, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var failed *exec.ExitError
	if err != nil && !errors.As(err, &failed) {
		t.Fatal(err)
	}
	if ctx.Err() != nil {
		t.Fatalf("%v did not end: %s", args, stderr.String())
	}
	return outcome{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}

// token issues a client token.
func (s *site) token(t *testing.T) string {
	t.Helper()
	got := s.run(t, "token", "-config", s.config, "-tenant", "dev")
	if got.code != 0 {
		t.Fatal(got.stderr)
	}
	return strings.TrimSpace(got.stdout)
}

// daemon is a running hsmseald serve.
type daemon struct {
	cmd   *exec.Cmd
	lines chan string // of its log; closed when it ends
	log   strings.Builder
}

// serve starts the daemon and waits until it is ready.
func (s *site) serve(t *testing.T) *daemon {
	t.Helper()
	d := s.launch(t)
	d.await(t, "ready")
	return d
}

// launch starts the daemon, which inherits the files from descriptor 3 on.
func (s *site) launch(t *testing.T, inherited ...*os.File) *daemon {
	t.Helper()
	d := &daemon{cmd: hsmseald(context.WithoutCancel(t.Context()), "serve", "-config", s.config, "-log-level=trace"), lines: make(chan string, 10_000)}
	d.cmd.ExtraFiles = inherited
	stderr, err := d.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := d.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(d.lines)
		for scanner := bufio.NewScanner(stderr); scanner.Scan(); {
			d.lines <- scanner.Text()
		}
	}()
	t.Cleanup(func() { d.end(t, syscall.SIGKILL) })
	return d
}

// await reads the log up to a line that has the text.
func (d *daemon) await(t *testing.T, text string) {
	t.Helper()
	timeout := time.After(patience)
	for {
		select {
		case line, open := <-d.lines:
			if !open {
				t.Fatalf("the daemon ended before %q: %s", text, d.log.String())
			}
			d.log.WriteString(line + "\n")
			if strings.Contains(line, text) {
				return
			}
		case <-timeout:
			t.Fatalf("no %q in %v: %s", text, patience, d.log.String())
		}
	}
}

// end sends a signal and waits; it returns the exit code, -1 after a kill, and
// may be called again.
func (d *daemon) end(t *testing.T, signal os.Signal) int {
	t.Helper()
	if d.cmd.ProcessState != nil {
		return d.cmd.ProcessState.ExitCode()
	}
	if err := d.cmd.Process.Signal(signal); err != nil {
		t.Error(err)
	}
	for line := range d.lines {
		d.log.WriteString(line + "\n")
	}
	var failed *exec.ExitError
	if err := d.cmd.Wait(); err != nil && !errors.As(err, &failed) {
		t.Error(err)
	}
	return d.cmd.ProcessState.ExitCode()
}

// vault is Vault's API client at the daemon, without retries.
func (s *site) vault(t *testing.T, token string) *api.Client {
	t.Helper()
	config := api.DefaultConfig()
	config.Address, config.MaxRetries = "unix://"+s.socket, 0
	client, err := api.NewClient(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(config.HttpClient.CloseIdleConnections)
	client.SetToken(token)
	return client
}
