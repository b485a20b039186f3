package keyring_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/pqtransit/byok"
	"github.com/palisade-vault/palisade/pqtransit/cryptopolicy"
	"github.com/palisade-vault/palisade/pqtransit/digest"
	"github.com/palisade-vault/palisade/pqtransit/keyring"
	"github.com/palisade-vault/palisade/pqtransit/rotation"
	"github.com/palisade-vault/palisade/pqtransit/suite"
)

func (m *mount) policy(asked cryptopolicy.Policy) {
	m.Helper()
	policy, err := cryptopolicy.New(asked)
	if err != nil {
		m.Fatal(err)
	}
	if err := m.keys.SetCryptoPolicy(m.Context(), m.storage, policy); err != nil {
		m.Fatal(err)
	}
}

// strict is a policy that neither RSA nor AES-128 keeps.
func strict(existing cryptopolicy.Existing) cryptopolicy.Policy {
	policy := cryptopolicy.Policy{QuantumSafe: true, MinimumCategory: 3, Existing: existing}
	if existing == cryptopolicy.AutoRotate {
		policy.Successors = map[string]string{rsa: hybrid, "aes128-gcm96": symmetric, "ed25519": "ml-dsa-65", "aes128-cmac": "aes256-cmac"}
	}
	return policy
}

var everyMode = []cryptopolicy.Existing{cryptopolicy.Report, cryptopolicy.RefuseNewEncryption, cryptopolicy.AutoRotate}

// violating is a mount with keys that violate strict, and what they made before it was set.
func violating(t *testing.T, existing cryptopolicy.Existing) (*mount, map[string]string) {
	t.Helper()
	entries, ciphertext := sharedRSA()
	m := over(t, entries)
	m.create("weak", keyring.Spec{Type: "aes128-gcm96", Exportable: true, AllowPlaintextBackup: true})
	m.create("k2", keyring.Spec{Type: "ed25519"})
	m.create("mac", keyring.Spec{Type: "aes128-cmac"})
	made := map[string]string{"k": ciphertext, "weak": m.encrypt("weak", keyring.Parameters{}, "old")}
	m.policy(strict(existing))
	return m, made
}

// New versions of a violating type come in by no way, whatever becomes of existing keys.
func TestPolicyHoldsForEveryNewKey(t *testing.T) {
	for _, existing := range everyMode {
		m, _ := violating(t, cryptopolicy.Report)
		backup, err := m.keys.Backup(t.Context(), m.storage, "weak")
		if err != nil {
			t.Fatal(err)
		}
		m.policy(strict(existing))
		m.create("good", keyring.Spec{Type: symmetric})
		before := m.storage.Snapshot()
		public := m.get("k").Versions()[0].Public().String()
		ways := map[string]func() error{
			"create": func() error {
				_, _, err := m.keys.Create(t.Context(), m.storage, "new", keyring.Spec{Type: "aes128-gcm96"})
				return err
			},
			"rotate": func() error {
				_, err := m.keys.Rotate(t.Context(), m.storage, "good", keyring.Rotation{Type: "aes128-gcm96"})
				return err
			},
			"rotate from another that violates": func() error {
				_, err := m.keys.Rotate(t.Context(), m.storage, "weak", keyring.Rotation{Type: rsa, AllowUnauthenticatedEncryption: true})
				return err
			},
			"import": func() error {
				_, err := m.keys.Import(t.Context(), m.storage, "new", keyring.Import{
					Spec: keyring.Spec{Type: rsa}, Material: keyring.Material{Public: public},
				})
				return err
			},
			"restore": func() error {
				_, err := m.keys.Restore(t.Context(), m.storage, "restored", backup, false)
				return err
			},
			"restore over": func() error {
				_, err := m.keys.Restore(t.Context(), m.storage, "good", backup, true)
				return err
			},
			"wrapping key": func() error { _, err := m.keys.WrappingKey(t.Context(), m.storage, rsa); return err },
		}
		for name, way := range ways {
			t.Run(string(existing)+"/"+name, func(t *testing.T) {
				wantRefusal(t, way(), "the mount's crypto policy does not let key ")
				wantRefusal(t, way(), "or change config/crypto-policy")
			})
		}
		if diff := cmp.Diff(before, m.storage.Snapshot()); diff != "" {
			t.Errorf("something was stored: %s", diff)
		}
	}
}

