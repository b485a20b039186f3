package worker

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"golang.org/x/sys/unix"
)

const (
	// lifelineFD is the read end of a pipe whose write end only the daemon
	// holds: its end of file is the daemon's death, whatever killed it.
	lifelineFD = 3
	// farewell bounds the clean end of a worker whose daemon is gone, and
	// lastLogin the end of a login it is in.
	farewell  = time.Second
	lastLogin = startTimeout
)

// Requested tells whether a command line, program name first, asks for a worker.
func Requested(args []string) bool { return len(args) == 2 && args[1] == "worker" }

// Main is what the "worker" command runs: it serves one token to the daemon
// that started it and returns when that daemon asks it to end. It exits the
// process when the daemon is gone.
func Main() {
	log := hclog.New(&hclog.LoggerOptions{Name: "worker", Output: os.Stderr, JSONFormat: true, Level: hclog.Info})
	service := &service{log: log}
	if os.Getenv(handshake.MagicCookieKey) == handshake.MagicCookieValue {
		harden(log)
		go exitWithDaemon(service)
	}
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig: handshake,
		Plugins:         plugin.PluginSet{pluginName: rpcPlugin{service: service}},
		Logger:          log,
	})
}

// harden keeps the PIN out of core dumps and from debuggers of the same user,
// and leaves termination to the daemon: a signal to the whole group must not
// take the token from requests that are still being drained.
func harden(log hclog.Logger) {
	signal.Ignore(syscall.SIGTERM, syscall.SIGHUP)
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		log.Warn("worker memory stays dumpable", "error", err)
	}
}

// exitWithDaemon waits for the daemon's end, ends the token cleanly if it can
// in time, and exits the process even when the library hangs.
func exitWithDaemon(service *service) {
	lifeline := os.NewFile(lifelineFD, "lifeline")
	if _, err := io.Copy(io.Discard, lifeline); err != nil && !errors.Is(err, io.EOF) {
		service.log.Error("lifeline to the daemon broke", "error", err)
	}
	time.AfterFunc(farewell, func() { service.exit(1) })
	var reply Answer
	code := 0
	if err := service.Finish(struct{}{}, &reply); err != nil {
		code = 1
	}
	service.exit(code)
}

// exit ends the process, but not inside a login: the PIN guard would be left
// with an attempt without an outcome. No other login begins.
func (s *service) exit(code int) {
	time.AfterFunc(lastLogin, func() { leave(1) })
	s.login.Lock()
	leave(code)
}

func leave(code int) {
	if removeSockets(os.Getenv(plugin.EnvUnixSocketDir)) != nil {
		code = 1
	}
	os.Exit(code)
}

// removeSockets removes the directory that the daemon made for this worker,
// and no other.
func removeSockets(dir string) error {
	if !strings.HasPrefix(filepath.Base(dir), socketsPrefix) {
		return fmt.Errorf("%q is no socket directory of a worker", dir)
	}
	return os.RemoveAll(dir) //nolint:gosec // G703: the name was checked above
}
