package command

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/palisade-vault/palisade/pqtransit/posture"
)

// reported is what a mount says of a key.
func reported(name string, change func(*posture.KeyReport)) posture.KeyReport {
	key := posture.KeyReport{
		Name: name, Type: "rsa-2048", LatestVersion: 2, Purposes: []string{"encryption"}, Status: posture.Exposed,
		Exposure: []string{posture.HarvestNowDecryptLater}, LastUsed: "2026-02-03T04:05:06Z",
		Rotation:   posture.RotationReport{Next: "2026-01-01T00:00:00Z", Overdue: true},
		Violations: []posture.ViolationReport{{Rule: "quantum_safe_required", Versions: []int{2}}},
		Successors: map[string]string{"encryption": "x25519-mlkem768"},
		Versions: []posture.VersionReport{{
			Version: 2, Type: "rsa-2048", Purposes: []string{"encryption"}, InUse: true, Exposure: []string{posture.HarvestNowDecryptLater},
			ClassicalBits: 112, Violations: []string{"quantum_safe_required"}, Created: "2026-01-01T00:00:00Z",
		}},
	}
	if change != nil {
		change(&key)
	}
	return key
}

func safe(key *posture.KeyReport) {
	*key = posture.KeyReport{
		Name: key.Name, Type: "aes256-gcm96", LatestVersion: 1, Status: posture.QuantumSafe, Exposure: []string{posture.None},
		Versions: []posture.VersionReport{{Version: 1, Type: "aes256-gcm96", Exposure: []string{posture.None}, SecurityCategory: 5}},
	}
}

// pages answers two keys, each on a page of its own.
func pages(first, second posture.KeyReport) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		data := map[string]any{"total": 2, "next": first.Name, "keys": []any{first}}
		if r.URL.Query().Get("after") == first.Name {
			data = map[string]any{"total": 2, "next": "", "keys": []any{second}}
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"data": data})
	})
}

var _ = addSample("transit posture", func(*testing.T) sample {
	return sample{words: []string{"transit"}, vault: pages(reported("a", nil), reported("b", safe))}
})

func TestPostureTable(t *testing.T) {
	environment(t, samples["transit posture"](t).vault)
	got := palisade(t, "", "transit", "posture", "transit/")
	if got.code != exitNo || got.err != "" {
		t.Fatalf("code %d, %q", got.code, got.err)
	}
	for _, want := range []string{
		"rsa-2048        exposed         harvest-now-decrypt-later    0           2026-02-03    overdue since 2026-01-01    quantum_safe_required    x25519-mlkem768",
		"aes256-gcm96    quantum-safe    none                         5           -             -                           -                        -",
		"2 keys of transit: 1 exposed, 0 with exposed old versions, 1 quantum-safe; 1 violate the crypto policy, 1 are overdue for rotation.",
	} {
		if !strings.Contains(got.out, want) {
			t.Errorf("%s\nis not in\n%s", want, got.out)
		}
	}
}

func TestPostureTellsByItsExitCode(t *testing.T) {
	environment(t, pages(reported("a", safe), reported("b", safe)))
	if got := palisade(t, "", "transit", "posture", "transit"); got.code != exitOK {
		t.Errorf("code %d, %q", got.code, got.err)
	}
}

func TestPostureForms(t *testing.T) {
	environment(t, samples["transit posture"](t).vault)
	var read struct {
		Mount   string
		Keys    []posture.KeyReport
		Summary posture.Summary
	}
	if err := json.Unmarshal([]byte(palisade(t, "", "transit", "posture", "-format=json", "transit").out), &read); err != nil {
		t.Fatal(err)
	}
	if read.Mount != "transit" || len(read.Keys) != 2 || read.Summary.Keys != 2 || read.Summary.Violating != 1 || read.Keys[1].Name != "b" {
		t.Errorf("%+v", read)
	}
	var bom struct {
		Format     string `json:"bomFormat"`
		Components []any
	}
	if err := json.Unmarshal([]byte(palisade(t, "", "transit", "posture", "-format=cyclonedx", "transit").out), &bom); err != nil {
		t.Fatal(err)
	}
	if bom.Format != "CycloneDX" || len(bom.Components) != 4 {
		t.Errorf("%+v", bom)
	}
	// No other command has that form.
	if got := palisade(t, "", "transit", "rollback-check", "-format=cyclonedx", "transit"); got.code != exitLocal {
		t.Errorf("code %d", got.code)
	}
}

func TestPostureThatDoesNotAdvance(t *testing.T) {
	environment(t, answers(map[string]any{"transit/posture": map[string]any{"total": 1, "next": "", "keys": []any{}}}))
	if got := palisade(t, "", "transit", "posture", "transit"); got.code != exitOK || !strings.Contains(got.out, "0 keys of transit") {
		t.Errorf("code %d, %q %q", got.code, got.out, got.err)
	}
	stuck := reported("", nil)
	environment(t, pages(reported("b", nil), stuck))
	if got := palisade(t, "", "transit", "posture", "transit"); got.code != exitNo {
		t.Errorf("code %d, %q", got.code, got.err)
	}
	environment(t, answers(map[string]any{"transit/posture": map[string]any{"total": 1, "next": "a", "keys": []any{reported("a", nil)}}}))
	if got := palisade(t, "", "transit", "posture", "transit"); got.code != exitLocal || !strings.Contains(got.err, `does not advance behind "a"`) {
		t.Errorf("code %d, %q", got.code, got.err)
	}
	environment(t, answers(nil))
	if got := palisade(t, "", "transit", "posture", "transit"); got.code != exitLocal || !strings.Contains(got.err, "transit/posture does not exist") {
		t.Errorf("code %d, %q", got.code, got.err)
	}
}
