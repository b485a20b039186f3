package e2e_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/vault/api"
)

// mountFresh mounts pqtransit at a path of its own, for the time of the test.
func mountFresh(t *testing.T, client *api.Client) string {
	t.Helper()
	mount := uniqueName(t)
	if err := client.Sys().MountWithContext(t.Context(), mount, &api.MountInput{Type: "pqtransit"}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := client.Sys().UnmountWithContext(context.Background(), mount); err != nil {
			t.Error(err)
		}
	})
	return mount
}

// migration is the report of palisade transit migrate.
type migration struct {
	Keys []struct {
		Key, Way, Status, Reason string
		Verified                 []int `json:"verified_versions"`
	}
}

// by are the names of the keys by way and status.
func (m migration) by() map[string][]string {
	names := map[string][]string{}
	for _, key := range m.Keys {
		what := strings.TrimSpace(key.Way + " " + key.Status)
		names[what] = append(names[what], key.Key)
	}
	return names
}

// Every key of a built-in mount that may leave it arrives, with its versions, its settings
// and what it encrypted; and goes back the same way.
func TestMigrateBetweenTheEngines(t *testing.T) {
	t.Parallel()
	client, builtin := root(t), uniqueName(t)
	mountBuiltin(t, client, builtin)
	e := newEstate(t, client, builtin, quickTypes())
	proofs := e.proofs(t, client, builtin)
	there := mountFresh(t, client)
	want := map[string][]string{
		"backup moved": {"backed-up", "backup-archived", "restored"},
		"import moved": {
			"certified", "derived", "imported-ed25519", "imported-rotated", "out-aes128-gcm96", "out-aes256-gcm96", "out-archived",
			"out-chacha20-poly1305", "out-ecdsa-p256", "out-ecdsa-p384", "out-ecdsa-p521", "out-ed25519", "out-hmac", "out-rsa-2048",
			"public-ecdsa-p256", "public-ed25519", "public-rsa-2048", "self-rotating", "trimmed",
		},
		"cannot move": {
			"aes128-gcm96", "aes256-gcm96", "archived", "chacha20-poly1305", "convergent", "deletable", "derived-ed25519",
			"ecdsa-p256", "ecdsa-p384", "ecdsa-p521", "ed25519", "hmac", "imported", "rsa-2048",
		},
	}
	dry := palisadeJSON[migration](t, 3, "transit", "migrate", "-dry-run", builtin, there).by()
	if len(dry["backup would move"]) != 3 || len(dry["import would move"]) != len(want["import moved"]) || len(dry["cannot move"]) != len(want["cannot move"]) {
		t.Errorf("a dry run says %v", dry)
	}
	got := palisadeJSON[migration](t, 3, "transit", "migrate", builtin, there)
	if diff := cmp.Diff(want, got.by()); diff != "" {
		t.Error(diff)
	}
	for _, key := range got.Keys {
		if key.Status == "moved" && len(key.Verified) == 0 || key.Status != "moved" && key.Reason == "" {
			t.Errorf("%+v", key)
		}
	}
	moved := arrivals(proofs, want)
	checkAll(t, "moved", client, there, moved)
	wantSettings(t, client, builtin, there, append(want["backup moved"], want["import moved"]...))
	wantPresent(t, builtin, there, len(want["backup moved"])+len(want["import moved"]))

	// And back, to another mount of the built-in engine, but for what that cannot have.
	back := uniqueName(t)
	mountBuiltin(t, client, back)
	write(t, client, there+"/keys/hybrid", object{"type": "x25519-mlkem768", "exportable": true, "allow_plaintext_backup": true})
	returned := palisadeJSON[migration](t, 3, "transit", "migrate", there, back)
	for _, key := range returned.Keys {
		if key.Key == "hybrid" {
			if key.Status != "cannot move" || !strings.Contains(key.Reason, "the built-in engine cannot have it") {
				t.Errorf("%+v", key)
			}
		} else if key.Status != "moved" {
			t.Errorf("on the way back: %+v", key)
		}
	}
	checkAll(t, "moved back", client, back, moved)
	for _, mount := range []string{builtin, there, back} {
		listed, err := client.Logical().ListWithContext(t.Context(), mount+"/keys")
		if err != nil || strings.Contains(fmt.Sprint(listed.Data), "palisade-migrate") {
			t.Errorf("%s: %v, %v", mount, listed, err)
		}
	}
}

// arrivals are the proofs that hold of what moved: an import has HMAC keys of its own.
func arrivals(proofs []proof, moved map[string][]string) []proof {
	return slices.DeleteFunc(slices.Clone(proofs), func(p proof) bool {
		byImport := slices.Contains(moved["import moved"], p.key)
		otherMAC := byImport && p.kind == "hmac" && p.key != "out-hmac"
		otherExport := byImport && strings.HasPrefix(p.path, "export/hmac-key") && p.key != "out-hmac"
		return otherMAC || otherExport || !byImport && !slices.Contains(moved["backup moved"], p.key)
	})
}

// wantPresent holds that a second run moves nothing.
func wantPresent(t *testing.T, from, to string, want int) {
	t.Helper()
	present := 0
	for _, key := range palisadeJSON[migration](t, 3, "transit", "migrate", from, to).Keys {
		switch key.Status {
		case "present":
			present++
		case "cannot move":
		default:
			t.Errorf("the second run: %+v", key)
		}
	}
	if present != want {
		t.Errorf("the second run finds %d keys, want %d", present, want)
	}
}

