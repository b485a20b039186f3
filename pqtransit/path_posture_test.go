package pqtransit_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/pqtransit/posture"
)

// report reads a posture as a client does.
type report struct {
	Keys    []posture.KeyReport `json:"keys"`
	Next    string              `json:"next"`
	Total   int                 `json:"total"`
	Summary posture.Summary     `json:"summary"`
}

func reportOf(t *testing.T, data any) report {
	t.Helper()
	encoded, err := json.Marshal(data)
	if err != nil {
		t.Fatal(err)
	}
	var read report
	if err := json.Unmarshal(encoded, &read); err != nil {
		t.Fatal(err)
	}
	return read
}

func TestPosturePath(t *testing.T) {
	m := newMount(t)
	m.MustWrite("keys/a-signer", object{"type": "ed25519"})
	m.MustWrite("keys/b-weak", object{"type": "aes128-gcm96", "auto_rotate_period": "1h"})
	m.MustWrite("keys/c-good", nil)
	encrypt(t, m, "b-weak", "x")
	m.MustWrite("config/crypto-policy", object{"minimum_security_category": 3})
	got := reportOf(t, m.MustRead("posture").Data)
	if got.Total != 3 || got.Next != "" || len(got.Keys) != 3 || got.Summary.Keys != 3 || got.Summary.Violating != 2 || got.Summary.NeverUsed != 2 {
		t.Fatalf("%+v", got)
	}
	signer, weak, good := got.Keys[0], got.Keys[1], got.Keys[2]
	if signer.Status != posture.Exposed || signer.Exposure[0] != posture.Forgery || signer.Successors["signing"] != "hybrid-ml-dsa-65-ed25519" || signer.LastUsed != "" {
		t.Errorf("%+v", signer)
	}
	if weak.Status != posture.QuantumSafe || weak.Violations[0].Rule != "minimum_security_category" || weak.Successors["encryption"] != symmetric ||
		weak.LastUsed == "" || weak.Rotation.PeriodSeconds != 3600 || weak.Rotation.Next == "" || weak.Rotation.Overdue {
		t.Errorf("%+v", weak)
	}
	if good.Status != posture.QuantumSafe || len(good.Violations) != 0 || len(good.Successors) != 0 || good.Versions[0].SecurityCategory != 5 {
		t.Errorf("%+v", good)
	}
}

func TestPosturePathPages(t *testing.T) {
	m := newMount(t)
	for i := range 5 {
		m.MustWrite(fmt.Sprintf("keys/k%d", i), nil)
	}
	first := reportOf(t, m.Do(t.Context(), logical.ReadOperation, "posture", object{"limit": "3"}).Data)
	second := reportOf(t, m.Do(t.Context(), logical.ReadOperation, "posture", object{"limit": "3", "after": first.Next}).Data)
	if first.Next != "k2" || second.Next != "" || len(first.Keys)+len(second.Keys) != 5 || second.Keys[0].Name != "k3" || second.Total != 5 || second.Summary.Keys != 2 {
		t.Errorf("%+v %+v", first, second)
	}
	for name, ask := range map[string]object{"limit must be between 1 and 10000": {"limit": 0}, `unknown format "xml": use json or cyclonedx`: {"format": "xml"}} {
		wantRefused(t, name, m.Do(t.Context(), logical.ReadOperation, "posture", ask), name)
	}
}

// The bill of materials comes without Vault's frame, so that tools read it as it is.
func TestPostureAsBillOfMaterials(t *testing.T) {
	m := newMount(t)
	m.MustWrite("keys/a", object{"type": hybrid})
	m.MustWrite("keys/b", nil)
	got := m.Do(t.Context(), logical.ReadOperation, "posture", object{"format": "cyclonedx", "limit": 1})
	data := got.Response.Data
	if got.Status != http.StatusOK || data[logical.HTTPContentType] != posture.BOMMediaType {
		t.Fatalf("%d %v", got.Status, data[logical.HTTPContentType])
	}
	var bom struct {
		Format   string `json:"bomFormat"`
		Version  string `json:"specVersion"`
		Serial   string `json:"serialNumber"`
		Metadata struct {
			Properties []struct{ Name, Value string }
		}
		Components []struct{ Name string }
	}
	if err := json.Unmarshal([]byte(data[logical.HTTPRawBody].(string)), &bom); err != nil {
		t.Fatal(err)
	}
	if bom.Format != "CycloneDX" || bom.Version != "1.6" || bom.Serial != "urn:uuid:"+got.RequestID || len(bom.Components) != 2 || bom.Components[1].Name != "a" {
		t.Errorf("%+v", bom)
	}
	if len(bom.Metadata.Properties) != 1 || bom.Metadata.Properties[0].Value != "a" {
		t.Errorf("where it goes on: %+v", bom.Metadata)
	}
}

// An undecodable policy stops a report as it stops everything.
func TestPostureNeedsThePolicy(t *testing.T) {
	m := newMount(t)
	put(t, m, "palisade/crypto-policy", "{}")
	checkFault(t, "posture", m.Read("posture"))
	if !strings.Contains(m.Logs.String(), "crypto policy") {
		t.Error(m.Logs)
	}
}