// A list of types is about the keys of callers, not about the mount's own.
func TestWrappingKeyIsNotOnAListOfTypes(t *testing.T) {
	m := newMount(t)
	m.policy(cryptopolicy.Policy{Forbidden: []string{rsa}})
	if _, err := m.keys.WrappingKey(t.Context(), m.storage, rsa); err != nil {
		t.Error(err)
	}
}

// A wrapping key that is there and too weak serves no more, in either direction, unless the
// policy only reports; the one beside it does.
func TestWeakWrappingKeyIsRefused(t *testing.T) {
	before := newMount(t)
	if _, err := before.keys.WrappingKey(t.Context(), before.storage, rsa); err != nil {
		t.Fatal(err)
	}
	for _, existing := range everyMode {
		m := over(t, before.storage.Snapshot())
		hash, _ := byok.ParseHash("SHA256")
		m.policy(strict(existing))
		_, read := m.keys.WrappingKey(t.Context(), m.storage, rsa)
		imported := m.importKey("imported", keyring.Material{Wrapped: make([]byte, 1024), Hash: hash})
		for name, err := range map[string]error{"read": read, "import": imported} {
			refused := err != nil && contains(err, "refuses the wrapping key of type "+rsa) && contains(err, "read wrapping_key with type=")
			if refused == (existing == cryptopolicy.Report) {
				t.Errorf("%s: %s: %v", existing, name, err)
			}
		}
		if _, err := m.keys.WrappingKey(t.Context(), m.storage, hybrid); err != nil {
			t.Errorf("%s: the hybrid one: %v", existing, err)
		}
	}
}

// news are the operations that make something new, each with a key that violates strict.
func news(m *mount) map[string]func() error {
	encrypted := func(name string) error {
		_, _, err := m.get(name).Encrypt(keyring.Parameters{}, nil)
		return err
	}
	return map[string]func() error{
		"encrypt RSA": func() error { return encrypted("k") },
		"encrypt AES": func() error { return encrypted("weak") },
		"encrypt with version 1": func() error {
			_, _, err := m.get("weak").Encrypt(keyring.Parameters{Version: 1}, nil)
			return err
		},
		"data key": func() error { _, err := m.get("weak").DataKey(keyring.Parameters{}, 32); return err },
		"derived keys": func() error {
			_, err := m.get("weak").DerivedKeys(keyring.Parameters{}, keyring.Derivation{To: 1}, 32)
			return err
		},
		"sign":    func() error { _, err := m.get("k2").Sign(keyring.Signing{}, nil); return err },
		"sign v1": func() error { _, err := m.get("k2").Sign(keyring.Signing{Version: 1}, nil); return err },
		"cmac":    func() error { _, err := m.get("mac").NewCMAC(0); return err },
		"request": func() error { _, _, err := m.get("k2").CertificationRequest(0, nil); return err },
		"byok-export": func() error {
			hash, _ := byok.ParseHash("SHA256")
			_, err := m.get("weak").ExportWrapped(m.get("k"), hash, "")
			return err
		},
	}
}

