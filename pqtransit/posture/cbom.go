package posture

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// BOMMediaType is IANA's for CycloneDX documents in JSON.
const BOMMediaType = "application/vnd.cyclonedx+json; version=1.6"

// Document is what a bill of materials says of itself.
type Document struct {
	// Mount is the path of the mount that it is about.
	Mount string
	// Serial is a UUID (RFC 9562), one for each document.
	Serial string
	// Tool and Version are what made it.
	Tool, Version string
	Time          time.Time
	// Next is the key behind which there are more keys, empty where all are in it.
	Next string
}

// BOM writes a cryptographic bill of materials (CycloneDX 1.6, ECMA-424) key by key, so that
// its size is bounded by nothing but the writer. It is for one goroutine. Faults of the writer
// come out at Close.
type BOM struct {
	out   io.Writer
	fault error
	seen  map[string]bool // algorithms
	some  bool
}

type component struct {
	Type       string      `json:"type"`
	Ref        string      `json:"bom-ref,omitempty"`
	Name       string      `json:"name"`
	Version    string      `json:"version,omitempty"`
	Properties []property  `json:"properties,omitempty"`
	Crypto     *properties `json:"cryptoProperties,omitempty"`
}

type property struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type properties struct {
	AssetType string     `json:"assetType"`
	Algorithm *algorithm `json:"algorithmProperties,omitempty"`
	Material  *material  `json:"relatedCryptoMaterialProperties,omitempty"`
	OID       string     `json:"oid,omitempty"`
}

type algorithm struct {
	Primitive        string   `json:"primitive"`
	ParameterSet     string   `json:"parameterSetIdentifier,omitempty"`
	Curve            string   `json:"curve,omitempty"`
	Environment      string   `json:"executionEnvironment"`
	Mode             string   `json:"mode,omitempty"`
	Functions        []string `json:"cryptoFunctions"`
	ClassicalBits    int      `json:"classicalSecurityLevel"`
	SecurityCategory int      `json:"nistQuantumSecurityLevel"`
}

type material struct {
	Type      string `json:"type"`
	ID        string `json:"id"`
	State     string `json:"state"`
	Algorithm string `json:"algorithmRef"`
	Created   string `json:"creationDate,omitempty"`
}

// NewBOM begins a document.
func NewBOM(out io.Writer, about Document) *BOM {
	b := &BOM{out: out, seen: map[string]bool{}}
	metadata := map[string]any{
		"timestamp": stamp(about.Time),
		"tools":     map[string]any{"components": []component{{Type: "application", Name: about.Tool, Version: about.Version}}},
		"component": component{Type: "application", Ref: "mount/" + about.Mount, Name: "Vault secrets engine " + about.Mount},
	}
	if about.Next != "" {
		metadata["properties"] = []property{{"palisade:next", about.Next}}
	}
	b.write(`{"$schema":"http://cyclonedx.org/schema/bom-1.6.schema.json","bomFormat":"CycloneDX","specVersion":"1.6","version":1,"serialNumber":`)
	b.encode("urn:uuid:" + about.Serial)
	b.write(`,"metadata":`)
	b.encode(metadata)
	b.write(`,"components":[`)
	return b
}

// Add writes a key's versions, and before them the algorithms that were not written yet.
func (b *BOM) Add(key KeyReport) {
	for _, version := range key.Versions {
		if !b.seen[version.Type] {
			b.seen[version.Type] = true
			b.add(algorithmComponent(version))
		}
		b.add(materialComponent(key, version))
	}
}

// Close ends the document.
func (b *BOM) Close() error {
	b.write("]}\n")
	if b.fault != nil {
		return fmt.Errorf("failed to write the bill of materials: %w", b.fault)
	}
	return nil
}

func (b *BOM) add(c component) {
	if b.some {
		b.write(",")
	}
	b.some = true
	b.encode(c)
}

func (b *BOM) encode(value any) {
	encoded, err := json.Marshal(value)
	if err != nil && b.fault == nil {
		b.fault = err
	}
	b.write(string(encoded))
}

func (b *BOM) write(text string) {
	if b.fault == nil {
		_, b.fault = io.WriteString(b.out, text)
	}
}

func algorithmRef(name string) string { return "algorithm/" + name }

// algorithmComponent describes an algorithm, one of a later release by what the report says.
func algorithmComponent(version VersionReport) component {
	about := algorithm{
		Primitive: "unknown", Environment: "software-plain-ram", Functions: []string{"unknown"},
		ClassicalBits: version.ClassicalBits, SecurityCategory: version.SecurityCategory,
	}
	crypto := &properties{AssetType: "algorithm", Algorithm: &about}
	if s, known := suite.Lookup(version.Type); known {
		about.Primitive, about.ParameterSet, about.Curve, about.Mode = s.Inventory.Primitive, s.Inventory.ParameterSet, s.Inventory.Curve, s.Inventory.Mode
		about.Functions = functions(s.Purpose | s.Alternative)
		crypto.OID = s.Inventory.OID
	}
	return component{Type: "cryptographic-asset", Ref: algorithmRef(version.Type), Name: version.Type, Crypto: crypto}
}

func functions(purpose suite.Purpose) []string {
	found := []string{"keygen"}
	for _, f := range []struct {
		purpose suite.Purpose
		names   []string
	}{
		{suite.Encryption, []string{"encrypt", "decrypt"}},
		{suite.Signing, []string{"sign", "verify"}},
		{suite.KeyEncapsulation, []string{"encapsulate", "decapsulate"}},
		{suite.Authentication, []string{"tag"}},
	} {
		if purpose.Has(f.purpose) {
			found = append(found, f.names...)
		}
	}
	return found
}

func materialComponent(key KeyReport, version VersionReport) component {
	kind, state := "secret-key", "active"
	if s, known := suite.Lookup(version.Type); !known {
		kind = "unknown"
	} else if s.Asymmetric {
		kind = "private-key"
	}
	if !version.InUse {
		state = "deactivated"
	}
	number := strconv.Itoa(version.Version)
	return component{
		Type:    "cryptographic-asset",
		Ref:     "key/" + key.Name + "/v" + number,
		Name:    key.Name,
		Version: number,
		Crypto: &properties{AssetType: "related-crypto-material", Material: &material{
			Type: kind, ID: key.Name + ":v" + number, State: state, Algorithm: algorithmRef(version.Type), Created: version.Created,
		}},
		Properties: materialProperties(key, version),
	}
}

// materialProperties are what CycloneDX has no field for.
func materialProperties(key KeyReport, version VersionReport) []property {
	found := []property{
		{"palisade:purpose", strings.Join(version.Purposes, ",")},
		{"palisade:quantum-exposure", strings.Join(version.Exposure, ",")},
	}
	add := func(name, value string) {
		if value != "" {
			found = append(found, property{"palisade:" + name, value})
		}
	}
	add("policy-violation", strings.Join(version.Violations, ","))
	add("last-used", version.LastUsed)
	if version.Version == key.LatestVersion {
		for _, p := range purposeNames {
			add("successor:"+p.name, key.Successors[p.name])
		}
		add("note", key.Note)
		add("next-rotation", key.Rotation.Next)
		if key.Rotation.Overdue {
			add("rotation-overdue", "true")
		}
	}
	return found
}
