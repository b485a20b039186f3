package tour

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
)

// shell runs the commands of one tour, which share the variables they keep.
type shell struct {
	dir string
	env []string
}

// run runs a step's command. output is what it printed on both standard streams,
// or the value of the variable it keeps. err is only about running it at all.
func (s *shell) run(ctx context.Context, step step) (output string, failed bool, err error) {
	script := step.run
	if step.keep != "" {
		// The value travels on descriptor 3, apart from what the command prints.
		script += " || exit\nprintf %s \"$" + step.keep + "\" >&3"
	}
	reader, writer, err := os.Pipe()
	if err != nil {
		return "", false, fmt.Errorf("making a pipe: %v", err)
	}
	var printed bytes.Buffer
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", script)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = s.dir, s.env, &printed, &printed
	cmd.ExtraFiles = []*os.File{writer}
	kept := make(chan string, 1)
	go func() {
		raw, _ := io.ReadAll(reader) // a broken pipe shows as a missing value
		kept <- string(raw)
	}()
	runErr := cmd.Run()
	if err := writer.Close(); err != nil {
		return "", false, fmt.Errorf("closing a pipe: %v", err)
	}
	value := <-kept
	if err := reader.Close(); err != nil {
		return "", false, fmt.Errorf("closing a pipe: %v", err)
	}
	var exit *exec.ExitError
	if runErr != nil && !errors.As(runErr, &exit) {
		return "", false, fmt.Errorf("running a command of the tour: %v", runErr)
	}
	if step.keep != "" && runErr == nil {
		s.env = append(s.env, step.keep+"="+value)
		return value, false, nil
	}
	return printed.String(), runErr != nil, nil
}
