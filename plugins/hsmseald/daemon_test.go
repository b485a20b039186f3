package main

import (
	"context"
	"encoding/base64"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	wrapping "github.com/hashicorp/go-kms-wrapping/v2"
	"github.com/hashicorp/go-kms-wrapping/wrappers/transit/v2"
	"github.com/hashicorp/vault/api"
	"golang.org/x/sys/unix"
)

func seal(ctx context.Context, client *api.Client, plaintext string) (string, error) {
	secret, err := client.Logical().WriteWithContext(ctx, "transit/encrypt/vault-dev",
		map[string]any{"plaintext": base64.StdEncoding.EncodeToString([]byte(plaintext))})
	if err != nil {
		return "", err
	}
	text, _ := secret.Data["ciphertext"].(string)
	return text, nil
}

func unseal(ctx context.Context, client *api.Client, text string) (string, error) {
	secret, err := client.Logical().WriteWithContext(ctx, "transit/decrypt/vault-dev", map[string]any{"ciphertext": text})
	if err != nil {
		return "", err
	}
	encoded, _ := secret.Data["plaintext"].(string)
	plaintext, err := base64.StdEncoding.DecodeString(encoded)
	return string(plaintext), err
}

// TestVaultsOwnWrapper drives the daemon with the very code that Vault links.
func TestVaultsOwnWrapper(t *testing.T) {
	s := newSite(t)
	d := s.serve(t)
	token := s.token(t)
	wrapper := transit.NewWrapper()
	_, err := wrapper.SetConfig(t.Context(), wrapping.WithConfigMap(map[string]string{
		"address": "unix://" + s.socket, "token": token, "mount_path": "transit/",
		"key_name": "vault-dev", "key_id_prefix": "transit/",
	}))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := wrapper.Finalize(t.Context()); err != nil {
			t.Error(err)
		}
	}()
	for _, plaintext := range []string{"a", strings.Repeat("k", 32), strings.Repeat("s", 160)} {
		blob, err := wrapper.Encrypt(t.Context(), []byte(plaintext))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(blob.KeyInfo.KeyId, "transit/v1-") {
			t.Errorf("key id %q", blob.KeyInfo.KeyId)
		}
		back, err := wrapper.Decrypt(t.Context(), blob)
		if err != nil || string(back) != plaintext {
			t.Errorf("got %q, %v", back, err)
		}
	}
	if code := d.end(t, syscall.SIGTERM); code != 0 {
		t.Errorf("SIGTERM ends with %d: %s", code, d.log.String())
	}
	if log := d.log.String(); strings.Contains(log, token) || strings.Contains(log, s.hsm.PIN) {
		t.Error("a client token or the PIN is in the log")
	}
	if _, err := os.Stat(s.socket); err == nil {
		t.Error("the socket is still there")
	}
}

// TestKillNineWhileRequestsRun: what was sealed before a kill opens after it,
// under the same key id, and the dead daemon's worker is gone.
func TestKillNineWhileRequestsRun(t *testing.T) {
	s := newSite(t)
	d := s.serve(t)
	client := s.vault(t, s.token(t))
	first, err := seal(t.Context(), client, "first")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex // guards sealed
	sealed := []string{first}
	enough := make(chan struct{})
	var load sync.WaitGroup
	for range 4 {
		load.Go(func() {
			for {
				text, err := seal(t.Context(), client, "first")
				if err != nil {
					return // the daemon was killed
				}
				mu.Lock()
				if sealed = append(sealed, text); len(sealed) == 50 {
					close(enough)
				}
				mu.Unlock()
			}
		})
	}
	<-enough
	workers := children(t, d.cmd.Process.Pid)
	if len(workers) == 0 {
		t.Fatal("the daemon has no worker")
	}
	d.end(t, syscall.SIGKILL)
	load.Wait()
	for _, pid := range workers {
		awaitEnd(t, pid)
	}
	s.serve(t)
	for _, text := range sealed {
		if got, err := unseal(t.Context(), client, text); err != nil || got != "first" {
			t.Fatalf("lost: %q, %v", got, err)
		}
	}
	again, err := seal(t.Context(), client, "again")
	if err != nil || strings.Split(again, ":")[1] != strings.Split(first, ":")[1] {
		t.Errorf("the key id changed from %q to %q, %v", first, again, err)
	}
}

// children lists the processes whose parent is pid.
func children(t *testing.T, pid int) []int {
	t.Helper()
	paths, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	var out []int
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			continue // it ended meanwhile
		}
		// proc(5): pid (comm) state ppid; comm may hold anything.
		fields := strings.Fields(string(data[strings.LastIndexByte(string(data), ')')+1:]))
		if fields[1] == strconv.Itoa(pid) {
			child, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, child)
		}
	}
	return out
}

// awaitEnd waits for a process that is not our child.
func awaitEnd(t *testing.T, pid int) {
	t.Helper()
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return // ended already
	}
	poll := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	n, err := unix.Poll(poll, int(patience/time.Millisecond))
	if err != nil || n != 1 {
		t.Errorf("worker %d lives on after its daemon was killed: %v", pid, err)
	}
	if err := unix.Close(fd); err != nil {
		t.Error(err)
	}
}

// TestTokenPulledAndReturned: 503 while it is away, and no restart needed.
func TestTokenPulledAndReturned(t *testing.T) {
	s := newSite(t)
	s.serve(t)
	client := s.vault(t, s.token(t))
	text, err := seal(t.Context(), client, "x")
	if err != nil {
		t.Fatal(err)
	}
	restore := s.hsm.Remove(t)
	if _, err := unseal(t.Context(), client, text); err == nil || !strings.Contains(err.Error(), "Code: 503") {
		t.Errorf("with the token away: %v", err)
	}
	restore()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	// Vault's client itself waits and tries again, as Vault does.
	client.SetMaxRetries(20)
	if got, err := unseal(ctx, client, text); err != nil || got != "x" {
		t.Errorf("with the token back: %q, %v", got, err)
	}
}
