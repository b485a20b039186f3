package worker_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/palisade-vault/palisade/hsmseal/hsmtest"
	"github.com/palisade-vault/palisade/hsmseal/worker"
)

func pid(t *testing.T, token worker.Token) int {
	t.Helper()
	status, err := token.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return status.PID
}

func signal(t *testing.T, pid int, signal syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(pid, signal); err != nil {
		t.Fatal(err)
	}
}

// stop hangs a worker, a child of this process, and returns when it has stopped.
func stop(t *testing.T, pid int) {
	t.Helper()
	signal(t, pid, syscall.SIGSTOP)
	for {
		err := unix.Waitid(unix.P_PID, pid, nil, unix.WSTOPPED|unix.WNOWAIT, nil)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		return
	}
}

// awaitExit waits for the end of a process that need not be a child.
func awaitExit(t *testing.T, pidfd int) {
	t.Helper()
	polled := []unix.PollFd{{Fd: int32(pidfd), Events: unix.POLLIN}}
	for {
		n, err := unix.Poll(polled, int(20*time.Second/time.Millisecond))
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil || n != 1 {
			t.Fatalf("process did not end: %d, %v", n, err)
		}
		return
	}
}

func openProcess(t *testing.T, pid int) int {
	t.Helper()
	pidfd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Close(pidfd) })
	return pidfd
}

// TestKilledWorker kills workers while wraps run: no call fails.
func TestKilledWorker(t *testing.T) {
	token := start(t, config(hsmtest.New(t)))
	ensure(t, token)
	const rounds = 3
	for round := range rounds {
		var group sync.WaitGroup
		victim := pid(t, token)
		halfway := make(chan struct{})
		for goroutine := range 2 {
			group.Go(func() {
				for i := range 20 {
					if goroutine == 0 && i == 10 {
						close(halfway)
					}
					if _, err := token.Wrap(t.Context(), keyRef, dataKey, aad); err != nil {
						t.Errorf("wrap %d: %v", i, err)
					}
				}
			})
		}
		<-halfway
		signal(t, victim, syscall.SIGKILL)
		group.Wait()
		roundTrip(t, token)
		status, err := token.Status(t.Context())
		if err != nil || status.Restarts != round+1 || status.PID == victim {
			t.Fatalf("after %d kills: %+v, %v", round+1, status, err)
		}
	}
}

// TestHungWorker stops a worker: the call is answered by the next one.
func TestHungWorker(t *testing.T) {
	settings := config(hsmtest.New(t))
	settings.Deadline = time.Second
	token := start(t, settings)
	ensure(t, token)
	victim := pid(t, token)
	pidfd := openProcess(t, victim)
	stop(t, victim)
	roundTrip(t, token)
	awaitExit(t, pidfd)
	if now := pid(t, token); now == victim {
		t.Fatal("the hung worker still serves")
	}
}

// TestCanceledCall ends its context first: the call returns at once, and the
// hung worker is killed all the same.
func TestCanceledCall(t *testing.T) {
	settings := config(hsmtest.New(t))
	settings.Deadline = time.Second
	token := start(t, settings)
	ensure(t, token)
	victim := pid(t, token)
	pidfd := openProcess(t, victim)
	stop(t, victim)
	ctx, cancel := contextWithTimeout(t, 50*time.Millisecond)
	defer cancel()
	_, err := token.Wrap(ctx, keyRef, dataKey, aad)
	wantError(t, err, ctx.Err())
	awaitExit(t, pidfd)
	roundTrip(t, token)
}

// TestCloseHungWorker closes a stopped worker without waiting for it.
func TestCloseHungWorker(t *testing.T) {
	token := start(t, config(hsmtest.New(t)))
	ensure(t, token)
	victim := pid(t, token)
	pidfd := openProcess(t, victim)
	stop(t, victim)
	token.Close()
	awaitExit(t, pidfd)
	_, err := token.Wrap(t.Context(), keyRef, dataKey, aad)
	wantError(t, err, worker.ErrDevice)
}

// TestOrphanedWorker kills the daemon: its worker ends by itself and leaves no
// socket behind.
func TestOrphanedWorker(t *testing.T) {
	hsm := hsmtest.New(t)
	temporary := t.TempDir()
	parent := exec.CommandContext(t.Context(), os.Args[0], "daemon")
	parent.Env = append(os.Environ(), "TMPDIR="+temporary)
	input, err := parent.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	if err := json.NewEncoder(input).Encode(config(hsm)); err != nil {
		t.Fatal(err)
	}
	var orphan int
	if _, err := fmt.Fscan(output, &orphan); err != nil {
		t.Fatal(err)
	}
	pidfd := openProcess(t, orphan)
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := parent.Wait(); err == nil {
		t.Fatal("the daemon ended well although killed")
	}
	awaitExit(t, pidfd)
	if left, err := filepath.Glob(filepath.Join(temporary, "*")); err != nil || len(left) != 0 {
		t.Fatalf("left behind: %v, %v", left, err)
	}
}

// TestCloseLeavesNothing ends a worker as it should: no process, no socket.
func TestCloseLeavesNothing(t *testing.T) {
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	token := start(t, config(hsmtest.New(t)))
	ensure(t, token)
	pidfd := openProcess(t, pid(t, token))
	token.Close()
	token.Close()
	awaitExit(t, pidfd)
	if left, err := filepath.Glob(filepath.Join(temporary, "*worker*")); err != nil || len(left) != 0 {
		t.Fatalf("left behind: %v, %v", left, err)
	}
}

// child is the one child of a process that is not this one.
func child(t *testing.T, parent int) int {
	t.Helper()
	paths, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", parent))
	if err != nil {
		t.Fatal(err)
	}
	var children []byte
	for _, path := range paths {
		list, err := os.ReadFile(path)
		if err != nil {
			continue // that thread ended meanwhile
		}
		children = append(children, list...)
	}
	var only int
	if n, err := fmt.Sscan(string(children), &only); n != 1 {
		t.Fatalf("children %q: %v", children, err)
	}
	return only
}
