package e2e_test

import (
	"os"
	"testing"

	"github.com/hashicorp/vault/api"
)

// A new recovery key is wrapped by the HSM, and the old one is checked by unwrapping it.
func TestRekeyGoesThroughTheHSM(t *testing.T) {
	old, err := os.ReadFile(dev.RecoveryKeyFile())
	if err != nil {
		t.Fatal(err)
	}
	sys := root(t).Sys()
	begun, err := sys.RekeyRecoveryKeyInitWithContext(t.Context(), &api.RekeyInitRequest{SecretShares: 1, SecretThreshold: 1})
	if err != nil {
		t.Fatal(err)
	}
	done, err := sys.RekeyRecoveryKeyUpdateWithContext(t.Context(), string(old), begun.Nonce)
	if err != nil || !done.Complete || len(done.KeysB64) != 1 {
		t.Fatalf("%+v, %v", done, err)
	}
	if err := os.WriteFile(dev.RecoveryKeyFile(), []byte(done.KeysB64[0]), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := dev.Restart(t.Context()); err != nil {
		t.Fatalf("restarting Vault with the new recovery key: %v", err)
	}
}
