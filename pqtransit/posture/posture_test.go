package posture_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/palisade-vault/palisade/pqtransit/cryptopolicy"
	"github.com/palisade-vault/palisade/pqtransit/posture"
	"github.com/palisade-vault/palisade/pqtransit/suite"
)

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func named(t testing.TB, name string) *suite.Suite {
	t.Helper()
	s, ok := suite.Lookup(name)
	if !ok {
		t.Fatalf("no suite %s", name)
	}
	return s
}

// key has a version of each of those types, a day apart, the last one a day old.
func key(t testing.TB, types ...string) posture.Key {
	t.Helper()
	k := posture.Key{Name: "k", MinDecryption: 1}
	for i, name := range types {
		s := named(t, name)
		k.Versions = append(k.Versions, posture.Version{
			Number: i + 1, Suite: s, Purpose: s.Purpose, Created: now.Add(-time.Duration(len(types)-i) * 24 * time.Hour),
		})
	}
	return k
}

func rules(t testing.TB, asked cryptopolicy.Policy) *cryptopolicy.Rules {
	t.Helper()
	policy, err := cryptopolicy.New(asked)
	if err != nil {
		t.Fatal(err)
	}
	return cryptopolicy.Compile(policy)
}

// What a quantum computer does to a key, and where to go.
func TestAssess(t *testing.T) {
	free, category3 := cryptopolicy.Policy{}, cryptopolicy.Policy{MinimumCategory: 3}
	derived := func(k posture.Key) posture.Key { k.Derived = true; return k }
	convergent := func(k posture.Key) posture.Key { k.Derived, k.Convergent = true, true; return k }
	both := map[string]string{"encryption": "x25519-mlkem768", "signing": "hybrid-ml-dsa-65-ecdsa-p256"}
	twoKeys := "a rotation to either successor ends the use for the other purpose: make a second key for that one"
	tests := []struct {
		name       string
		key        posture.Key
		policy     cryptopolicy.Policy
		status     string
		exposure   []string
		successors map[string]string
		note       string
	}{
		{"RSA", key(t, "rsa-2048"), free, posture.Exposed, []string{posture.HarvestNowDecryptLater, posture.Forgery}, both, twoKeys},
		{"ECDSA", key(t, "ecdsa-p384"), free, posture.Exposed, []string{posture.Forgery}, map[string]string{"signing": "hybrid-ml-dsa-87-ecdsa-p384"}, ""},
		{"migrated", key(t, "rsa-2048", "x25519-mlkem768"), free, posture.OldVersionsExposed, []string{posture.HarvestNowDecryptLater, posture.Forgery}, nil, ""},
		{"AES-256", key(t, "aes256-gcm96"), free, posture.QuantumSafe, []string{posture.None}, nil, ""},
		{"AES-256 under any policy", key(t, "aes256-gcm96"), cryptopolicy.Policy{QuantumSafe: true, MinimumCategory: 5}, posture.QuantumSafe, []string{posture.None}, nil, ""},
		{"AES-128", key(t, "aes128-gcm96"), free, posture.QuantumSafe, []string{posture.None}, nil, ""},
		{"AES-128 under a minimum", key(t, "aes128-gcm96"), category3, posture.QuantumSafe, []string{posture.None}, map[string]string{"encryption": "aes256-gcm96"}, ""},
		{"convergent AES-128 under a minimum", convergent(key(t, "aes128-gcm96")), category3, posture.QuantumSafe, []string{posture.None}, nil, "a convergent key keeps its type: make a new key and move the data to it"},
		{"derived Ed25519", derived(key(t, "ed25519")), free, posture.Exposed, []string{posture.Forgery}, nil, "no better type derives keys from a context: make a new key and move to it"},
		{"nothing allowed", key(t, "ed25519"), cryptopolicy.Policy{Allowed: []string{"aes256-gcm96"}}, posture.Exposed, []string{posture.Forgery}, nil, "the mount's crypto policy leaves no better type"},
		{"HMAC", key(t, "hmac"), free, posture.QuantumSafe, []string{posture.None}, nil, ""},
		{"ML-KEM-512", key(t, "ml-kem-512"), category3, posture.QuantumSafe, []string{posture.None}, map[string]string{"key-encapsulation": "ml-kem-768"}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := posture.Assess(test.key, rules(t, test.policy), now)
			if got.Status != test.status || got.Note != test.note {
				t.Errorf("status %s, note %q", got.Status, got.Note)
			}
			if diff := cmp.Diff(test.exposure, got.Exposure); diff != "" {
				t.Error(diff)
			}
			want := test.successors
			if want == nil {
				want = map[string]string{}
			}
			if diff := cmp.Diff(want, got.Successors); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// The purpose of a version decides, not what its algorithm could do.
func TestExposureFollowsThePurpose(t *testing.T) {
	for purpose, want := range map[suite.Purpose][]string{
		suite.Encryption: {posture.HarvestNowDecryptLater},
		suite.Signing:    {posture.Forgery},
	} {
		k := key(t, "rsa-4096")
		k.Versions[0].Purpose = purpose
		got := posture.Assess(k, rules(t, cryptopolicy.Policy{}), now)
		if diff := cmp.Diff(want, got.Exposure); diff != "" || len(got.Successors) != 1 || got.Note != "" {
			t.Errorf("%s %v %s", diff, got.Successors, got.Note)
		}
	}
}

// Every suite is exposed exactly where it meets no category, and then somebody follows it.
func TestEverySuite(t *testing.T) {
	for _, s := range suite.All() {
		got := posture.Assess(key(t, s.Name), rules(t, cryptopolicy.Policy{}), now)
		exposed := s.Inventory.SecurityCategory == 0
		if (got.Status == posture.Exposed) != exposed || (len(got.Successors) > 0) != exposed {
			t.Errorf("%s: %s, successors %v", s.Name, got.Status, got.Successors)
		}
		for purpose, name := range got.Successors {
			if next := named(t, name); !next.QuantumSafe() {
				t.Errorf("%s for %s goes to %s", s.Name, purpose, name)
			}
		}
	}
}

func whole(t testing.TB) posture.KeyReport {
	t.Helper()
	k := key(t, "rsa-2048", "rsa-2048", "aes128-gcm96")
	k.MinDecryption = 2
	k.Versions[0].Created = time.Time{}
	k.Versions[1].LastProcessed = now.Add(-time.Hour)
	k.Versions[1].LastProtected = now.Add(-26 * time.Hour)
	k.Versions[2].LastProtected = now.Add(-time.Minute)
	k.Rotation = posture.Rotation{Period: time.Hour, Due: now.Add(-23 * time.Hour)}
	return posture.Assess(k, rules(t, cryptopolicy.Policy{MinimumCategory: 3, QuantumSafe: true, Existing: cryptopolicy.RefuseNewEncryption}), now)
}

func TestWholeReport(t *testing.T) {
	hndl := []string{posture.HarvestNowDecryptLater, posture.Forgery}
	broken := []string{"minimum_security_category", "quantum_safe_required"}
	want := posture.KeyReport{
		Name: "k", Type: "aes128-gcm96", LatestVersion: 3, Purposes: []string{"encryption"},
		Status: posture.OldVersionsExposed, Exposure: hndl, LastUsed: "2026-03-01T11:59:00Z",
		Rotation:   posture.RotationReport{AgeSeconds: 86400, PeriodSeconds: 3600, Next: "2026-02-28T13:00:00Z", Overdue: true},
		Violations: []posture.ViolationReport{{Rule: broken[0], Versions: []int{1, 2, 3}}, {Rule: broken[1], Versions: []int{1, 2}}},
		Successors: map[string]string{"encryption": "aes256-gcm96"},
		Versions: []posture.VersionReport{
			{Version: 1, Type: "rsa-2048", Purposes: []string{"encryption", "signing"}, Exposure: hndl, ClassicalBits: 112, Violations: broken},
			{
				Version: 2, Type: "rsa-2048", Purposes: []string{"encryption", "signing"}, InUse: true, Exposure: hndl, ClassicalBits: 112, Violations: broken,
				Created: "2026-02-27T12:00:00Z", LastProtected: "2026-02-28T10:00:00Z", LastProcessed: "2026-03-01T11:00:00Z", LastUsed: "2026-03-01T11:00:00Z",
			},
			{
				Version: 3, Type: "aes128-gcm96", Purposes: []string{"encryption"}, InUse: true, Exposure: []string{posture.None}, SecurityCategory: 1, ClassicalBits: 128,
				Violations: broken[:1], Created: "2026-02-28T12:00:00Z", LastProtected: "2026-03-01T11:59:00Z", LastUsed: "2026-03-01T11:59:00Z",
			},
		},
	}
	if diff := cmp.Diff(want, whole(t)); diff != "" {
		t.Error(diff)
	}
}

func TestSummary(t *testing.T) {
	summary := posture.NewSummary()
	free := rules(t, cryptopolicy.Policy{})
	summary.Add(whole(t))
	summary.Add(posture.Assess(key(t, "aes256-gcm96"), free, now))
	summary.Add(posture.Assess(key(t, "ed25519", "ed25519"), free, now))
	want := &posture.Summary{
		Keys: 3, Versions: 6,
		KeysByStatus:       map[string]int{posture.Exposed: 1, posture.OldVersionsExposed: 1, posture.QuantumSafe: 1},
		VersionsByExposure: map[string]int{posture.HarvestNowDecryptLater: 2, posture.Forgery: 4, posture.None: 2},
		VersionsByType:     map[string]int{"rsa-2048": 2, "aes128-gcm96": 1, "aes256-gcm96": 1, "ed25519": 2},
		Violating:          1, Overdue: 1, NeverUsed: 2,
	}
	if diff := cmp.Diff(want, summary); diff != "" {
		t.Error(diff)
	}
}
