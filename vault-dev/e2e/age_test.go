package e2e_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// ageCommand builds age's own command, as vault-dev/clients pins it.
func ageCommand(t *testing.T) string {
	t.Helper()
	target := filepath.Join(t.TempDir(), "age")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", target, "filippo.io/age/cmd/age")
	build.Dir = filepath.Join(dev.Root, "vault-dev", "clients")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building age: %v\n%s", err, out)
	}
	return target
}

// Files that age has encrypted offline open through Vault, by our command and by age's own with
// our plugin, before and after a rotation, and not for who may not.
func TestAgeFiles(t *testing.T) {
	t.Parallel()
	age, client, key, folder := ageCommand(t), root(t), uniqueName(t), t.TempDir()
	in := func(name string) string { return filepath.Join(folder, name) }
	write(t, client, "pqtransit/keys/"+key, object{"type": "x25519-mlkem768"})
	plaintext := strings.Repeat("the plan ", 20_000)
	if err := os.WriteFile(in("plan"), []byte(plaintext), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"first.age", "second.age"} {
		shown := palisadeJSON[struct{ Recipient, Identity string }](t, 0, "age-identity", "pqtransit/"+key)
		if err := os.WriteFile(in("identity"), []byte(shown.Identity+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		offline := exec.CommandContext(t.Context(), age, "-r", shown.Recipient, "-o", in(file), in("plan"))
		offline.Env = []string{}
		if out, err := offline.CombinedOutput(); err != nil {
			t.Fatalf("age: %v\n%s", err, out)
		}
		write(t, client, "pqtransit/keys/"+key+"/rotate", nil)
	}
	for _, file := range []string{"first.age", "second.age"} {
		if got := palisade(t, "age-decrypt", "pqtransit/"+key, in(file)); got.code != 0 || got.out != plaintext {
			t.Errorf("%s: code %d, %d bytes: %s", file, got.code, len(got.out), got.err)
		}
		if got, err := ageDecrypt(t, age, in("identity"), in(file)); err != nil || got != plaintext {
			t.Errorf("%s by age: %d bytes, %v", file, len(got), err)
		}
	}
	write(t, client, "pqtransit/keys/"+key+"/config", object{"min_decryption_version": 2})
	if got := palisade(t, "age-decrypt", "-output="+in("out"), "pqtransit/"+key, in("first.age")); got.code != 1 || !strings.Contains(got.err, "does not open the file") {
		t.Errorf("an old version: code %d: %s", got.code, got.err)
	}
	if got, err := ageDecrypt(t, age, in("identity"), in("first.age")); err == nil {
		t.Errorf("an old version by age: %d bytes", len(got))
	}
}

// ageDecrypt is age with the plugin that the dev environment has on PATH.
func ageDecrypt(t *testing.T, age, identity, file string) (string, error) {
	t.Helper()
	cmd := palisadeCommand(t.Context(), t)
	cmd.Path, cmd.Args = age, []string{"age", "-d", "-i", identity, file}
	var out bytes.Buffer
	cmd.Stdout = &out
	err := cmd.Run()
	return out.String(), err
}
