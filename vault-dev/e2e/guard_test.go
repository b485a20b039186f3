package e2e_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	vaultdev "github.com/palisade-vault/palisade/vault-dev"
	"github.com/palisade-vault/palisade/vault-dev/process"
)

// guardVariable makes this test program a guard; it names the folder to remove at the end.
const guardVariable = "PALISADE_E2E_GUARD"

// guard is a second process of this program that outlives it. When a run ends by a panic,
// its time limit or a signal, nobody else would end the daemons it has started.
type guard struct {
	state io.WriteCloser // a line for each state folder; its end is the end of the run
	cmd   *exec.Cmd
}

func startGuard(folder string) (*guard, error) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), guardVariable+"="+folder)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // a terminal's Ctrl-C is not for it
	state, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	return &guard{state, cmd}, cmd.Start()
}

// add has the development Vault of that state folder removed at the end.
func (g *guard) add(dir string) error {
	_, err := fmt.Fprintln(g.state, dir)
	return err
}

// end has the guard remove what is left, and waits for it.
func (g *guard) end() error { return errors.Join(g.state.Close(), g.cmd.Wait()) }

// beGuard is what the guard does: it waits for the end of the run and cleans up.
func beGuard(folder string, state io.Reader) (code int) {
	var dirs []string
	for lines := bufio.NewScanner(state); lines.Scan(); {
		dirs = append(dirs, lines.Text())
	}
	for _, dir := range dirs {
		if err := (vaultdev.Config{Dir: dir, Out: io.Discard}).Clean(context.Background()); err != nil {
			code = complain(err)
		}
	}
	if err := os.RemoveAll(folder); err != nil {
		code = complain(err)
	}
	return code
}

func TestGuardEndsWhatADeadRunLeaves(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	left := vaultdev.Config{Dir: filepath.Join(folder, "run")}
	if err := os.Mkdir(left.Dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(left.Dir, ".palisade-dev"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	orphan, err := process.Start(process.Spec{
		Program: "/bin/sleep", Args: []string{"1000"}, Log: filepath.Join(left.Dir, "log"), PIDFile: left.VaultPIDFile(),
	})
	if err != nil {
		t.Fatal(err)
	}
	tested, err := startGuard(folder)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(tested.add(left.Dir), tested.add(filepath.Join(folder, "removed-by-its-test")), tested.end()); err != nil {
		t.Fatal(err)
	}
	if orphan.Alive() {
		t.Error("the process is still there")
	}
	if _, err := os.Stat(folder); !os.IsNotExist(err) {
		t.Errorf("the folder is still there: %v", err)
	}
}
