package keyring_test

import (
	"crypto/rand"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/vault/sdk/helper/keysutil"

	"github.com/palisade-vault/palisade/pqtransit/keyring"
	"github.com/palisade-vault/palisade/pqtransit/rotation"
)

// sunday is the start of the tests that have a clock; the 4th of January 2026 is a Sunday.
var sunday = time.Date(2026, 1, 4, 12, 0, 0, 0, time.UTC)

// maintain does what is due, and answers it as "name: reason" or "name: -destroyed".
func (m *mount) maintain(now time.Time) []string {
	m.Helper()
	all, err := m.keys.Maintain(m.Context(), m.storage, now)
	if err != nil {
		m.Fatal(err)
	}
	var did []string
	for _, done := range all {
		if done.Reason != "" {
			did = append(did, done.Key.Name+": "+string(done.Reason))
		}
		if done.Destroyed > 0 {
			did = append(did, fmt.Sprintf("%s: -%d", done.Key.Name, done.Destroyed))
		}
	}
	return did
}

func TestScheduledRotation(t *testing.T) {
	now := sunday
	m := timed(t, &now, nil)
	m.create("daily", keyring.Spec{Type: symmetric, Rotation: rotation.Change{Schedule: new("0 3 * * *")}})
	m.create("windowed", keyring.Spec{Type: hybrid, Rotation: rotation.Change{Schedule: new("0 3 * * *"), Window: new(time.Hour)}})
	m.create("never", keyring.Spec{Type: symmetric})
	for _, step := range []struct {
		later time.Duration
		want  []string
	}{
		{0, nil},
		{15*time.Hour - time.Second, nil},
		{time.Second, []string{"daily: schedule", "windowed: schedule"}},
		{time.Minute, nil},
		// As after an outage: one rotation makes up for what was missed, where no window forbids.
		{5 * 24 * time.Hour, []string{"daily: schedule", "windowed: schedule"}},
		{26 * time.Hour, []string{"daily: schedule"}},
		{0, nil},
	} {
		now = now.Add(step.later)
		if diff := cmp.Diff(step.want, m.maintain(now)); diff != "" {
			t.Errorf("at %v: %s", now, diff)
		}
		m.keys = timed(t, &now, nil).keys // nothing depends on what is in memory
	}
}

func TestOldVersionsAreDestroyed(t *testing.T) {
	for _, algorithm := range []string{symmetric, hybrid} {
		t.Run(algorithm, func(t *testing.T) {
			now := sunday
			m := timed(t, &now, nil)
			m.create("k", keyring.Spec{Type: algorithm, Rotation: rotation.Change{RetainVersions: new(2), DestroyDecryptable: new(true)}})
			first := m.encrypt("k", keyring.Parameters{}, "x")
			m.rotate("k", keyring.Rotation{})
			if got := m.maintain(now); got != nil {
				t.Errorf("%v", got)
			}
			m.rotate("k", keyring.Rotation{})
			m.rotate("k", keyring.Rotation{})
			if diff := cmp.Diff([]string{"k: -2"}, m.maintain(now)); diff != "" {
				t.Error(diff)
			}
			key := timedOver(t, &now, m).get("k")
			if key.MinAvailable != 3 || key.MinDecryption != 3 || key.MinEncryption != 3 || key.Latest != 4 {
				t.Errorf("%+v", key.Settings)
			}
			_, err := m.get("k").Decrypt(keyring.Parameters{}, first)
			wantRefusal(t, err, "too old")
			m.mustDecrypt("k", keyring.Parameters{}, m.encrypt("k", keyring.Parameters{Version: 3}, "y"), "y")
		})
	}
}

func timedOver(t testing.TB, now *time.Time, m *mount) *mount {
	t.Helper()
	return timed(t, now, m.storage.Snapshot())
}

