package e2e_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/vault/api"

	"github.com/palisade-vault/palisade/backend"
	"github.com/palisade-vault/palisade/vault-dev/process"
)

const builtinTransit = "v1.21.1+builtin.vault"

// switchMount makes one mount use another version of the plugin named transit.
func switchMount(t *testing.T, client *api.Client, mount, version string) {
	t.Helper()
	tune := api.TuneMountConfigInput{PluginVersion: new(version)}
	if err := client.Sys().TuneMountAllowNilWithContext(t.Context(), mount, tune); err != nil {
		t.Fatal(err)
	}
	write(t, client, "sys/plugins/reload/backend", object{"mounts": []string{mount + "/"}})
	mounts, err := client.Sys().ListMountsWithContext(t.Context())
	if err != nil || mounts[mount+"/"].RunningVersion != version {
		t.Fatalf("the mount runs %q, want %s (%v)", mounts[mount+"/"].RunningVersion, version, err)
	}
}

// registerAsTransit puts pqtransit into the catalog under the built-in engine's name, for
// the time of the test.
func registerAsTransit(t *testing.T, client *api.Client) {
	t.Helper()
	known, err := client.Sys().GetPluginWithContext(t.Context(), &api.GetPluginInput{
		Name: "pqtransit", Type: api.PluginTypeSecrets, Version: backend.Version,
	})
	if err != nil {
		t.Fatal(err)
	}
	err = client.Sys().RegisterPluginWithContext(t.Context(), &api.RegisterPluginInput{
		Name: "transit", Type: api.PluginTypeSecrets, Version: backend.Version,
		Command: filepath.Base(known.Command), SHA256: known.SHA256,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		deregister := &api.DeregisterPluginInput{Name: "transit", Type: api.PluginTypeSecrets, Version: backend.Version}
		if err := client.Sys().DeregisterPluginWithContext(context.Background(), deregister); err != nil {
			t.Error(err)
		}
	})
}

// mountBuiltin mounts the built-in engine, for the time of the test, and makes sure of it.
func mountBuiltin(t *testing.T, client *api.Client, mount string) {
	t.Helper()
	input := &api.MountInput{Type: "transit", Config: api.MountConfigInput{PluginVersion: builtinTransit}}
	if err := client.Sys().MountWithContext(t.Context(), mount, input); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := client.Sys().Unmount(mount); err != nil {
			t.Error(err)
		}
	})
	mounts, err := client.Sys().ListMountsWithContext(t.Context())
	if err != nil || mounts[mount+"/"].RunningVersion != builtinTransit {
		t.Fatalf("the mount runs %q (%v)", mounts[mount+"/"].RunningVersion, err)
	}
}

// reads are all keys as the mount shows them.
func reads(t *testing.T, client *api.Client, mount string, names []string) map[string]object {
	t.Helper()
	all := map[string]object{}
	for _, name := range names {
		all[name] = read(t, client, mount+"/keys/"+name)
	}
	return all
}

// An existing transit mount can be switched to pqtransit in place, and back. Every key, of
// every type and in every state, works on with no copy; those that left the built-in
// engine's reach are listed before, refused there and found again here.
func TestTransitMountSwitchesThereAndBack(t *testing.T) {
	client, mount := root(t), "switched"
	registerAsTransit(t, client)
	mountBuiltin(t, client, mount)
	e := newEstate(t, client, mount, classicalTypes)
	proofs := e.proofs(t, client, mount)
	before := reads(t, client, mount, e.all())

	busy := keepBusy(t, mount, proofs)
	switchMount(t, client, mount, backend.Version)
	busy.end(t)
	if diff := cmp.Diff(before, reads(t, client, mount, e.all())); diff != "" {
		t.Errorf("keys read otherwise after the switch: %s", diff)
	}
	checkAll(t, "switched", client, mount, proofs)
	e.checkArchived(t, "switched", client, mount)
	useSwitched(t, client, mount, e)
	proofs = append(proofs, e.proofs(t, client, mount)...)
	checkAll(t, "used there", client, mount, proofs)
	checked := palisadeJSON[stranding](t, 0, "transit", "rollback-check", mount)
	if checked.Total != len(e.all()) || len(checked.Stranded) != 0 {
		t.Errorf("keys that are classical could not go back: %+v", checked)
	}

	lost := leaveReach(t, client, mount)
	lostProofs := (&estate{names: []string{"rsa-2048", "aes256-gcm96", "gone-hybrid", "gone-signature"}}).proofs(t, client, mount)
	proofs = slices.DeleteFunc(proofs, func(p proof) bool { return slices.Contains(lost, p.key) })
	checked = palisadeJSON[stranding](t, 3, "transit", "rollback-check", mount)
	if diff := cmp.Diff(lost, checked.names()); diff != "" {
		t.Errorf("the check lists other keys than left: %s", diff)
	}

	busy = keepBusy(t, mount, proofs)
	switchMount(t, client, mount, builtinTransit)
	busy.end(t)
	checkAll(t, "back", client, mount, proofs)
	e.checkArchived(t, "back", client, mount)
	wantRefused(t, client, mount, lost)

	switchMount(t, client, mount, backend.Version)
	checkAll(t, "there again", client, mount, proofs)
	checkAll(t, "what had left", client, mount, lostProofs)
	if got := read(t, client, mount+"/keys/gone-hybrid")["type"]; got != "x25519-mlkem768" {
		t.Errorf("after there and back and there the hybrid key has type %v", got)
	}
}