func TestPolicyReportsOnly(t *testing.T) {
	m, made := violating(t, cryptopolicy.Report)
	for name, operation := range news(m) {
		if err := operation(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	m.rotate("weak", keyring.Rotation{})
	m.stillReads(made)
}

func TestPolicyRefusesNewUse(t *testing.T) {
	m, made := violating(t, cryptopolicy.RefuseNewEncryption)
	for _, m := range []*mount{m, m.fresh()} {
		for name, operation := range news(m) {
			err := operation()
			if err == nil {
				t.Fatalf("%s is not refused", name)
			}
			wantRefusal(t, err, "the mount's crypto policy refuses new use of version 1 of key ")
			wantRefusal(t, err, "or change config/crypto-policy. What it made before can still be decrypted and verified")
		}
		m.stillReads(made)
	}
	_, _, err := m.get("k").Encrypt(keyring.Parameters{}, nil)
	wantRefusal(t, err, "its type rsa-4096 has security category 0, below the minimum of 3 and is not quantum-safe; rotate it with type=x25519-mlkem768")
	_, err = m.keys.Rotate(t.Context(), m.storage, "weak", keyring.Rotation{})
	wantRefusal(t, err, "does not let key weak have a new version of type aes128-gcm96, which has security category 1, below the minimum of 3; use type=aes256-gcm96")
	// The way out, and what it does not open.
	m.rotate("weak", keyring.Rotation{Type: symmetric})
	rewrapped, version, err := m.get("weak").Rewrap(keyring.Rewrapping{}, made["weak"])
	if err != nil || version != 2 {
		t.Fatalf("rewrap to version %d: %v", version, err)
	}
	m.mustDecrypt("weak", keyring.Parameters{}, rewrapped, "old")
	_, _, err = m.get("weak").Rewrap(keyring.Rewrapping{Parameters: keyring.Parameters{Version: 1}}, made["weak"])
	wantRefusal(t, err, "refuses new use of version 1 of key weak: its type aes128-gcm96 has security category 1, below the minimum of 3; use the latest version")
	m.stillReads(made)
}

// A key whose own type makes MACs is under the policy; the HMAC key beside other types is not.
func TestPolicyAndHMAC(t *testing.T) {
	sha256, _ := digest.Lookup("sha2-256")
	m := newMount(t)
	m.create("mac", keyring.Spec{Type: "hmac"})
	m.create("weak", keyring.Spec{Type: "aes128-gcm96"})
	maker, err := m.get("mac").NewHMAC(sha256, 0)
	if err != nil {
		t.Fatal(err)
	}
	code := maker.Sum([]byte("x"))
	m.policy(cryptopolicy.Policy{Forbidden: []string{"hmac", "aes128-gcm96"}, Existing: cryptopolicy.RefuseNewEncryption})
	_, err = m.get("mac").NewHMAC(sha256, 0)
	wantRefusal(t, err, "refuses new use of version 1 of key mac: its type hmac is one of forbidden_types")
	if valid, err := m.get("mac").HMACVerifier(sha256).Verify([]byte("x"), code); !valid || err != nil {
		t.Errorf("verified %v, %v", valid, err)
	}
	if _, err := m.get("weak").NewHMAC(sha256, 0); err != nil {
		t.Error(err)
	}
}

func TestPolicyAndEncapsulation(t *testing.T) {
	m := newMount(t)
	m.create("k", keyring.Spec{Type: "ml-kem-512"})
	made, err := m.get("k").Encapsulate(0)
	if err != nil {
		t.Fatal(err)
	}
	m.policy(strict(cryptopolicy.RefuseNewEncryption))
	_, err = m.get("k").Encapsulate(0)
	wantRefusal(t, err, "rotate it with type=ml-kem-768")
	if secret, _, err := m.get("k").Decapsulate(made.Ciphertext, made.Confirmation); err != nil || !secret.Equal(made.SharedSecret) {
		t.Errorf("decapsulated: %v", err)
	}
}

func (m *mount) stillReads(made map[string]string) {
	m.Helper()
	for name, ciphertext := range made {
		m.mustDecrypt(name, keyring.Parameters{}, ciphertext, "old")
	}
}

// follow is what the periodic work does an hour later, and two, and so on.
func (m *mount) follow() (map[string]string, error) {
	m.hours++
	all, err := m.keys.FollowCryptoPolicy(m.Context(), m.storage, time.Now().Add(time.Duration(m.hours)*time.Hour))
	types := map[string]string{}
	for _, done := range all {
		types[done.Key.Name] = done.Key.Suite().Name
		if done.Reason != rotation.Policy {
			m.Errorf("reason %s", done.Reason)
		}
		history, err := m.keys.History(m.Context(), m.storage, done.Key)
		if last := history[len(history)-1]; err != nil || last.Reason != rotation.Policy || last.To != done.Key.Suite().Name || last.Version != done.Key.Latest {
			m.Errorf("history %+v, %v", history, err)
		}
	}
	return types, err
}

func TestPolicyRotatesByItself(t *testing.T) {
	m, made := violating(t, cryptopolicy.AutoRotate)
	for name, operation := range news(m) { // until it has rotated
		if err := operation(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	m.create("good", keyring.Spec{Type: symmetric})
	m.create("convergent", keyring.Spec{Type: symmetric, Derived: true, Convergent: true})
	got, err := m.fresh().follow()
	want := map[string]string{"weak": symmetric, "k2": "ml-dsa-65", "mac": "aes256-cmac"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if err == nil || !contains(err, "the mount's crypto policy sends key k to x25519-mlkem768, which would end its use for signing; rotate it with type=x25519-mlkem768 to accept that, or set narrow_purpose") {
		t.Errorf("%v", err)
	}
	m = m.fresh()
	_, _, err = m.get("weak").Encrypt(keyring.Parameters{Version: 1}, nil)
	wantRefusal(t, err, "use the latest version")
	m.stillReads(made)
	asked := strict(cryptopolicy.AutoRotate)
	asked.NarrowPurpose = true
	m.policy(asked)
	got, err = m.follow()
	if diff := cmp.Diff(map[string]string{"k": hybrid}, got); diff != "" || err != nil {
		t.Errorf("%s, %v", diff, err)
	}
	if got, err := m.follow(); len(got) != 0 || err != nil {
		t.Errorf("again: %v, %v", got, err)
	}
	m.stillReads(made)
}

func TestPolicyRotatesOnRequest(t *testing.T) {
	m, _ := violating(t, cryptopolicy.AutoRotate)
	if got := m.rotate("weak", keyring.Rotation{}).Suite().Name; got != symmetric {
		t.Errorf("rotated to %s", got)
	}
	if got := m.rotate("weak", keyring.Rotation{}).Suite().Name; got != symmetric {
		t.Errorf("then to %s", got)
	}
	_, err := m.keys.Rotate(t.Context(), m.storage, "k", keyring.Rotation{})
	wantRefusal(t, err, "would end its use for signing")
	m.rotate("k", keyring.Rotation{Type: hybrid})
}

// Keys that no rotation can take along stay, and say why.
func TestPolicyCannotRotateEveryKey(t *testing.T) {
	m := newMount(t)
	m.create("convergent", keyring.Spec{Type: "aes128-gcm96", Derived: true, Convergent: true})
	m.create("derived", keyring.Spec{Type: "ed25519", Derived: true})
	m.create("free", keyring.Spec{Type: "aes128-cbc"})
	m.policy(strict(cryptopolicy.AutoRotate))
	got, err := m.follow()
	if len(got) != 0 || err == nil {
		t.Fatalf("%v, %v", got, err)
	}
	for _, text := range []string{"key convergent is convergent", "key derived is derived"} {
		if !contains(err, text) {
			t.Errorf("%v does not say %q", err, text)
		}
	}
	// Without a successor of its own it is left alone, and works.
	m.encrypt("free", keyring.Parameters{}, "x")
	m.rotate("free", keyring.Rotation{Type: symmetric})
}

func TestPolicyAndAutomaticRotation(t *testing.T) {
	m := newMount(t)
	m.create("k", keyring.Spec{Type: "aes128-gcm96", AutoRotatePeriod: time.Hour})
	m.policy(strict(cryptopolicy.Report))
	if got, err := m.autoRotate(2 * time.Hour); len(got) != 1 || err != nil {
		t.Errorf("%v, %v", got, err)
	}
	m.policy(strict(cryptopolicy.RefuseNewEncryption))
	if got, err := m.autoRotate(4 * time.Hour); len(got) != 0 || err == nil || !contains(err, "use type=aes256-gcm96") {
		t.Errorf("%v, %v", got, err)
	}
}

// Each rotation by the policy survives every fault of storage.
func TestPolicyRotationSurvivesEveryFault(t *testing.T) {
	made, ciphertexts := violating(t, cryptopolicy.AutoRotate)
	ciphertext := ciphertexts["weak"]
	for _, name := range []string{"k", "k2", "mac"} {
		made.configure(name, keyring.Configuration{DeletionAllowed: new(true)})
		if err := made.keys.Delete(t.Context(), made.storage, name); err != nil {
			t.Fatal(err)
		}
	}
	follow := func(m *mount) error { _, err := m.follow(); return err }
	eachFault(t, made.storage.Snapshot(), follow, func(t *testing.T, m *mount, _ error) {
		for _, m := range []*mount{m, m.fresh()} {
			m.TB = t
			m.mustDecrypt("weak", keyring.Parameters{}, ciphertext, "old")
		}
		if err := follow(m); err != nil {
			t.Fatalf("repeated: %v", err)
		}
		if got := m.fresh().get("weak"); got.Suite().Name != symmetric || got.Latest != 2 {
			t.Errorf("version %d of %s", got.Latest, got.Suite().Name)
		}
	})
}

func TestPolicyIsOneEntry(t *testing.T) {
	m := newMount(t)
	policy, err := cryptopolicy.New(strict(cryptopolicy.RefuseNewEncryption))
	if err != nil {
		t.Fatal(err)
	}
	set := func(m *mount) error { return m.keys.SetCryptoPolicy(t.Context(), m.storage, policy) }
	eachFault(t, m.storage.Snapshot(), set, func(t *testing.T, m *mount, err error) {
		if err == nil {
			t.Error("no error")
		}
		inMemory, err := m.keys.CryptoPolicy(t.Context(), m.storage)
		if err != nil {
			t.Fatal(err)
		}
		stored, err := m.fresh().keys.CryptoPolicy(t.Context(), m.storage)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(stored.Policy(), inMemory.Policy()); diff != "" {
			t.Errorf("memory differs from storage: %s", diff)
		}
	})
}

func TestPolicyIsReadOnce(t *testing.T) {
	m := newMount(t)
	m.create("k", keyring.Spec{Type: "aes128-gcm96"})
	m.policy(strict(cryptopolicy.Report))
	m = m.fresh()
	m.encrypt("k", keyring.Parameters{}, "x")
	before := m.storage.Counts()
	for range 10 {
		m.encrypt("k", keyring.Parameters{}, "x")
		m.get("k")
	}
	if diff := cmp.Diff(before, m.storage.Counts()); diff != "" {
		t.Errorf("a warm use reads storage: %s", diff)
	}
	// Another node's change, as Vault tells of it; whoever holds the key follows too.
	held := m.get("k")
	m.fresh().policy(strict(cryptopolicy.RefuseNewEncryption))
	m.encrypt("k", keyring.Parameters{}, "x")
	m.keys.Invalidate("palisade/crypto-policy")
	_, _, err := m.get("k").Encrypt(keyring.Parameters{}, nil)
	wantRefusal(t, err, "refuses new use")
	_, _, err = held.Encrypt(keyring.Parameters{}, nil)
	wantRefusal(t, err, "refuses new use")
}

// What cannot be read might be a rule, so nothing is done until it can, or is replaced.
func TestUnreadablePolicyStopsEverything(t *testing.T) {
	m := newMount(t)
	m.create("k", keyring.Spec{Type: symmetric})
	for _, text := range []string{"", "{}", `{"format":2}`, `{"format":1,"allowed_types":["later"]}`} {
		if err := m.storage.Put(t.Context(), &logical.StorageEntry{Key: "palisade/crypto-policy", Value: []byte(text)}); err != nil {
			t.Fatal(err)
		}
		fresh := m.fresh()
		_, err := fresh.keys.Get(t.Context(), m.storage, "k")
		if err == nil || !contains(err, "write or delete config/crypto-policy to replace it") {
			t.Errorf("%q: %v", text, err)
		}
		if _, _, err := fresh.keys.Create(t.Context(), m.storage, "new", keyring.Spec{Type: symmetric}); err == nil {
			t.Errorf("%q: a key was made", text)
		}
		if err := fresh.keys.DeleteCryptoPolicy(t.Context(), m.storage); err != nil {
			t.Fatal(err)
		}
		fresh.encrypt("k", keyring.Parameters{}, "x")
	}
	m = m.fresh()
	m.storage.FailWhen(func(operation, key string) bool { return operation == "get" && key == "palisade/crypto-policy" })
	_, err := m.keys.Get(t.Context(), m.storage, "k")
	if _, refused := errors.AsType[*keyring.Refusal](err); err == nil || refused {
		t.Errorf("%v", err)
	}
	m.storage.FailWhen(nil)
	m.get("k")
}

// Every type either complies, or no way brings a key of it in.
func TestPolicyOverEverySuite(t *testing.T) {
	m := newMount(t)
	m.policy(strict(cryptopolicy.Report))
	for _, algorithm := range suite.All() {
		if !quickToMake(algorithm) {
			continue
		}
		_, created, err := m.keys.Create(t.Context(), m.storage, algorithm.Name, keyring.Spec{Type: algorithm.Name})
		if want := algorithm.Inventory.SecurityCategory >= 3; created != want || (err == nil) != want {
			t.Errorf("%s: created %v, %v", algorithm.Name, created, err)
		}
	}
}