// Without the flag, what min_decryption_version allows is not destroyed, however old it is.
func TestDecryptableVersionsAreKept(t *testing.T) {
	now := sunday
	m := timed(t, &now, nil)
	m.create("k", keyring.Spec{Type: symmetric, Rotation: rotation.Change{DestroyAfter: new(2 * time.Hour)}})
	for range 4 {
		now = now.Add(time.Hour)
		m.rotate("k", keyring.Rotation{})
	}
	now = now.Add(100 * time.Hour)
	if got := m.maintain(now); got != nil {
		t.Errorf("%v", got)
	}
	m.configure("k", keyring.Configuration{MinDecryption: new(3)})
	m = timedOver(t, &now, m) // versions 1 and 2 are in the archive alone
	if diff := cmp.Diff([]string{"k: -2"}, m.maintain(now)); diff != "" {
		t.Error(diff)
	}
	if key := m.get("k"); key.MinAvailable != 3 || key.MinDecryption != 3 || key.MinEncryption != 3 {
		t.Errorf("%+v", key.Settings)
	}
	// In the archive, too, a version is kept for its time.
	now = now.Add(time.Hour)
	m.rotate("k", keyring.Rotation{})
	m.configure("k", keyring.Configuration{MinDecryption: new(6), MinEncryption: new(6)})
	m = timedOver(t, &now, m)
	for _, step := range []struct {
		later time.Duration
		want  []string
	}{{0, []string{"k: -2"}}, {119 * time.Minute, nil}, {time.Minute, nil}, {time.Hour, []string{"k: -1"}}} {
		now = now.Add(step.later)
		if diff := cmp.Diff(step.want, m.maintain(now)); diff != "" {
			t.Errorf("after %v: %s", step.later, diff)
		}
	}
}

func TestRetentionIsRefusedWhereItWouldDestroyTooMuch(t *testing.T) {
	m := newMount(t)
	m.create("k", keyring.Spec{Type: symmetric})
	for range 4 {
		m.rotate("k", keyring.Rotation{})
	}
	configure := func(change rotation.Change) error {
		_, err := m.keys.Configure(t.Context(), m.storage, "k", keyring.Configuration{Rotation: change})
		return err
	}
	before := m.storage.Snapshot()
	wantRefusal(t, configure(rotation.Change{RetainVersions: new(2)}), "would destroy versions 1 to 3, which min_decryption_version 1 still allows")
	if diff := cmp.Diff(before, m.storage.Snapshot()); diff != "" {
		t.Error(diff)
	}
	if err := configure(rotation.Change{RetainVersions: new(5)}); err != nil {
		t.Error(err)
	}
	m.configure("k", keyring.Configuration{MinDecryption: new(4)})
	if err := configure(rotation.Change{RetainVersions: new(2)}); err != nil {
		t.Error(err)
	}
	wantRefusal(t, configure(rotation.Change{RetainVersions: new(1)}), "versions 4 to 4")
	if err := configure(rotation.Change{RetainVersions: new(1), DestroyDecryptable: new(true)}); err != nil {
		t.Error(err)
	}
}

func TestScheduleExcludesPeriod(t *testing.T) {
	const text = "mutually exclusive fields rotation_schedule and auto_rotate_period"
	m := newMount(t)
	daily := rotation.Change{Schedule: new("0 3 * * *")}
	_, _, err := m.keys.Create(t.Context(), m.storage, "k", keyring.Spec{Type: symmetric, AutoRotatePeriod: time.Hour, Rotation: daily})
	wantRefusal(t, err, text)
	m.create("k", keyring.Spec{Type: symmetric, AutoRotatePeriod: time.Hour})
	configure := func(configuration keyring.Configuration) error {
		_, err := m.keys.Configure(t.Context(), m.storage, "k", configuration)
		return err
	}
	wantRefusal(t, configure(keyring.Configuration{Rotation: daily}), text)
	if err := configure(keyring.Configuration{Rotation: daily, AutoRotatePeriod: new(time.Duration(0))}); err != nil {
		t.Error(err)
	}
	wantRefusal(t, configure(keyring.Configuration{AutoRotatePeriod: new(time.Hour)}), text)
	if err := configure(keyring.Configuration{Exportable: new(true)}); err != nil {
		t.Error(err)
	}
}