// traffic is clients that use the mount all the time.
type traffic struct {
	cancel  context.CancelFunc
	workers sync.WaitGroup
	done    atomic.Int64
	faults  chan error
}

// keepBusy has clients check proofs until the end, and returns once they do.
func keepBusy(t *testing.T, mount string, proofs []proof) *traffic {
	t.Helper()
	client := root(t)
	client.SetMaxRetries(0) // which would hide a failure
	ctx, cancel := context.WithCancel(t.Context())
	l := &traffic{cancel: cancel, faults: make(chan error, 4)}
	for worker := range 4 {
		l.workers.Go(func() {
			for i := worker; ctx.Err() == nil; i++ {
				if err := proofs[i%len(proofs)].check(t, client, mount); err != nil {
					l.faults <- err
					return
				}
				l.done.Add(1)
			}
		})
	}
	if err := process.Poll(ctx, func() bool { return l.done.Load() > 20 || len(l.faults) > 0 }); err != nil {
		t.Fatal(err)
	}
	return l
}

// end holds that no request has failed, and that some went on after the switch.
func (l *traffic) end(t *testing.T) {
	t.Helper()
	before := l.done.Load()
	if err := process.Poll(t.Context(), func() bool { return l.done.Load() > before+20 || len(l.faults) > 0 }); err != nil {
		t.Error(err)
	}
	l.cancel()
	l.workers.Wait()
	close(l.faults)
	for err := range l.faults {
		t.Errorf("a request during the switch failed: %v", err)
	}
}

// stranding is what palisade transit rollback-check finds.
type stranding struct {
	Total    int
	Stranded []struct {
		Name    string
		Reasons []string
	}
}

func (s stranding) names() []string {
	var names []string
	for _, key := range s.Stranded {
		names = append(names, key.Name)
	}
	return names
}

// useSwitched changes keys as their owner would, within what the built-in engine knows, and
// makes new ones.
func useSwitched(t *testing.T, client *api.Client, mount string, e *estate) {
	t.Helper()
	for _, name := range e.names {
		if strings.HasPrefix(name, "imported") && name != "imported-rotated" || strings.HasPrefix(name, "rsa-") {
			continue // may not be rotated, or takes seconds
		}
		write(t, client, mount+"/keys/"+name+"/rotate", nil)
	}
	for _, kind := range []string{"aes256-gcm96", "ed25519"} {
		write(t, client, mount+"/keys/new-"+kind, object{"type": kind, "exportable": true})
		e.names = append(e.names, "new-"+kind)
	}
}

// leaveReach makes keys that the built-in engine cannot serve, of new ones and of some that
// it made, and names them.
func leaveReach(t *testing.T, client *api.Client, mount string) []string {
	t.Helper()
	write(t, client, mount+"/keys/gone-hybrid", object{"type": "x25519-mlkem768"})
	write(t, client, mount+"/keys/gone-signature", object{"type": "ml-dsa", "parameter_set": "65"})
	write(t, client, mount+"/keys/gone-kem", object{"type": "ml-kem", "parameter_set": "768", "purpose": "key-encapsulation"})
	write(t, client, mount+"/keys/rsa-2048/rotate", object{"type": "x25519-mlkem768"})
	write(t, client, mount+"/keys/aes256-gcm96/rotate", object{"type": "x25519-mlkem768", "allow_unauthenticated_encryption": true})
	// What differs lies where a read does not show it, and the latest version is classical.
	write(t, client, mount+"/keys/deletable/rotate", object{"type": "aes128-gcm96"})
	write(t, client, mount+"/keys/deletable/config", object{"min_decryption_version": 3})
	return []string{"aes256-gcm96", "deletable", "gone-hybrid", "gone-kem", "gone-signature", "rsa-2048"}
}

// wantRefused holds that the built-in engine does nothing with these names, and above all
// makes no other keys there.
func wantRefused(t *testing.T, client *api.Client, mount string, names []string) {
	t.Helper()
	for _, name := range names {
		for path, body := range map[string]object{
			"encrypt/" + name:           {"plaintext": b64("x"), "type": "aes256-gcm96"},
			"sign/" + name:              {"input": b64("x")},
			"hmac/" + name:              {"input": b64("x")},
			"keys/" + name + "/rotate":  nil,
			"keys/" + name + "/config":  {"deletion_allowed": true},
			"datakey/plaintext/" + name: nil,
		} {
			if secret, err := client.Logical().WriteWithContext(t.Context(), mount+"/"+path, body); err == nil {
				t.Errorf("the built-in engine does %s of a key that it cannot serve: %v", path, secret)
			}
		}
		if _, err := client.Logical().DeleteWithContext(t.Context(), mount+"/keys/"+name); err == nil {
			t.Errorf("the built-in engine deletes %s", name)
		}
		// A create of a key that exists answers what is there.
		if secret, err := client.Logical().WriteWithContext(t.Context(), mount+"/keys/"+name, object{"type": "aes256-gcm96"}); err == nil && secret != nil && secret.Data["type"] == "aes256-gcm96" {
			t.Errorf("the built-in engine made a new key %s", name)
		}
	}
	listed, err := client.Logical().ListWithContext(t.Context(), mount+"/keys")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if !strings.Contains(fmt.Sprint(listed.Data["keys"]), name) {
			t.Errorf("%s is not listed", name)
		}
	}
}
