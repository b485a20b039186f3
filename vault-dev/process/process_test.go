package process_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/palisade-vault/palisade/vault-dev/process"
)

const halfDeadVariable = "PALISADE_TEST_HALF_DEAD"

func init() {
	if os.Getenv(halfDeadVariable) != "" {
		runtime.LockOSThread() // initialisation runs in the first thread
	}
}

func TestMain(m *testing.M) {
	if os.Getenv(halfDeadVariable) != "" {
		// Ends this thread, the first, and no other.
		_, _, errno := syscall.Syscall(syscall.SYS_EXIT, 0, 0, 0)
		panic(errno)
	}
	goleak.VerifyTestMain(m)
}

const deadline = 20 * time.Second

func start(t *testing.T, program string, args ...string) (record process.Record, pidFile string) {
	t.Helper()
	dir := t.TempDir()
	pidFile = filepath.Join(dir, "pid")
	record, err := process.Start(process.Spec{
		Program: program, Args: args, Env: []string{"MARK=seen"},
		Log: filepath.Join(dir, "log"), PIDFile: pidFile, Mark: "mark",
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := record.End(context.Background(), time.Second); err != nil {
			t.Error(err)
		}
	})
	return record, pidFile
}

func wait(t *testing.T, what string, ready func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	if err := process.Poll(ctx, ready); err != nil {
		t.Fatalf("waiting for %s: %v", what, err)
	}
}

func TestStartAndStop(t *testing.T) {
	record, pidFile := start(t, "/bin/sleep", "1000")
	read, err := process.ReadRecord(pidFile)
	if err != nil || *read != record || read.Mark != "mark" || !read.Alive() {
		t.Fatalf("pid file holds %+v (%v), started was %+v", read, err, record)
	}
	if err := process.Stop(t.Context(), pidFile, time.Second); err != nil {
		t.Fatal(err)
	}
	if record.Alive() {
		t.Error("the process is still alive after Stop")
	}
	if _, err := os.Stat(pidFile); !os.IsNotExist(err) {
		t.Errorf("the pid file is still there: %v", err)
	}
	if err := process.Stop(t.Context(), pidFile, time.Second); err != nil {
		t.Errorf("a second Stop: %v", err)
	}
}

func TestStartGivesOnlyTheStatedEnvironment(t *testing.T) {
	t.Setenv("VAULT_AGENT_ADDR", "unwanted")
	record, pidFile := start(t, "/usr/bin/env")
	wait(t, "env to end", func() bool { return !record.Alive() })
	if got := process.Tail(filepath.Join(filepath.Dir(pidFile), "log"), 10); got != "MARK=seen" {
		t.Errorf("environment is %q", got)
	}
}

func TestStopKillsWhatIgnoresTheRequest(t *testing.T) {
	record, pidFile := start(t, "/bin/sh", "-c", `trap "" TERM; echo ready; while :; do /bin/sleep 0.05; done`)
	wait(t, "the trap", func() bool {
		return process.Tail(filepath.Join(filepath.Dir(pidFile), "log"), 1) == "ready"
	})
	if err := process.Stop(t.Context(), pidFile, 200*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	if record.Alive() {
		t.Error("the process survived")
	}
}

// A process that is on its way out still has its ports, so it is not gone yet.
func TestProcessIsAliveUntilItsLastThreadEnds(t *testing.T) {
	dir := t.TempDir()
	record, err := process.Start(process.Spec{
		Program: os.Args[0], Env: []string{halfDeadVariable + "=1"},
		Log: filepath.Join(dir, "log"), PIDFile: filepath.Join(dir, "pid"),
	})
	if err != nil {
		t.Fatal(err)
	}
	wait(t, "the first thread to end", func() bool {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", record.PID))
		return err == nil && strings.Contains(string(stat), ") Z ")
	})
	if !record.Alive() {
		t.Error("a process with running threads counts as gone")
	}
	if err := record.End(t.Context(), deadline); err != nil || record.Alive() {
		t.Errorf("it does not end (%v)", err)
	}
}

// A pid file may be older than the process that has its pid now.
func TestStopSparesAStrangerUnderTheSamePID(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*process.Record)
	}{
		{"other start time", func(r *process.Record) { r.Start += "1" }},
		{"other boot", func(r *process.Record) { r.Boot = "before" }},
	} {
		t.Run(test.name, func(t *testing.T) {
			record, pidFile := start(t, "/bin/sleep", "1000")
			stale := record
			test.change(&stale)
			if err := stale.Write(pidFile); err != nil {
				t.Fatal(err)
			}
			if err := process.Stop(t.Context(), pidFile, time.Second); err != nil {
				t.Fatal(err)
			}
			if !record.Alive() {
				t.Error("a stranger was killed")
			}
		})
	}
}

func TestReadRecordOfDamagedFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pid")
	if record, err := process.ReadRecord(path); record != nil || err != nil || record.Alive() {
		t.Errorf("no file gives %v, %v", record, err)
	}
	if err := os.WriteFile(path, []byte("12"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := process.ReadRecord(path); err == nil {
		t.Error("a damaged file is accepted")
	}
}

func TestRunningFromFindsRemovedPrograms(t *testing.T) {
	folder := t.TempDir()
	program, err := os.ReadFile("/bin/sleep")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder, "orphan")
	if err := os.WriteFile(path, program, 0o700); err != nil {
		t.Fatal(err)
	}
	record, _ := start(t, path, "1000")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	found, err := process.RunningFrom(folder)
	if err != nil || len(found) != 1 || found[0].PID != record.PID {
		t.Errorf("found %v, %v; want pid %d", found, err, record.PID)
	}
	found, err = process.RunningFrom(t.TempDir())
	if err != nil || len(found) != 0 {
		t.Errorf("found %v, %v in an empty folder", found, err)
	}
	found, err = process.RunningFrom(filepath.Join(folder, "absent"))
	if err != nil || len(found) != 0 {
		t.Errorf("found %v, %v in no folder", found, err)
	}
}

// output collects what a supervisor prints.
type output struct {
	mu  sync.Mutex // guards buf
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

func TestSuperviseStartsAgainAndEndsCleanly(t *testing.T) {
	pidFile := filepath.Join(t.TempDir(), "pid")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var out output
	ended := make(chan error, 1)
	go func() {
		ended <- process.Supervise(ctx, process.Supervision{
			Program: "/bin/sleep", Args: []string{"1000"}, PIDFile: pidFile, Output: &out,
			FirstDelay: time.Millisecond, MaxDelay: 4 * time.Millisecond, Grace: 5 * time.Second,
		})
	}()
	var last *process.Record
	for range 3 {
		var next *process.Record
		wait(t, "a fresh child", func() bool {
			next, _ = process.ReadRecord(pidFile)
			return next.Alive() && (last == nil || next.PID != last.PID)
		})
		if err := next.Signal(syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		last = next
	}
	wait(t, "the last child", func() bool {
		next, _ := process.ReadRecord(pidFile)
		return next.Alive() && next.PID != last.PID
	})
	cancel()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(deadline):
		t.Fatal("the supervisor does not end")
	}
	final, err := process.ReadRecord(pidFile)
	if err != nil || final.Alive() {
		t.Errorf("child %v outlived its supervisor (%v)", final, err)
	}
	if got := strings.Count(out.String(), "starting it again"); got != 3 {
		t.Errorf("%d restarts told, want 3:\n%s", got, out.String())
	}
}

func TestPollEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := process.Poll(ctx, func() bool { return false }); err == nil {
		t.Error("Poll returned without an error")
	}
	if err := process.Poll(ctx, func() bool { return true }); err != nil {
		t.Errorf("ready at once, yet %v", err)
	}
}

// A pipe that the caller was started with, as by make, must not stay open in a daemon.
func TestStartPassesOnNoDescriptors(t *testing.T) {
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = reader.Close() }()
	if _, _, errno := syscall.Syscall(syscall.SYS_FCNTL, writer.Fd(), syscall.F_SETFD, 0); errno != 0 {
		t.Fatal(errno)
	}
	start(t, "/bin/sleep", "1000")
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	if err := reader.SetReadDeadline(time.Now().Add(deadline)); err != nil {
		t.Fatal(err)
	}
	if _, err := reader.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("the daemon holds the pipe: %v", err)
	}
}