// settled is a key with settings, whose older versions do not decrypt, so that what a change
// of minimums moves to the archive includes the version by which the settings know the key.
func settledMount(t testing.TB, algorithm string) (*mount, rotation.Settings) {
	m := newMount(t)
	m.create("k", keyring.Spec{Type: algorithm, Exportable: true, AllowPlaintextBackup: true, Rotation: rotation.Change{RetainVersions: new(9)}})
	return m, rotation.Settings{RetainVersions: 9}
}

func (m *mount) wantSettings(want rotation.Settings) {
	m.Helper()
	for _, m := range []*mount{m, m.fresh()} {
		if diff := cmp.Diff(want, m.get("k").Rotation); diff != "" {
			m.Error(diff)
		}
	}
}

// Settings stay with their key whatever is done to it, here or by the built-in engine.
func TestSettingsStayWithTheirKey(t *testing.T) {
	for _, algorithm := range []string{symmetric, hybrid} {
		t.Run(algorithm, func(t *testing.T) {
			m, want := settledMount(t, algorithm)
			m.wantSettings(want)
			m.rotate("k", keyring.Rotation{})
			m.rotate("k", keyring.Rotation{})
			m.wantSettings(want)
			m.configure("k", keyring.Configuration{MinDecryption: new(2), MinEncryption: new(2)})
			m.wantSettings(want)
			if _, err := m.keys.Trim(t.Context(), m.storage, "k", new(2)); err != nil {
				t.Fatal(err)
			}
			m.wantSettings(want)
			old := m.backup("k")
			m.rotate("k", keyring.Rotation{Type: hybrid, AllowUnauthenticatedEncryption: true})
			m.wantSettings(want)
			m.configure("k", keyring.Configuration{MinDecryption: new(4), MinEncryption: new(4)})
			m.restore("", old, true) // a state of the same key
			m.wantSettings(want)
			m.configure("k", keyring.Configuration{Rotation: rotation.Change{RetainVersions: new(0)}})
			m.wantSettings(rotation.Settings{})
			if m.storage.Snapshot()["palisade/rotation/k"] != nil {
				t.Error("an entry without settings is left")
			}
		})
	}
}

func TestSettingsStayThroughTheBuiltInEngine(t *testing.T) {
	m, want := settledMount(t, symmetric)
	policy, _ := m.theirs("k")
	policy.Lock(true)
	defer policy.Unlock()
	for range 2 {
		if err := policy.Rotate(t.Context(), m.storage, rand.Reader); err != nil {
			t.Fatal(err)
		}
	}
	policy.MinDecryptionVersion = 3
	if err := policy.Persist(t.Context(), m.storage); err != nil {
		t.Fatal(err)
	}
	m.fresh().wantSettings(want)
}

// A key of the same name that is not the same key has no settings of the one before it.
func TestSettingsEndWithTheKey(t *testing.T) {
	m, _ := settledMount(t, symmetric)
	leftover := m.storage.Snapshot()["palisade/rotation/k"]
	m.configure("k", keyring.Configuration{DeletionAllowed: new(true)})
	if err := m.keys.Delete(t.Context(), m.storage, "k"); err != nil {
		t.Fatal(err)
	}
	if left := m.storage.Snapshot(); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
	m.create("k", keyring.Spec{Type: symmetric})
	m.wantSettings(rotation.Settings{})
	// The built-in engine deletes a key without knowing of them.
	m = over(t, map[string][]byte{"palisade/rotation/k": leftover})
	m.create("k", keyring.Spec{Type: symmetric})
	m.wantSettings(rotation.Settings{})
	theirs := over(t, map[string][]byte{"palisade/rotation/k": leftover})
	policy := theirsCreate(t, theirs.storage, keyring.Spec{Type: symmetric})
	if policy.Type != keysutil.KeyType_AES256_GCM96 {
		t.Fatal(policy.Type)
	}
	theirs.fresh().wantSettings(rotation.Settings{})
	// And a restore replaces a key by another.
	m, _ = settledMount(t, symmetric)
	other, _ := settledMount(t, hybrid)
	m.restore("", other.backup("k"), true)
	m.wantSettings(rotation.Settings{})
}

