package e2e_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/hashicorp/vault/api"

	"github.com/palisade-vault/palisade/backend"
)

// A mount of one's own is held to a crypto policy, and tells where its keys stand.
func TestCryptoPolicyAndPosture(t *testing.T) {
	t.Parallel()
	client, mount := root(t), "posture-"+uniqueName(t)
	if err := client.Sys().MountWithContext(t.Context(), mount, &api.MountInput{
		Type: "pqtransit", Config: api.MountConfigInput{PluginVersion: backend.Version},
	}); err != nil {
		t.Fatal(err)
	}
	write(t, client, mount+"/keys/legacy", object{"type": "rsa-2048"})
	old := write(t, client, mount+"/encrypt/legacy", object{"plaintext": b64("old")})["ciphertext"]
	write(t, client, mount+"/config/crypto-policy", object{"quantum_safe_required": true, "existing_keys": "refuse-new-encryption"})
	for path, body := range map[string]object{"/encrypt/legacy": {"plaintext": ""}, "/keys/other": {"type": "ed25519"}} {
		_, err := client.Logical().WriteWithContext(t.Context(), mount+path, body)
		if err == nil || !strings.Contains(err.Error(), "Code: 400") || !strings.Contains(err.Error(), "the mount's crypto policy") {
			t.Errorf("%s: %v", path, err)
		}
	}
	if got := write(t, client, mount+"/decrypt/legacy", object{"ciphertext": old})["plaintext"]; got != b64("old") {
		t.Errorf("decrypted %v", got)
	}
	write(t, client, mount+"/keys/legacy/rotate", object{"type": "x25519-mlkem768"})
	write(t, client, mount+"/encrypt/legacy", object{"plaintext": ""})
	keys, _ := read(t, client, mount+"/posture")["keys"].([]any)
	if len(keys) != 1 {
		t.Fatalf("%d keys", len(keys))
	}
	key, _ := keys[0].(object)
	if key["status"] != "old-versions-exposed" || key["type"] != "x25519-mlkem768" || key["last_used"] == nil {
		t.Errorf("%v", key)
	}
	checkRaw(t, client, mount)
}

// checkRaw wants the two answers that come without Vault's frame.
func checkRaw(t *testing.T, client *api.Client, mount string) {
	t.Helper()
	get := func(path string, query map[string][]string) (kind, body string) {
		t.Helper()
		response, err := client.Logical().ReadRawWithDataWithContext(t.Context(), mount+path, query)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = response.Body.Close() }()
		text, err := io.ReadAll(response.Body)
		if err != nil || response.StatusCode != http.StatusOK {
			t.Fatalf("%s: %d %v", path, response.StatusCode, err)
		}
		return response.Header.Get("Content-Type"), string(text)
	}
	kind, body := get("/posture", map[string][]string{"format": {"cyclonedx"}})
	var bom struct {
		Format     string `json:"bomFormat"`
		Components []any
	}
	if err := json.Unmarshal([]byte(body), &bom); err != nil || bom.Format != "CycloneDX" || len(bom.Components) != 4 || !strings.HasPrefix(kind, "application/vnd.cyclonedx+json") {
		t.Errorf("%s, %v: %s", kind, err, body)
	}
	kind, body = get("/metrics", nil)
	if kind != "text/plain; version=0.0.4" || !strings.Contains(body, `palisade_pqtransit_operations_total{type="rsa-2048",use="process"} 1`) {
		t.Errorf("%s: %s", kind, body)
	}
}
