package tour

import (
	"bytes"
	"context"
	"errors"
	"fmt"
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
	var printed, value bytes.Buffer
	script, stdout := step.run, &printed
	if step.keep != "" {
		// An assignment prints nothing of its own.
		script, stdout = script+" || exit\nprintf %s \"$"+step.keep+"\"", &value
	}
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", script)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = s.dir, s.env, stdout, &printed
	runErr := cmd.Run()
	var exit *exec.ExitError
	if runErr != nil && !errors.As(runErr, &exit) {
		return "", false, fmt.Errorf("running a command of the tour: %v", runErr)
	}
	if step.keep != "" && runErr == nil {
		s.env = append(s.env, step.keep+"="+value.String())
		return value.String(), false, nil
	}
	return printed.String(), runErr != nil, nil
}
