package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// palisadeCommand is the operator's command as a shell with the dev environment runs it.
func palisadeCommand(ctx context.Context, t *testing.T, words ...string) *exec.Cmd {
	t.Helper()
	token, err := os.ReadFile(dev.RootTokenFile())
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(ctx, filepath.Join(dev.Bin(), "palisade"), words...)
	root := string(bytes.TrimSpace(token))
	cmd.Env = append(dev.Environment(root), "PALISADE_TO_TOKEN="+root) // the other Vault is this one
	return cmd
}

// ran is what a command left.
type ran struct {
	code     int
	out, err string
}

func palisade(t *testing.T, words ...string) ran {
	t.Helper()
	cmd := palisadeCommand(t.Context(), t, words...)
	var out, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaint
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return ran{cmd.ProcessState.ExitCode(), out.String(), complaint.String()}
}

// palisadeJSON wants that exit code and reads the result.
func palisadeJSON[T any](t *testing.T, code int, words ...string) T {
	t.Helper()
	got := palisade(t, append(words, "-format=json")...)
	var result T
	if got.code != code {
		t.Fatalf("palisade %q ends with %d, want %d: %s%s", words, got.code, code, got.out, got.err)
	}
	if err := json.Unmarshal([]byte(got.out), &result); err != nil {
		t.Fatalf("palisade %q: %v in %s", words, err, got.out)
	}
	return result
}
