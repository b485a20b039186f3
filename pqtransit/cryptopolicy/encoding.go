package cryptopolicy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// format is the version of the stored form, which docs/formats.md draws.
const format = 1

type stored struct {
	Format          int               `json:"format"`
	Allowed         []string          `json:"allowed_types"`
	Forbidden       []string          `json:"forbidden_types"`
	MinimumCategory int               `json:"minimum_security_category"`
	QuantumSafe     bool              `json:"quantum_safe_required"`
	Existing        Existing          `json:"existing_keys"`
	Successors      map[string]string `json:"successors"`
	NarrowPurpose   bool              `json:"narrow_purpose"`
}

// Encode is the stored form of a policy that [New] made.
func (p Policy) Encode() ([]byte, error) {
	return json.Marshal(stored{
		Format: format, Allowed: p.Allowed, Forbidden: p.Forbidden, MinimumCategory: p.MinimumCategory,
		QuantumSafe: p.QuantumSafe, Existing: p.Existing, Successors: p.Successors, NarrowPurpose: p.NarrowPurpose,
	})
}

// Decode reads what Encode wrote, and nothing else: what it does not understand might be a
// rule.
func Decode(encoded []byte) (Policy, error) {
	var read stored
	if err := json.Unmarshal(encoded, &read); err != nil {
		return Policy{}, errors.New("crypto policy does not decode")
	}
	if read.Format != format {
		return Policy{}, fmt.Errorf("crypto policy has format %d, this release reads format %d", read.Format, format)
	}
	policy, err := Policy{
		Allowed: read.Allowed, Forbidden: read.Forbidden, MinimumCategory: read.MinimumCategory,
		QuantumSafe: read.QuantumSafe, Existing: read.Existing, Successors: read.Successors, NarrowPurpose: read.NarrowPurpose,
	}.expanded()
	if err != nil {
		return Policy{}, fmt.Errorf("crypto policy is not sound: %v", err)
	}
	if again, err := policy.Encode(); err != nil || !bytes.Equal(again, encoded) {
		return Policy{}, errors.New("crypto policy is not in its canonical form")
	}
	return policy, nil
}
