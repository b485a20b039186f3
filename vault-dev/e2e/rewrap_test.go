package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/vault/api"

	"github.com/palisade-vault/palisade/vault-dev/process"
)

// encryptLines makes ciphertexts of the texts 0, 1, 2 and so on, one a line, in batches.
func encryptLines(t *testing.T, client *api.Client, key string, count int) []string {
	t.Helper()
	var lines []string
	for len(lines) < count {
		var items []object
		for i := len(lines); i < min(count, len(lines)+1000); i++ {
			items = append(items, object{"plaintext": b64(fmt.Sprint(i))})
		}
		for _, item := range results(t, write(t, client, key, object{"batch_input": items}), len(items)) {
			lines = append(lines, fmt.Sprint(item["ciphertext"]))
		}
	}
	return lines
}

// A file of ciphertexts of an RSA key moves to a hybrid one, though the command is killed
// on its way.
func TestBulkRewrapSurvivesAKill(t *testing.T) {
	t.Parallel()
	const count = 600
	client, key := root(t), uniqueName(t)
	write(t, client, "pqtransit/keys/"+key, object{"type": "rsa-2048"})
	old := encryptLines(t, client, "pqtransit/encrypt/"+key, count)
	write(t, client, "pqtransit/keys/"+key+"/rotate", object{"type": "x25519-mlkem768"})
	folder := t.TempDir()
	in, out := filepath.Join(folder, "in"), filepath.Join(folder, "out")
	if err := os.WriteFile(in, []byte(strings.Join(old, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	words := []string{"transit", "rewrap", "-batch-size=5", "-parallel=1", "-output=" + out, "pqtransit/" + key, in}
	first := palisadeCommand(t.Context(), t, words...)
	if err := first.Start(); err != nil {
		t.Fatal(err)
	}
	err := process.Poll(t.Context(), func() bool {
		var state struct{ Lines int }
		raw, err := os.ReadFile(out + ".state")
		return err == nil && json.Unmarshal(raw, &state) == nil && state.Lines >= 20
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := first.Wait(); err == nil {
		t.Fatal("the command was done before it was killed")
	}
	got := palisadeJSON[map[string]any](t, 0, words...)
	if fmt.Sprint(got["rewrapped"], got["lines"], got["failed"]) != fmt.Sprint(count, count, 0) {
		t.Errorf("%v", got)
	}
	written, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	fresh := strings.Split(strings.TrimSpace(string(written)), "\n")
	if len(fresh) != count {
		t.Fatalf("%d lines", len(fresh))
	}
	items := make([]object, count)
	for i, ciphertext := range fresh {
		if !strings.HasPrefix(ciphertext, "vault:v2:") {
			t.Fatalf("line %d is %.20s", i+1, ciphertext)
		}
		items[i] = object{"ciphertext": ciphertext}
	}
	for i, item := range results(t, write(t, client, "pqtransit/decrypt/"+key, object{"batch_input": items}), count) {
		if item["plaintext"] != b64(fmt.Sprint(i)) {
			t.Errorf("line %d opens to %v", i+1, item["plaintext"])
		}
	}
}

// Contexts, associated data and lines that fail.
func TestBulkRewrapOfObjects(t *testing.T) {
	t.Parallel()
	client, key := root(t), uniqueName(t)
	write(t, client, "pqtransit/keys/"+key, object{"derived": true})
	sealed := write(t, client, "pqtransit/encrypt/"+key, object{"plaintext": b64("x"), "context": b64("c"), "associated_data": b64("a")})
	write(t, client, "pqtransit/keys/"+key+"/rotate", nil)
	line := func(more object) string {
		more["ciphertext"], more["id"] = sealed["ciphertext"], 7
		return string(encode(t, more))
	}
	cmd := palisadeCommand(context.Background(), t, "transit", "rewrap", "-format=json", "pqtransit/"+key)
	cmd.Stdin = strings.NewReader(line(object{"context": b64("c"), "associated_data": b64("a")}) + "\n" +
		line(object{"context": b64("c"), "associated_data": b64("other")}) + "\n" +
		line(object{"context": b64("c")}) + "\nnoise\n" + line(object{}))
	raw, _ := cmd.Output()
	lines := strings.Split(strings.TrimSpace(string(raw)), "\n")
	if cmd.ProcessState.ExitCode() != 3 || len(lines) != 5 {
		t.Fatalf("code %d: %s", cmd.ProcessState.ExitCode(), raw)
	}
	var fresh object
	if err := json.Unmarshal([]byte(lines[0]), &fresh); err != nil {
		t.Fatal(err)
	}
	opened := write(t, client, "pqtransit/decrypt/"+key, object{"ciphertext": fresh["ciphertext"], "context": b64("c"), "associated_data": b64("a")})
	if opened["plaintext"] != b64("x") || fmt.Sprint(fresh["id"]) != "7" || !strings.HasPrefix(fmt.Sprint(fresh["ciphertext"]), "vault:v2:") {
		t.Errorf("%v becomes %v", sealed, fresh)
	}
	if strings.Contains(strings.Join(lines[1:], ""), "vault:v2:") || lines[3] != "noise" {
		t.Errorf("lines that should fail: %q", lines[1:])
	}
}
