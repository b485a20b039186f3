package keyring_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/vault/sdk/helper/keysutil"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/palisade-vault/palisade/backend/backendtest"
	"github.com/palisade-vault/palisade/pqtransit/keyring"
	"github.com/palisade-vault/palisade/pqtransit/suite"
)

func communitySuites() []*suite.Suite {
	return slices.DeleteFunc(suite.All(), func(s *suite.Suite) bool { return s.StoredAs == suite.NotCommunity })
}

// slowToMake is RSA of more than 2048 bits: keys of these take seconds, so tests make few.
func slowToMake(algorithm *suite.Suite) bool {
	return algorithm.Name == "rsa-3072" || algorithm.Name == "rsa-4096"
}

// ofType gives each test its own copy of a key named "k" of that type, made once.
func ofType(t testing.TB, algorithm *suite.Suite) *mount {
	t.Helper()
	if algorithm.Name == rsa {
		entries, _ := sharedRSA()
		return over(t, entries)
	}
	made, _ := madeOnce.LoadOrStore(algorithm.Name, sync.OnceValue(func() map[string][]byte {
		m := newMount(t)
		m.create("k", keyring.Spec{Type: algorithm.Name})
		return m.storage.Snapshot()
	}))
	return over(t, made.(func() map[string][]byte)())
}

var madeOnce sync.Map // name of the suite -> func() map[string][]byte

func forEverySuite(t *testing.T, test func(t *testing.T, algorithm *suite.Suite)) {
	t.Helper()
	all := suite.All()
	if len(all) < 44 {
		t.Fatalf("%d suites", len(all))
	}
	for _, algorithm := range all {
		t.Run(algorithm.Name, func(t *testing.T) { test(t, algorithm) })
	}
}

// A key of any type comes back from storage as it was made, and can be changed, rotated and
// deleted.
func TestLifecycleOfEverySuite(t *testing.T) {
	forEverySuite(t, func(t *testing.T, algorithm *suite.Suite) {
		t.Parallel()
		m := ofType(t, algorithm)
		key := m.get("k")
		if key.Suite() != algorithm || key.Purpose() != algorithm.Purpose || key.Community() != (algorithm.StoredAs != suite.NotCommunity) {
			t.Fatalf("a key of %s for %s, Community %v", key.Suite().Name, keyring.PurposeText(key.Purpose()), key.Community())
		}
		public := key.Versions()[0].Public()
		if public.IsZero() == algorithm.Asymmetric || public.String() != m.fresh().get("k").Versions()[0].Public().String() {
			t.Error("public keys differ")
		}
		if !slowToMake(algorithm) {
			rotated := m.rotate("k", keyring.Rotation{})
			if rotated.Latest != 2 || rotated.Mixed() || rotated.Suite() != algorithm {
				t.Errorf("rotated to version %d of %s", rotated.Latest, rotated.Suite().Name)
			}
			if algorithm.Asymmetric && rotated.Versions()[1].Public().String() == public.String() {
				t.Error("both versions have one public key")
			}
		}
		m.configure("k", keyring.Configuration{DeletionAllowed: new(true)})
		if got := m.fresh().get("k").Versions()[0].Public().String(); got != public.String() {
			t.Error("the first public key has changed")
		}
		if err := m.keys.Delete(t.Context(), m.storage, "k"); err != nil {
			t.Fatal(err)
		}
		if left := m.storage.Snapshot(); len(left) != 0 {
			t.Errorf("left behind: %v", slices.Sorted(maps.Keys(left)))
		}
	})
}

// communityKinds are a key of each Community type, and the derived ones.
func communityKinds() []kind {
	var found []kind
	for _, algorithm := range communitySuites() {
		spec := keyring.Spec{Type: algorithm.Name}
		if algorithm.KeySize != nil {
			spec.KeySize = algorithm.KeySize.Max
		}
		found = append(found, kind{name: algorithm.Name, spec: spec})
		if algorithm.Derivation {
			spec.Derived = true
			found = append(found, kind{algorithm.Name + " derived", spec, []byte("user 7")})
		}
	}
	return found
}

// What we store and what keysutil stores differ in values alone, and each reads the other's
// without writing anything.
func TestEveryCommunityTypeIsStoredAsKeysutilDoes(t *testing.T) {
	for _, kind := range communityKinds() {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			if algorithm, _ := suite.Lookup(kind.spec.Type); slowToMake(algorithm) {
				ofType(t, algorithm).servedByKeysutil(kind.spec.Type)
				return
			}
			ours, theirs := newMount(t), newMount(t)
			ours.create("k", kind.spec)
			policy := theirsCreate(t, theirs.storage, kind.spec)
			if diff := cmp.Diff(shape(t, theirs.storage), shape(t, ours.storage)); diff != "" {
				t.Errorf("stored otherwise than keysutil (-) does: %s", diff)
			}
			before := theirs.storage.Snapshot()
			key := theirs.get("k")
			if key.Suite().Name != kind.spec.Type || key.Derived != kind.spec.Derived || key.KeySize != kind.spec.KeySize {
				t.Errorf("read as %s, %+v", key.Suite().Name, key.Settings)
			}
			if text := policy.Keys["1"].FormattedPublicKey; text != "" && text != key.Versions()[0].Public().String() {
				t.Errorf("public key %s, keysutil has %s", key.Versions()[0].Public(), text)
			}
			if diff := cmp.Diff(before, theirs.storage.Snapshot()); diff != "" {
				t.Errorf("a read wrote: %s", diff)
			}
			ours.servedByKeysutil(kind.spec.Type)
		})
	}
}