// wantSettings compares keys but for what a move changes.
func wantSettings(t *testing.T, client *api.Client, from, to string, names []string) {
	t.Helper()
	for _, name := range names {
		mine, theirs := read(t, client, from+"/keys/"+name), read(t, client, to+"/keys/"+name)
		for _, data := range []object{mine, theirs} {
			for _, field := range []string{"imported_key", "imported_key_allow_rotation", "backup_info", "restore_info", "key_size"} {
				delete(data, field)
			}
			versions, _ := data["keys"].(object)
			for number, version := range versions {
				if about, ok := version.(object); ok {
					delete(about, "creation_time")
				} else {
					versions[number] = "then"
				}
			}
		}
		if diff := cmp.Diff(mine, theirs); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// Backups go both ways for keys of the built-in engine's types, with all they are; the
// backup of another key is refused there and changes nothing.
func TestBackupsGoBothWays(t *testing.T) {
	t.Parallel()
	client, builtin := root(t), uniqueName(t)
	mountBuiltin(t, client, builtin)
	there := mountFresh(t, client)
	e := newEstate(t, client, builtin, quickTypes())
	for _, name := range e.names {
		write(t, client, builtin+"/keys/"+name+"/config", object{"exportable": true, "allow_plaintext_backup": true})
	}
	proofs := e.proofs(t, client, builtin)
	carry := func(from, to string) {
		for _, name := range e.all() {
			if strings.HasPrefix(name, "public-") {
				write(t, client, from+"/keys/"+name+"/config", object{"exportable": true, "allow_plaintext_backup": true})
			}
			write(t, client, to+"/restore/"+name, object{"backup": read(t, client, from+"/backup/"+name)["backup"]})
		}
		checkAll(t, from+" to "+to, client, to, proofs)
		e.checkArchived(t, from+" to "+to, client, to)
	}
	carry(builtin, there)
	proofs = append(proofs, e.proofs(t, client, there)...)
	back := uniqueName(t)
	mountBuiltin(t, client, back)
	carry(there, back)

	body := object{"type": "x25519-mlkem768", "exportable": true, "allow_plaintext_backup": true}
	write(t, client, there+"/keys/hybrid", body)
	backup := read(t, client, there+"/backup/hybrid")["backup"]
	if _, err := client.Logical().WriteWithContext(t.Context(), back+"/restore/hybrid", object{"backup": backup}); err == nil || !strings.Contains(err.Error(), `failed to restore the policy "hybrid"`) {
		t.Errorf("the built-in engine restores a hybrid key, or does not say which: %v", err)
	}
	if secret, err := client.Logical().ReadWithContext(t.Context(), back+"/keys/hybrid"); err != nil || secret != nil {
		t.Errorf("after a refused restore there is %v, %v", secret, err)
	}
	write(t, client, there+"/restore/hybrid-again", object{"backup": backup})
}

// Between two mounts of pqtransit post-quantum keys move too, wrapped to a hybrid key; here as
// to another Vault, with flags of its own.
func TestMigrateBetweenMountsOfPQTransit(t *testing.T) {
	t.Parallel()
	client := root(t)
	from, to := mountFresh(t, client), mountFresh(t, client)
	write(t, client, from+"/keys/mixed", object{"type": "aes256-gcm96", "exportable": true, "allow_plaintext_backup": true, "rotation_schedule": "0 3 * * *"})
	write(t, client, from+"/keys/mixed/rotate", object{"type": "x25519-mlkem768", "allow_unauthenticated_encryption": true})
	for name, body := range map[string]object{
		"hybrid":    {"type": "x25519-mlkem768", "exportable": true},
		"signature": {"type": "ml-dsa", "parameter_set": "65", "exportable": true},
		"derived":   {"type": "ed25519", "derived": true, "exportable": true},
		"plain":     {"exportable": true},
	} {
		write(t, client, from+"/keys/"+name, body)
		write(t, client, from+"/keys/"+name+"/rotate", nil)
	}
	e := &estate{names: []string{"derived", "hybrid", "mixed", "plain", "signature"}}
	moved := map[string][]string{"backup moved": {"mixed"}, "import moved": {"derived", "hybrid", "plain", "signature"}}
	proofs := arrivals(e.proofs(t, client, from), moved)
	words := []string{"transit", "migrate", "-to-address=" + dev.Address(), "-to-ca-cert=" + dev.CAFile(), from, to}
	got := palisadeJSON[migration](t, 0, words...)
	if diff := cmp.Diff(moved, got.by()); diff != "" {
		t.Errorf("%s %+v", diff, got)
	}
	for _, key := range got.Keys {
		if !slices.Equal(key.Verified, []int{1, 2}) {
			t.Errorf("%+v", key)
		}
	}
	checkAll(t, "moved", client, to, proofs)
	if got := read(t, client, to+"/keys/mixed")["rotation_schedule"]; got != "0 3 * * *" {
		t.Errorf("the schedule is %v", got)
	}
	again := palisadeJSON[migration](t, 0, words...)
	if len(again.by()["backup present"])+len(again.by()["import present"]) != len(e.names) {
		t.Errorf("the second run: %+v", again)
	}
}
