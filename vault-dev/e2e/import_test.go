package e2e_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/hashicorp/vault/api"

	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// TestVaultCommandImports brings a key of every type in with `vault transit import`, a second
// version with `vault transit import-version`, and holds that they are the keys that were made
// outside.
func TestVaultCommandImports(t *testing.T) {
	t.Parallel()
	imported := 0
	for _, s := range suite.All() {
		imported++
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			client, name := root(t), uniqueName(t)
			for version, command := range []string{1: "import", 2: "import-version"} {
				if command == "" {
					continue
				}
				key, err := s.Generate()
				if err != nil {
					t.Fatal(err)
				}
				file := filepath.Join(t.TempDir(), "key")
				if err := os.WriteFile(file, []byte(base64.StdEncoding.EncodeToString(importedForm(t, s, key, version))), 0o600); err != nil {
					t.Fatal(err)
				}
				args := []string{"transit", command, "pqtransit/keys/" + name, "@" + file}
				if command == "import" {
					args = append(args, "type="+s.Name, "exportable=true", "allow_plaintext_backup=true")
				}
				vaultCommand(t, args...)
				isImported(t, client, name, version, s, key)
			}
		})
	}
	if imported < 40 {
		t.Errorf("only %d types", imported)
	}
}

// importedForm is PKCS #8 where the type has it, else the raw key or seed, which the first
// version of a post-quantum key is as well.
func importedForm(t *testing.T, s *suite.Suite, key suite.Key, version int) []byte {
	t.Helper()
	if s.Encodings.PKCS8 == nil || s.StoredAs == suite.NotCommunity && version == 1 {
		return key.Private().Bytes()
	}
	der, err := s.Encodings.PKCS8(key)
	if err != nil {
		t.Fatal(err)
	}
	return der.Bytes()
}

// vaultCommand runs the vault command, as a user does.
func vaultCommand(t *testing.T, args ...string) string {
	t.Helper()
	token, err := os.ReadFile(dev.RootTokenFile())
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), filepath.Join(dev.Dir, "bin", "vault"), args...)
	cmd.Env = dev.Environment(string(bytes.TrimSpace(token)))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("vault %v: %v\n%s", args, err, out)
	}
	return string(out)
}

// isImported compares the public key, or has the key outside open or make what the engine did.
func isImported(t *testing.T, client *api.Client, name string, version int, s *suite.Suite, key suite.Key) {
	t.Helper()
	switch {
	case s.Asymmetric:
		versions, _ := read(t, client, "pqtransit/keys/"+name)["keys"].(object)
		entry, _ := versions[fmt.Sprint(version)].(object)
		if public := entry["public_key"]; public != key.Public().String() {
			t.Errorf("version %d has public key %.60v", version, public)
		}
	case s.Purpose.Has(suite.Encryption):
		sealed := fmt.Sprint(write(t, client, "pqtransit/encrypt/"+name, object{"plaintext": b64("kept")})["ciphertext"])
		body, err := base64.StdEncoding.DecodeString(sealed[len("vault:v1:"):])
		if err != nil {
			t.Fatal(err)
		}
		if opened, err := key.(suite.Encrypter).Open(suite.Params{}, body); err != nil || string(opened) != "kept" {
			t.Errorf("version %d: opens to %q, %v", version, opened, err)
		}
	default:
		backup, err := base64.StdEncoding.DecodeString(fmt.Sprint(read(t, client, "pqtransit/backup/"+name)["backup"]))
		if err != nil || !bytes.Contains(backup, []byte(base64.StdEncoding.EncodeToString(key.Private().Bytes()))) {
			t.Errorf("version %d is not in the backup (%v)", version, err)
		}
	}
}
