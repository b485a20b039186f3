package worker

import (
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"golang.org/x/sys/unix"

	"github.com/palisade-vault/palisade/hsmseal/hsmtest"
)

// TestReleaseOfStoppedWorker stops a worker that has been asked to finish: the
// plugin library's own request to quit must not wait for it.
func TestReleaseOfStoppedWorker(t *testing.T) {
	hsm := hsmtest.New(t)
	p := newProcess(5 * time.Second)
	p.begin(Config{Name: "test", Module: hsm.Module, Label: hsm.Label, StateDir: hsm.StateDir, Environment: hsm.Environment()},
		secret(hsm.PIN), hclog.NewNullLogger())
	if p.err != nil {
		t.Fatal(p.err)
	}
	pid, err := strconv.Atoi(p.client.ID())
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	if err := unix.Waitid(unix.P_PID, pid, nil, unix.WSTOPPED|unix.WNOWAIT, nil); err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	if err := p.release(); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(begun); took > 5*finishTimeout {
		t.Fatalf("took %v", took)
	}
}