func (m *mount) servedByKeysutil(name string) {
	m.Helper()
	before := m.storage.Snapshot()
	policy, upserted := m.theirs("k")
	if upserted || policy.Type.String() != name {
		m.Errorf("keysutil reads a %v, made anew: %v", policy.Type, upserted)
	}
	if diff := cmp.Diff(before, m.storage.Snapshot()); diff != "" {
		m.Errorf("keysutil upgraded it: %s", diff)
	}
}

// Either side goes on with the other's key.
func TestEveryCommunityTypeRotatesOnBothSides(t *testing.T) {
	for _, kind := range communityKinds() {
		if algorithm, _ := suite.Lookup(kind.spec.Type); slowToMake(algorithm) {
			continue
		}
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			m := newMount(t)
			m.create("k", kind.spec)
			policy, _ := m.theirs("k")
			if err := policy.Rotate(t.Context(), m.storage, cryptoRand); err != nil {
				t.Fatal(err)
			}
			key := m.fresh().rotate("k", keyring.Rotation{})
			policy, _ = m.theirs("k")
			if key.Latest != 3 || policy.LatestVersion != 3 || len(policy.Keys) != 3 || key.KeySize != policy.KeySize {
				t.Errorf("we have version %d, keysutil %d", key.Latest, policy.LatestVersion)
			}
		})
	}
}

// shape is what lies in storage with each value but numbers of type replaced by its kind.
func shape(t *testing.T, storage *backendtest.Storage) map[string]any {
	t.Helper()
	shapes := map[string]any{}
	for path, value := range storage.Snapshot() {
		var decoded any
		decoder := json.NewDecoder(bytes.NewReader(value))
		decoder.UseNumber() // RSA's are too large for others
		if err := decoder.Decode(&decoded); err != nil {
			t.Fatal(err)
		}
		shapes[path] = shapeOf("", decoded)
	}
	return shapes
}

func shapeOf(name string, value any) any {
	switch value := value.(type) {
	case map[string]any:
		shapes := map[string]any{}
		for key, inner := range value {
			shapes[key] = shapeOf(key, inner)
		}
		return shapes
	case []any:
		shapes := make([]any, len(value))
		for i, inner := range value {
			shapes[i] = shapeOf(name, inner)
		}
		return shapes
	case string:
		if strings.HasPrefix(value, "-----BEGIN") || name == "key" || name == "hmac_key" {
			return len(value)
		}
		return value != ""
	case json.Number:
		if name == "type" || strings.Contains(name, "version") || name == "key_size" {
			return value
		}
		return value != "0"
	}
	return value
}

// An hmac key's own secret is what hmac uses, as in the built-in engine.
func TestHMACKeyIsTheKey(t *testing.T) {
	m := newMount(t)
	m.create("k", keyring.Spec{Type: "hmac", KeySize: 48})
	policy, _ := m.theirs("k")
	if entry := policy.Keys["1"]; len(entry.Key) != 48 || string(entry.Key) != string(entry.HMACKey) {
		t.Errorf("keys of %d and %d bytes", len(entry.Key), len(entry.HMACKey))
	}
}

// Keys that were imported without their private half are read, and rotate to whole ones.
func TestPublicKeysAlone(t *testing.T) {
	for _, name := range []string{"ed25519", "ecdsa-p256", "ecdsa-p384", "ecdsa-p521", "rsa-2048"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMount(t)
			m.create("k", keyring.Spec{Type: name})
			want := m.get("k").Versions()[0].Public().String()
			policy, _ := m.theirs("k")
			entry := policy.Keys["1"]
			entry.Key, entry.EC_D, entry.RSAKey = nil, nil, nil
			policy.Keys["1"] = entry
			persist(t, m.storage, policy)
			m = m.fresh()
			if got := m.get("k").Versions()[0].Public().String(); got != want {
				t.Errorf("public key %s, want %s", got, want)
			}
			m.rotate("k", keyring.Rotation{})
			again, _ := m.theirs("k")
			first, second := again.Keys["1"], again.Keys["2"]
			if !first.IsPrivateKeyMissing() || second.IsPrivateKeyMissing() {
				t.Error("keysutil reads other halves")
			}
		})
	}
}

func persist(t *testing.T, storage logical.Storage, policy *keysutil.Policy) {
	t.Helper()
	if err := policy.Persist(t.Context(), storage); err != nil {
		t.Fatal(err)
	}
}
