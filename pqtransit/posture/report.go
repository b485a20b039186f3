package posture

// KeyReport is what a report says of one key.
type KeyReport struct {
	Name string `json:"name"`
	// Type, LatestVersion and Purposes are the latest version's.
	Type          string   `json:"type"`
	LatestVersion int      `json:"latest_version"`
	Purposes      []string `json:"purposes"`
	// Status is exposed, old-versions-exposed or quantum-safe.
	Status string `json:"status"`
	// Exposure is what holds of any version, or none alone.
	Exposure []string `json:"quantum_exposure"`
	// LastUsed is the last known use of any version, empty for none.
	LastUsed   string            `json:"last_used,omitempty"`
	Rotation   RotationReport    `json:"rotation"`
	Violations []ViolationReport `json:"policy_violations"`
	// Successors are the recommended types by purpose; empty where there is no reason to go,
	// and where Note says that there is none.
	Successors map[string]string `json:"successors"`
	Note       string            `json:"note,omitempty"`
	Versions   []VersionReport   `json:"versions"`
}

// VersionReport is what a report says of one version.
type VersionReport struct {
	Version  int      `json:"version"`
	Type     string   `json:"type"`
	Purposes []string `json:"purposes"`
	// InUse is false below the key's min_decryption_version. What such a version encrypted can
	// have been recorded all the same.
	InUse    bool     `json:"in_use"`
	Exposure []string `json:"quantum_exposure"`
	// SecurityCategory is NIST's, 1 to 5, 0 where none is met.
	SecurityCategory int `json:"security_category"`
	// ClassicalBits is the strength without a quantum computer.
	ClassicalBits int      `json:"classical_bits"`
	Violations    []string `json:"policy_violations"`
	// Created and the last uses are in RFC 3339, empty where they are not known.
	Created string `json:"created,omitempty"`
	// LastProtected is the last encryption, signature, MAC or encapsulation; LastProcessed the
	// last decryption, verification or decapsulation.
	LastProtected string `json:"last_protected,omitempty"`
	LastProcessed string `json:"last_processed,omitempty"`
	LastUsed      string `json:"last_used,omitempty"`
}

// RotationReport is the rotation of a key.
type RotationReport struct {
	// AgeSeconds is the latest version's.
	AgeSeconds int64 `json:"age_seconds"`
	// PeriodSeconds is 0 and Schedule empty for a key that does not rotate by itself in that way.
	PeriodSeconds int64  `json:"auto_rotate_period"`
	Schedule      string `json:"rotation_schedule,omitempty"`
	// Next is when the next rotation is due, empty for never.
	Next    string `json:"next,omitempty"`
	Overdue bool   `json:"overdue"`
}

// ViolationReport is one rule of the mount's policy, and the versions that do not keep it.
type ViolationReport struct {
	Rule     string `json:"rule"`
	Versions []int  `json:"versions"`
}

// Summary counts what reports say. It is for one goroutine.
type Summary struct {
	Keys     int `json:"keys"`
	Versions int `json:"versions"`
	// KeysByStatus and VersionsByExposure name all statuses and exposures, be it with 0.
	KeysByStatus       map[string]int `json:"keys_by_status"`
	VersionsByExposure map[string]int `json:"versions_by_exposure"`
	VersionsByType     map[string]int `json:"versions_by_type"`
	// Violating, Overdue and NeverUsed count keys.
	Violating int `json:"keys_violating_policy"`
	Overdue   int `json:"keys_overdue"`
	NeverUsed int `json:"keys_never_used"`
}

// NewSummary counts nothing yet.
func NewSummary() *Summary {
	return &Summary{
		KeysByStatus:       map[string]int{Exposed: 0, OldVersionsExposed: 0, QuantumSafe: 0},
		VersionsByExposure: map[string]int{HarvestNowDecryptLater: 0, Forgery: 0, None: 0},
		VersionsByType:     map[string]int{},
	}
}

// Add counts a key. A version of two exposures counts for both.
func (s *Summary) Add(key KeyReport) {
	s.Keys++
	s.Versions += len(key.Versions)
	s.KeysByStatus[key.Status]++
	for _, version := range key.Versions {
		s.VersionsByType[version.Type]++
		for _, exposure := range version.Exposure {
			s.VersionsByExposure[exposure]++
		}
	}
	count := func(condition bool, counter *int) {
		if condition {
			*counter++
		}
	}
	count(len(key.Violations) > 0, &s.Violating)
	count(key.Rotation.Overdue, &s.Overdue)
	count(key.LastUsed == "", &s.NeverUsed)
}
