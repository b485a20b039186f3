// Package posture says where the keys of a mount stand: their algorithms, what a quantum
// computer would do to them, what the mount's policy says of them, and where to go. It is
// pure: it takes values and gives values, and its reports are the JSON that clients read.
package posture

import (
	"cmp"
	"slices"
	"time"

	"github.com/palisade-vault/palisade/pqtransit/cryptopolicy"
	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// Exposures: what whoever has a quantum computer could do.
const (
	// HarvestNowDecryptLater opens what was recorded before, so it is a risk today.
	HarvestNowDecryptLater = "harvest-now-decrypt-later"
	// Forgery makes signatures, from the day on which there is such a computer.
	Forgery = "forgery"
	// None is what Shor's algorithm has no hold on.
	None = "none"
)

// Statuses of a key.
const (
	// Exposed is a key whose latest version is exposed.
	Exposed = "exposed"
	// OldVersionsExposed is a key whose latest version is not, though older ones are.
	OldVersionsExposed = "old-versions-exposed"
	// QuantumSafe is a key none of whose versions is exposed.
	QuantumSafe = "quantum-safe"
)

// Key is one key as the keyring has it.
type Key struct {
	Name                string
	Derived, Convergent bool
	// MinDecryption is the oldest version in use.
	MinDecryption int
	Rotation      Rotation
	// Blocked says why no rotation from here is possible, empty where one is.
	Blocked string
	// Versions are all that were not trimmed, as far as they are known, oldest first.
	Versions []Version
}

// Version is one version of a key.
type Version struct {
	Number  int
	Suite   *suite.Suite
	Purpose suite.Purpose
	Created time.Time // zero where it is not known
	// LastProtected and LastProcessed are the last uses, zero for none that is known.
	LastProtected, LastProcessed time.Time
}

// Rotation is when a key rotates by itself.
type Rotation struct {
	// Period is zero for a key that has none, Schedule empty.
	Period   time.Duration
	Schedule string
	// Due is when the next rotation is due, zero for never.
	Due time.Time
}

// exposures are what a quantum computer could do to a version, at least [None].
func exposures(s *suite.Suite, purpose suite.Purpose) []string {
	var found []string
	if !s.QuantumSafe() {
		if purpose&(suite.Encryption|suite.KeyEncapsulation) != 0 {
			found = append(found, HarvestNowDecryptLater)
		}
		if purpose.Has(suite.Signing) {
			found = append(found, Forgery)
		}
	}
	if found == nil {
		return []string{None}
	}
	return found
}

// purposeNames are the words of the API.
var purposeNames = []struct {
	purpose suite.Purpose
	name    string
}{
	{suite.Encryption, "encryption"},
	{suite.Signing, "signing"},
	{suite.KeyEncapsulation, "key-encapsulation"},
	{suite.Authentication, "authentication"},
}

func namesOf(purpose suite.Purpose) []string {
	names := []string{}
	for _, p := range purposeNames {
		if purpose.Has(p.purpose) {
			names = append(names, p.name)
		}
	}
	return names
}

// Assess reports on a key at a time under a policy. The key has at least one version.
func Assess(key Key, rules *cryptopolicy.Rules, now time.Time) KeyReport {
	latest := key.Versions[len(key.Versions)-1]
	report := KeyReport{
		Name:          key.Name,
		Type:          latest.Suite.Name,
		LatestVersion: latest.Number,
		Purposes:      namesOf(latest.Purpose),
		Exposure:      []string{},
		Rotation:      assessRotation(key.Rotation, latest.Created, now),
		Violations:    []ViolationReport{},
		Successors:    map[string]string{},
		Versions:      make([]VersionReport, len(key.Versions)),
	}
	for i, version := range key.Versions {
		about := assessVersion(version, key.MinDecryption, rules)
		report.Versions[i] = about
		report.Exposure = append(report.Exposure, about.Exposure...)
		for _, rule := range about.Violations {
			report.addViolation(rule, version.Number)
		}
		report.LastUsed = later(report.LastUsed, about.LastUsed)
	}
	report.Exposure = merged(report.Exposure)
	report.Status = status(report)
	report.addSuccessors(key, latest, rules)
	return report
}

func assessVersion(version Version, minimum int, rules *cryptopolicy.Rules) VersionReport {
	about := version.Suite.Inventory
	report := VersionReport{
		Version:          version.Number,
		Type:             version.Suite.Name,
		Purposes:         namesOf(version.Purpose),
		InUse:            version.Number >= minimum,
		Exposure:         exposures(version.Suite, version.Purpose),
		SecurityCategory: about.SecurityCategory,
		ClassicalBits:    about.ClassicalBits,
		Violations:       []string{},
		Created:          stamp(version.Created),
		LastProtected:    stamp(version.LastProtected),
		LastProcessed:    stamp(version.LastProcessed),
	}
	report.LastUsed = later(report.LastProtected, report.LastProcessed)
	for _, violation := range rules.Violations(version.Suite) {
		report.Violations = append(report.Violations, violation.Rule)
	}
	return report
}

func assessRotation(rotation Rotation, latest, now time.Time) RotationReport {
	report := RotationReport{
		AgeSeconds:    max(0, int64(now.Sub(latest).Seconds())),
		PeriodSeconds: int64(rotation.Period.Seconds()),
		Schedule:      rotation.Schedule,
		Next:          stamp(rotation.Due),
	}
	report.Overdue = !rotation.Due.IsZero() && now.After(rotation.Due)
	return report
}

func (r *KeyReport) addViolation(rule string, version int) {
	for i := range r.Violations {
		if r.Violations[i].Rule == rule {
			r.Violations[i].Versions = append(r.Violations[i].Versions, version)
			return
		}
	}
	r.Violations = append(r.Violations, ViolationReport{Rule: rule, Versions: []int{version}})
}

// addSuccessors names one for each purpose of the latest version, or says why there is none.
func (r *KeyReport) addSuccessors(key Key, latest Version, rules *cryptopolicy.Rules) {
	if latest.Suite.QuantumSafe() && len(rules.Violations(latest.Suite)) == 0 {
		return
	}
	for _, p := range purposeNames {
		if !latest.Purpose.Has(p.purpose) {
			continue
		}
		need := cryptopolicy.Need{Purpose: p.purpose, Derived: key.Derived, Convergent: key.Convergent}
		if next := rules.Successor(latest.Suite, need); next != nil {
			r.Successors[p.name] = next.Name
		}
	}
	switch {
	case key.Blocked != "":
		r.Note = key.Blocked
	case key.Convergent:
		r.Note = "a convergent key keeps its type: make a new key and move the data to it"
	case len(r.Successors) == 0 && key.Derived:
		r.Note = "no better type derives keys from a context: make a new key and move to it"
	case len(r.Successors) == 0:
		r.Note = "the mount's crypto policy leaves no better type"
	case len(r.Successors) > 1:
		r.Note = "a rotation to either successor ends the use for the other purpose: make a second key for that one"
	}
}

func status(report KeyReport) string {
	latest := report.Versions[len(report.Versions)-1]
	switch {
	case !slices.Contains(latest.Exposure, None):
		return Exposed
	case !slices.Contains(report.Exposure, None):
		return OldVersionsExposed
	}
	return QuantumSafe
}

// merged is each exposure once, the worst first; none only where there is no other.
func merged(all []string) []string {
	order := []string{HarvestNowDecryptLater, Forgery, None}
	slices.SortFunc(all, func(a, b string) int { return cmp.Compare(slices.Index(order, a), slices.Index(order, b)) })
	all = slices.Compact(all)
	if len(all) > 1 {
		all = slices.DeleteFunc(all, func(exposure string) bool { return exposure == None })
	}
	return all
}

// stamp is a time in RFC 3339, to the second, empty for the zero time.
func stamp(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format(time.RFC3339)
}

func later(a, b string) string { return max(a, b) }
