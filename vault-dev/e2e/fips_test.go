package e2e_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/vault/api"

	"github.com/palisade-vault/palisade/backend"
)

// The plugin built on the certified Go Cryptographic Module runs in FIPS 140-3 mode, passes
// every self-test there, and says which algorithms are that module's.
func TestPluginOnTheCertifiedModule(t *testing.T) {
	t.Parallel()
	client, mount := root(t), mountProgram(t, "pqtransit-fips", "GOFIPS140=certified")
	got := read(t, client, mount+"/self-test")
	module, _ := got["go_module"].(object)
	if module["fips"] != true || !strings.HasPrefix(fmt.Sprint(module["version"]), "v1.0.0") {
		t.Errorf("go_module %v", module)
	}
	if got["passed"] != true {
		t.Errorf("failed: %v", got["failed"])
	}
	suites, _ := got["suites"].(object)
	for name, want := range map[string]string{
		"aes256-gcm96": "inside", "ml-kem-768": "inside", "x25519-mlkem768": "partly", "ml-dsa-65": "outside",
	} {
		if fields, _ := suites[name].(object); fields["module"] != want || fields["passed"] != true {
			t.Errorf("%s: %v, want module %s", name, suites[name], want)
		}
	}
	for name := range suites {
		useOnce(t, client, mount, name)
	}
}

// useOnce makes and uses a key of a suite, by its own name.
func useOnce(t *testing.T, client *api.Client, mount, name string) {
	t.Helper()
	if strings.HasPrefix(name, "slh-dsa-") && strings.HasSuffix(name, "s") || strings.HasSuffix(name, "-cmac") {
		return // slow, or has no path of its own to be used on
	}
	create := object{"type": name}
	if name == "ml-kem-512" {
		create["purpose"] = "key-encapsulation"
	}
	key := write(t, client, mount+"/keys/"+name, create)
	switch {
	case key["supports_signing"] == true:
		signed := write(t, client, mount+"/sign/"+name, object{"input": b64("kept")})
		if got := write(t, client, mount+"/verify/"+name, object{"input": b64("kept"), "signature": signed["signature"]}); got["valid"] != true {
			t.Errorf("%s: its own signature is not valid", name)
		}
	case key["supports_encryption"] == true:
		sealed := write(t, client, mount+"/encrypt/"+name, object{"plaintext": b64("kept")})
		if got := write(t, client, mount+"/decrypt/"+name, object{"ciphertext": sealed["ciphertext"]}); got["plaintext"] != b64("kept") {
			t.Errorf("%s: opens to %v", name, got["plaintext"])
		}
	}
}

// mountProgram builds the engine with a further setting and mounts it beside the usual one.
func mountProgram(t *testing.T, name, setting string) string {
	t.Helper()
	program := filepath.Join(dev.Dir, "plugins", name)
	build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-o", program, "./plugins/vault-plugin-secrets-pqtransit")
	build.Dir = dev.Root
	build.Env = append(os.Environ(), "CGO_ENABLED=0", setting)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building with %s: %v\n%s", setting, err, out)
	}
	raw, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(raw)
	client := root(t)
	err = client.Sys().RegisterPluginWithContext(t.Context(), &api.RegisterPluginInput{
		Name: name, Type: api.PluginTypeSecrets, Version: backend.Version, Command: name, SHA256: hex.EncodeToString(sum[:]),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Sys().MountWithContext(t.Context(), name, &api.MountInput{Type: name}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := client.Sys().Unmount(name); err != nil {
			t.Error(err)
		}
	})
	return name
}
