package clients_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const secrets = `# what an application reads at its start
database:
    user: orders
    password: correct horse battery staple
    port: 5432
servers:
    - name: one
      key: "0123456789"
`

// sops is the command, built from its module.
func sops(t *testing.T) func(args ...string) (string, error) {
	t.Helper()
	vault(t)
	home := t.TempDir()
	program := filepath.Join(home, "sops")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, "github.com/getsops/sops/v3/cmd/sops")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building sops: %v\n%s", err, out)
	}
	return func(args ...string) (string, error) {
		var complaints strings.Builder
		cmd := exec.CommandContext(t.Context(), program, append([]string{"--disable-version-check"}, args...)...)
		cmd.Env = append(os.Environ(), "HOME="+home) // nobody's own settings
		cmd.Stderr = &complaints
		out, err := cmd.Output()
		if err != nil {
			t.Logf("sops %v: %v\n%s", args, err, &complaints)
		}
		return string(out), err
	}
}

// sops encrypts a YAML file's data key with a key of the engine, opens the file again, and
// moves it to the key's next version, of whatever algorithm.
func TestSops(t *testing.T) {
	run, client := sops(t), vault(t)
	for _, test := range []struct {
		name           string
		create, rotate object
	}{
		{"symmetric", object{"type": "aes256-gcm96"}, object{}},
		{"RSA to hybrid", object{"type": "rsa-2048"}, object{"type": "x25519-mlkem768"}},
		{"hybrid", object{"type": "p384-mlkem1024"}, object{}},
		{"ML-KEM", object{"type": "ml-kem", "parameter_set": "768"}, object{"parameter_set": "1024"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			key := strings.ReplaceAll(uniqueName(t), " ", "-")
			write(t, client, mount+"/keys/"+key, test.create)
			file := filepath.Join(t.TempDir(), "secrets.yaml")
			if err := os.WriteFile(file, []byte(secrets), 0o600); err != nil {
				t.Fatal(err)
			}
			must := func(args ...string) string {
				t.Helper()
				out, err := run(args...)
				if err != nil {
					t.Fatal(err)
				}
				return out
			}
			must("encrypt", "--hc-vault-transit", client.Address()+"/v1/"+mount+"/keys/"+key, "--in-place", file)
			encryptedWith(t, file, "vault:v1:")
			if got := must("decrypt", file); got != secrets {
				t.Errorf("decrypted to:\n%s", got)
			}
			write(t, client, mount+"/keys/"+key+"/rotate", test.rotate)
			must("decrypt", file)
			must("rotate", "--in-place", file)
			encryptedWith(t, file, "vault:v2:")
			if got := must("decrypt", "--extract", `["database"]["password"]`, file); got != "correct horse battery staple" {
				t.Errorf("extracted %q", got)
			}
			write(t, client, mount+"/keys/"+key+"/config", object{"min_encryption_version": 2, "min_decryption_version": 2, "deletion_allowed": true})
			must("decrypt", file)
			if _, err := client.Logical().DeleteWithContext(t.Context(), mount+"/keys/"+key); err != nil {
				t.Fatal(err)
			}
			if _, err := run("decrypt", file); err == nil {
				t.Error("opened without its key")
			}
		})
	}
}

func encryptedWith(t *testing.T, file, prefix string) {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text := string(raw)
	if strings.Contains(text, "battery") || !strings.Contains(text, "hc_vault:") || !strings.Contains(text, prefix) {
		t.Errorf("not encrypted, or not under %s:\n%s", prefix, text)
	}
}
