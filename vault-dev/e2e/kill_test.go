package e2e_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/vault/api"

	"github.com/palisade-vault/palisade/vault-dev/process"
)

// These tests end processes of the shared Vault: none of them runs in parallel.

const killDeadline = 30 * time.Second

func poll(t *testing.T, what string, ready func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), killDeadline)
	defer cancel()
	if err := process.Poll(ctx, ready); err != nil {
		t.Fatalf("waiting for %s: %v", what, err)
	}
}

// running are the processes of a folder of the state whose program has that name.
func running(t *testing.T, folder, program string) []process.Record {
	t.Helper()
	all, err := process.RunningFrom(dev.Dir + "/" + folder)
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(all, func(r process.Record) bool { return !strings.Contains(r.Mark, "/"+program+"-") })
}

func kill(t *testing.T, records ...process.Record) {
	t.Helper()
	for _, record := range records {
		if err := record.Signal(syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
	}
	poll(t, "the killed processes to be gone", func() bool {
		return !slices.ContainsFunc(records, func(r process.Record) bool { return r.Alive() })
	})
}

// sealedBefore makes a key and a ciphertext that must outlive what follows.
func sealedBefore(t *testing.T) (check func(t *testing.T)) {
	t.Helper()
	client, name := root(t), makeKey(t, "x25519-mlkem768")
	ciphertext := write(t, client, "pqtransit/encrypt/"+name, object{"plaintext": b64("kept")})["ciphertext"]
	return func(t *testing.T) {
		t.Helper()
		opened := write(t, client, "pqtransit/decrypt/"+name, object{"ciphertext": ciphertext})
		if opened["plaintext"] != b64("kept") {
			t.Errorf("got %v", opened["plaintext"])
		}
	}
}

// load calls request in two goroutines until stop is called, which returns how many calls
// succeeded.
func load(t *testing.T, request func() error) (stop func() int64) {
	t.Helper()
	var done atomic.Bool
	var succeeded atomic.Int64
	var group sync.WaitGroup
	for range 2 {
		group.Go(func() {
			for !done.Load() {
				if request() == nil {
					succeeded.Add(1)
				}
			}
		})
	}
	stop = func() int64 {
		done.Store(true)
		group.Wait()
		return succeeded.Load()
	}
	t.Cleanup(func() { stop() })
	return stop
}

func TestKilledPluginComesBack(t *testing.T) {
	key, user := makeKey(t, "x25519-mlkem768"), makeUser(t)
	client, guest := root(t), anonymous(t, dev.Address())
	for _, test := range []struct {
		program string
		request func() error
	}{
		{"vault-plugin-secrets-pqtransit", func() error {
			_, err := client.Logical().Write("pqtransit/encrypt/"+key, object{"plaintext": "eA=="})
			return err
		}},
		{"vault-plugin-auth-threatauth", func() error {
			_, err := guest.Logical().Write("auth/threatauth/login/"+user, object{"password": password})
			return err
		}},
	} {
		t.Run(test.program, func(t *testing.T) {
			check := sealedBefore(t)
			stop := load(t, test.request)
			for range 2 {
				var victims []process.Record
				poll(t, "the plugin's one process", func() bool {
					victims = running(t, "plugins", test.program)
					return len(victims) == 1
				})
				kill(t, victims...)
				// For some milliseconds Vault has not seen yet that the process is gone, and
				// answers 500 by itself. From the first answer on, none may fail.
				poll(t, "an answer after the kill", func() bool { return test.request() == nil })
				for range 5 {
					if err := test.request(); err != nil {
						t.Errorf("a request after the kill: %v", err)
					}
				}
			}
			if succeeded := stop(); succeeded == 0 {
				t.Error("no request succeeded around the kills")
			}
			check(t)
		})
	}
}

func TestRestartUnsealsThroughTheHSM(t *testing.T) {
	check := sealedBefore(t)
	user := makeUser(t)
	logIn(t, dev.Address(), user, password).token(t)
	before, err := process.ReadRecord(dev.VaultPIDFile())
	if err != nil {
		t.Fatal(err)
	}
	if err := dev.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	after, err := process.ReadRecord(dev.VaultPIDFile())
	if err != nil || after.PID == before.PID {
		t.Fatalf("Vault is process %v, and was %v (%v)", after, before, err)
	}
	status, err := root(t).Sys().SealStatusWithContext(t.Context())
	if err != nil || status.Sealed || status.Type != "transit" || !status.RecoverySeal {
		t.Fatalf("seal status %+v (%v)", status, err)
	}
	check(t)
	logIn(t, dev.Address(), user, password).token(t)
}

func TestKilledVaultUnsealsAgainAndLeavesNoOrphans(t *testing.T) {
	check := sealedBefore(t)
	vault, err := process.ReadRecord(dev.VaultPIDFile())
	if err != nil {
		t.Fatal(err)
	}
	orphans := running(t, "plugins", "vault-plugin-secrets-pqtransit")
	kill(t, *vault)
	if err := dev.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, orphan := range orphans {
		if orphan.Alive() {
			t.Errorf("plugin process %d of the killed Vault is still there", orphan.PID)
		}
	}
	check(t)
}

func TestKilledSealDaemonComesBack(t *testing.T) {
	check := sealedBefore(t)
	everything := running(t, "bin", "hsmseald")
	daemon, err := process.ReadRecord(dev.SealPIDFile())
	if err != nil || !daemon.Alive() {
		t.Fatalf("hsmseald does not run: %v, %v", daemon, err)
	}
	kill(t, *daemon)
	workers := slices.DeleteFunc(everything, func(r process.Record) bool { return r.PID == daemon.PID })
	if len(workers) == 0 {
		t.Fatal("hsmseald had no worker process")
	}
	poll(t, "the orphaned workers to end", func() bool {
		return !slices.ContainsFunc(workers, func(r process.Record) bool { return r.Alive() })
	})
	poll(t, "the supervisor to start hsmseald again", func() bool {
		now, _ := process.ReadRecord(dev.SealPIDFile())
		return now.Alive() && now.PID != daemon.PID
	})
	check(t) // a running Vault does not need its seal
	if err := dev.Restart(t.Context()); err != nil {
		t.Fatalf("restarting Vault on the new hsmseald: %v", err)
	}
	check(t)
}

func TestKilledWorkerComesBack(t *testing.T) {
	daemon, err := process.ReadRecord(dev.SealPIDFile())
	if err != nil {
		t.Fatal(err)
	}
	workers := slices.DeleteFunc(running(t, "bin", "hsmseald"), func(r process.Record) bool { return r.PID == daemon.PID })
	kill(t, workers...)
	if err := dev.Restart(t.Context()); err != nil {
		t.Fatalf("restarting Vault after the worker's death: %v", err)
	}
	if !daemon.Alive() {
		t.Error("the daemon died with its worker")
	}
}

// Unsealing waits for an HSM that comes late: requests during a kill of everything succeed
// once it is back.
func TestRequestsDuringARestart(t *testing.T) {
	client, key := root(t), makeKey(t, "aes256-gcm96")
	stop := load(t, func() error {
		sealed, err := client.Logical().Write("pqtransit/encrypt/"+key, object{"plaintext": b64("x")})
		if err != nil {
			return err
		}
		return decrypts(client, key, sealed)
	})
	if err := dev.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if succeeded := stop(); succeeded == 0 {
		t.Error("no request succeeded")
	}
	sealed, err := client.Logical().WriteWithContext(t.Context(), "pqtransit/encrypt/"+key, object{"plaintext": b64("x")})
	if err != nil {
		t.Fatal(err)
	}
	if err := decrypts(client, key, sealed); err != nil {
		t.Error(err)
	}
}

func decrypts(client *api.Client, key string, sealed *api.Secret) error {
	opened, err := client.Logical().Write("pqtransit/decrypt/"+key, object{"ciphertext": sealed.Data["ciphertext"]})
	if err != nil {
		return err
	}
	raw, err := base64.StdEncoding.DecodeString(fmt.Sprint(opened.Data["plaintext"]))
	if err != nil || string(raw) != "x" {
		return fmt.Errorf("decrypted to %q: %v", raw, err)
	}
	return nil
}