// Whichever write fails when key and settings change together, both are whole, and the running
// keyring knows them as they are stored.
func TestSettingsSurviveEveryFault(t *testing.T) {
	both := keyring.Configuration{MinDecryption: new(2), MinEncryption: new(2), Rotation: rotation.Change{RetainVersions: new(1)}}
	work := map[string]func(m *mount) error{
		"configure": func(m *mount) error {
			_, err := m.keys.Configure(m.Context(), m.storage, "k", both)
			return err
		},
		"destroy": func(m *mount) error {
			_, err := m.keys.Maintain(m.Context(), m.storage, time.Now().Add(2*time.Hour))
			return err
		},
	}
	for _, algorithm := range []string{symmetric, hybrid} {
		m, _ := settledMount(t, algorithm)
		m.rotate("k", keyring.Rotation{})
		texts := m.encrypt("k", keyring.Parameters{}, "v")
		prepared := map[string]map[string][]byte{"configure": m.storage.Snapshot()}
		m.configure("k", both)
		prepared["destroy"] = m.storage.Snapshot()
		for name, do := range work {
			t.Run(algorithm+"/"+name, func(t *testing.T) {
				eachFault(t, prepared[name], do, func(t *testing.T, m *mount, err error) {
					m.TB = t
					running, stored := m.get("k"), m.fresh().get("k")
					if running.Settings != stored.Settings || (err == nil && running.Rotation != stored.Rotation) {
						t.Errorf("running %+v %+v, stored %+v %+v", running.Settings, running.Rotation, stored.Settings, stored.Rotation)
					}
					if got := stored.Rotation.RetainVersions; got != 9 && got != 1 {
						t.Errorf("retains %d", got)
					}
					for _, m := range []*mount{m, m.fresh()} {
						m.mustDecrypt("k", keyring.Parameters{}, texts, "v")
					}
					if err := do(m.fresh()); err != nil {
						t.Fatalf("repeated: %v", err)
					}
					m = m.fresh()
					m.mustDecrypt("k", keyring.Parameters{}, texts, "v")
					if key := m.get("k"); key.Rotation.RetainVersions != 1 || key.MinDecryption != 2 {
						t.Errorf("%+v %+v", key.Settings, key.Rotation)
					}
				})
			})
		}
	}
}

// Keys without settings cost no storage call more, and the periodic work touches no key that
// has nothing to do.
func TestPeriodicWorkIsBounded(t *testing.T) {
	m := newMount(t)
	const keys = 4100 // more than two calls look at
	for i := range keys {
		entries := m.storage
		if i == 0 {
			m.create("k0000", keyring.Spec{Type: symmetric})
			continue
		}
		policy := &keysutil.Policy{
			Name: fmt.Sprintf("k%04d", i), Type: keysutil.KeyType_AES256_GCM96, LatestVersion: 1, MinDecryptionVersion: 1,
			Keys: map[string]keysutil.KeyEntry{"1": {Key: make([]byte, 32), HMACKey: make([]byte, 32), CreationTime: time.Now()}},
		}
		if i == keys-1 {
			policy.AutoRotatePeriod = time.Hour
		}
		if err := policy.Persist(t.Context(), entries); err != nil {
			t.Fatal(err)
		}
	}
	m = m.fresh()
	calls := func(later time.Duration, want string) {
		t.Helper()
		before := m.storage.Counts()
		m.maintain(time.Now().Add(later))
		after := m.storage.Counts()
		if got := fmt.Sprint(after.Get-before.Get, after.Put-before.Put, after.List-before.List); got != want {
			t.Errorf("after %v: get, put, list %s, want %s", later, got, want)
		}
	}
	calls(0, "4001 0 3") // once the mount's crypto policy
	calls(0, "4000 0 1")
	calls(0, "200 0 1")
	calls(0, "0 0 0")
	calls(59*time.Minute, "0 0 0")
	before := m.storage.Counts().Get
	if got := m.maintain(time.Now().Add(61 * time.Minute)); len(got) != 1 || got[0] != "k4099: period" {
		t.Errorf("%v", got)
	}
	if got := m.storage.Counts().Get - before; got > 10 {
		t.Errorf("%d gets to rotate one key", got)
	}
}
