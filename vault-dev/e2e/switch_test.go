package e2e_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/hashicorp/vault/api"

	"github.com/palisade-vault/palisade/backend"
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

// An existing transit mount can be switched to pqtransit in place, and back, as long as its
// keys stay classical.
func TestTransitMountSwitchesThereAndBack(t *testing.T) {
	client, mount := root(t), "switched"
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
	input := &api.MountInput{Type: "transit", Config: api.MountConfigInput{PluginVersion: builtinTransit}}
	if err := client.Sys().MountWithContext(t.Context(), mount, input); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		deregister := &api.DeregisterPluginInput{Name: "transit", Type: api.PluginTypeSecrets, Version: backend.Version}
		if err := client.Sys().Unmount(mount); err != nil {
			t.Error(err)
		}
		if err := client.Sys().DeregisterPluginWithContext(context.Background(), deregister); err != nil {
			t.Error(err)
		}
	})
	made := map[string][]any{}
	use := func(side string) {
		for _, key := range []string{
			"aes128-gcm96", "aes256-gcm96", "chacha20-poly1305", "rsa-2048", "rsa-4096", "ed25519", "ecdsa-p256", "ecdsa-p384", "ecdsa-p521",
		} {
			write(t, client, mount+"/keys/"+key, object{"type": key})
			if side != "built-in" {
				write(t, client, mount+"/keys/"+key+"/rotate", nil)
			}
			made[key] = append(made[key], useKey(t, client, mount, key))
			for i, proof := range made[key] {
				if err := checkKey(t, client, mount, key, proof); err != nil {
					t.Errorf("%s: use %d of %s: %v", side, i, key, err)
				}
			}
		}
	}
	use("built-in")
	switchMount(t, client, mount, backend.Version)
	use("switched")
	// This key leaves the built-in engine's reach, and must not come back as another.
	write(t, client, mount+"/keys/gone", object{"type": "rsa-4096"})
	write(t, client, mount+"/keys/gone/rotate", object{"type": "x25519-mlkem768"})
	switchMount(t, client, mount, builtinTransit)
	use("back")
	_, err = client.Logical().WriteWithContext(t.Context(), mount+"/encrypt/gone", object{"plaintext": b64("x"), "type": "aes256-gcm96"})
	if err == nil {
		t.Error("the built-in engine made a new key under the name of a hybrid one")
	}
	switchMount(t, client, mount, backend.Version)
	if got := fmt.Sprint(read(t, client, mount+"/keys/gone")["type"]); got != "x25519-mlkem768" {
		t.Errorf("after there and back and there the hybrid key has type %s", got)
	}
}

// useKey makes a ciphertext, or with a type that only signs a signature.
func useKey(t *testing.T, client *api.Client, mount, key string) any {
	t.Helper()
	if read(t, client, mount+"/keys/"+key)["supports_encryption"] == true {
		return write(t, client, mount+"/encrypt/"+key, object{"plaintext": b64("kept")})["ciphertext"]
	}
	return write(t, client, mount+"/sign/"+key, object{"input": b64("kept")})["signature"]
}

// checkKey holds that what useKey made still decrypts or verifies.
func checkKey(t *testing.T, client *api.Client, mount, key string, made any) error {
	t.Helper()
	if read(t, client, mount+"/keys/"+key)["supports_encryption"] == true {
		if opened := write(t, client, mount+"/decrypt/"+key, object{"ciphertext": made}); opened["plaintext"] != b64("kept") {
			return fmt.Errorf("%v opens to %v", made, opened["plaintext"])
		}
		return nil
	}
	if verified := write(t, client, mount+"/verify/"+key, object{"input": b64("kept"), "signature": made}); verified["valid"] != true {
		return fmt.Errorf("%v is said to be valid: %v", made, verified["valid"])
	}
	return nil
}
