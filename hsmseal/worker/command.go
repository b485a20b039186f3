package worker

import (
	"os"
	"os/exec"

	"github.com/hashicorp/go-plugin"
)

// socketsPrefix begins the name of the directory of a worker's socket.
const socketsPrefix = "palisade-worker-"

// inherited are the only variables of the daemon's environment that a worker
// sees: PKCS#11 libraries read theirs from the token's configuration.
var inherited = []string{"PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH", "GOCOVERDIR"}

// command is the same executable again, in a minimal environment, with one end
// of the lifeline.
func (p *process) command(config Config) (*exec.Cmd, error) {
	name, err := os.Executable()
	if err != nil {
		return nil, err
	}
	if p.sockets, err = os.MkdirTemp("", socketsPrefix); err != nil {
		return nil, err
	}
	end, lifeline, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	p.lifeline = lifeline
	// The link names the running executable even after an upgrade replaced it.
	command := exec.CommandContext(p.life, "/proc/self/exe", "worker")
	command.Args[0] = name
	command.Env = environment(config.Environment, p.sockets)
	command.ExtraFiles = []*os.File{end}
	return command, nil
}

func environment(added map[string]string, sockets string) []string {
	var list []string
	for _, name := range inherited {
		if value, ok := os.LookupEnv(name); ok {
			list = append(list, name+"="+value)
		}
	}
	for name, value := range added {
		list = append(list, name+"="+value)
	}
	return append(list, plugin.EnvUnixSocketDir+"="+sockets)
}
