package keyring_test

import (
	"crypto/sha256"
	"testing"

	"github.com/hashicorp/vault/sdk/helper/keysutil"

	"github.com/palisade-vault/palisade/pqtransit/keyring"
	"github.com/palisade-vault/palisade/pqtransit/suite"
)

var message = []byte("message")

func signingSuites(t *testing.T) []*suite.Suite {
	t.Helper()
	var found []*suite.Suite
	for _, algorithm := range suite.All() {
		if algorithm.Purpose.Has(suite.Signing) && !slowToMake(algorithm) {
			found = append(found, algorithm)
		}
	}
	if len(found) < 27 {
		t.Fatalf("%d suites sign", len(found))
	}
	return found
}

func (m *mount) sign(p keyring.Signing, message []byte) keyring.Signature {
	m.Helper()
	signature, err := m.get("k").Sign(p, message)
	if err != nil {
		m.Fatalf("sign: %v", err)
	}
	return signature
}

func (m *mount) wantValid(p keyring.Signing, message []byte, text string, want bool) {
	m.Helper()
	valid, err := m.get("k").Verify(p, message, text)
	if err != nil || valid != want {
		m.Errorf("valid %v, %v, want %v", valid, err, want)
	}
}

// What the first version signed verifies after a rotation and a restart, and no longer once
// the version is too old.
func TestEverySuiteSigns(t *testing.T) {
	for _, algorithm := range signingSuites(t) {
		t.Run(algorithm.Name, func(t *testing.T) {
			t.Parallel()
			m := ofType(t, algorithm)
			first := m.sign(keyring.Signing{}, message)
			if first.Version != 1 || !first.Public.IsZero() {
				t.Errorf("signature %+v", first)
			}
			m.rotate("k", keyring.Rotation{})
			m = m.fresh()
			m.wantValid(keyring.Signing{}, message, first.Text, true)
			m.wantValid(keyring.Signing{}, []byte("other"), first.Text, false)
			if algorithm.Slow {
				return
			}
			second := m.sign(keyring.Signing{}, message)
			if second.Version != 2 {
				t.Errorf("signed with version %d", second.Version)
			}
			m.wantValid(keyring.Signing{}, message, second.Text, true)
			again := m.sign(keyring.Signing{Version: 1}, message)
			m.wantValid(keyring.Signing{}, message, again.Text, true)

			m.configure("k", keyring.Configuration{MinDecryption: new(2), MinEncryption: new(2)})
			_, err := m.get("k").Verify(keyring.Signing{}, message, first.Text)
			wantRefusal(t, err, "ciphertext or signature version is disallowed by policy (too old)")
			_, err = m.get("k").Sign(keyring.Signing{Version: 1}, message)
			wantRefusal(t, err, "requested version for signing is less than the minimum encryption key version")
			m.wantValid(keyring.Signing{}, message, second.Text, true)
		})
	}
}

func TestSigningIsRefused(t *testing.T) {
	m := newMount(t)
	m.create("k", keyring.Spec{Type: "ecdsa-p256"})
	tests := []struct {
		name    string
		version int
		want    string
	}{
		{"a negative version", -1, "requested version for signing is negative"},
		{"a version to come", 2, "requested version for signing is higher than the latest key version"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := m.get("k").Sign(keyring.Signing{Version: test.version}, message)
			wantRefusal(t, err, test.want)
		})
	}
	for text, want := range map[string]string{
		"":              "invalid signature: no prefix",
		"vault:v1":      "invalid signature: wrong number of fields",
		"vault:vx:AA==": "invalid signature: version number could not be decoded",
		"vault:v2:AA==": "invalid signature: version is too new",
		"vault:v1:!":    "invalid base64 signature value",
		"vault:v1:AA==": "supplied signature is invalid",
	} {
		t.Run("verify "+text, func(t *testing.T) {
			_, err := m.get("k").Verify(keyring.Signing{}, message, text)
			wantRefusal(t, err, want)
		})
	}
}

func TestKeysThatDoNotSign(t *testing.T) {
	m := newMount(t)
	m.create("k", keyring.Spec{Type: symmetric})
	wantRefusal(t, m.get("k").Signs(), "key type aes256-gcm96 does not support signing")
	wantRefusal(t, m.get("k").Verifies(), "key type aes256-gcm96 does not support signing")

	m = newMount(t)
	m.create("k", keyring.Spec{Type: "rsa-2048"})
	old := m.sign(keyring.Signing{}, message)
	m.rotate("k", keyring.Rotation{Type: hybrid})
	wantRefusal(t, m.get("k").Signs(), "signing not supported: version 2 of key k is for encryption")
	if err := m.get("k").Verifies(); err != nil {
		t.Error(err)
	}
	m.wantValid(keyring.Signing{}, message, old.Text, true)
	// A version keeps the purpose that the key had when it was made.
	m.rotate("k", keyring.Rotation{Type: "rsa-2048"})
	wantRefusal(t, m.get("k").Signs(), "signing not supported: version 3 of key k is for encryption")
}

// signingKinds are the Community keys that sign, and the parameters that keysutil knows.
func signingKinds() map[string][]keysutil.SigningOptions {
	elliptic := []keysutil.SigningOptions{
		{HashAlgorithm: keysutil.HashTypeSHA2256, Marshaling: keysutil.MarshalingTypeASN1},
		{HashAlgorithm: keysutil.HashTypeSHA2256, Marshaling: keysutil.MarshalingTypeJWS},
	}
	return map[string][]keysutil.SigningOptions{
		"ed25519": elliptic, "ecdsa-p256": elliptic, "ecdsa-p384": elliptic, "ecdsa-p521": elliptic,
		"rsa-2048": append([]keysutil.SigningOptions{
			{HashAlgorithm: keysutil.HashTypeSHA2256, Marshaling: keysutil.MarshalingTypeASN1, SigAlgorithm: "pkcs1v15"},
			{HashAlgorithm: keysutil.HashTypeSHA2256, Marshaling: keysutil.MarshalingTypeASN1, SigAlgorithm: "pss", SaltLength: 20},
			{HashAlgorithm: keysutil.HashTypeSHA2256, Marshaling: keysutil.MarshalingTypeASN1, SigAlgorithm: "pss", SaltLength: suite.SaltLengthHash},
		}, elliptic...),
		"rsa-3072": elliptic, "rsa-4096": elliptic,
	}
}

// What keysutil signs we verify, and the other way round.
func TestKeysutilAndWeVerifyEachOther(t *testing.T) {
	tried := 0
	for _, kind := range communityKinds() {
		options := signingKinds()[kind.spec.Type]
		algorithm, _ := suite.Lookup(kind.spec.Type)
		if !algorithm.Purpose.Has(suite.Signing) {
			continue
		}
		if len(options) == 0 {
			t.Fatalf("no parameters for %s", kind.name)
		}
		tried++
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			m := newMount(t)
			if slowToMake(algorithm) {
				m = ofType(t, algorithm)
			} else {
				m.create("k", kind.spec)
			}
			policy, _ := m.theirs("k")
			for _, option := range options {
				m.verifyEachOther(policy, kind.context, option)
			}
		})
	}
	if tried != 8 { // the derived Ed25519 key is one more
		t.Errorf("%d kinds sign", tried)
	}
}

func (m *mount) verifyEachOther(policy *keysutil.Policy, context []byte, option keysutil.SigningOptions) {
	m.Helper()
	digest := message
	if policy.Type.HashSignatureInput() {
		sum := sha256.Sum256(message)
		digest = sum[:]
	}
	ours := keyring.Signing{Context: context, Params: suite.SignParams{
		SignatureAlgorithm: option.SigAlgorithm, SaltLength: option.SaltLength,
	}}
	if option.Marshaling == keysutil.MarshalingTypeJWS {
		ours.Params.Marshaling = suite.JWS
	}
	theirs, err := policy.SignWithOptions(0, context, digest, &option)
	if err != nil {
		m.Fatalf("keysutil signs: %v", err)
	}
	m.wantValid(ours, message, theirs.Signature, true)
	signature := m.sign(ours, message)
	if string(signature.Public.Bytes()) != string(theirs.PublicKey) {
		m.Errorf("public key %s, keysutil has %x", signature.Public, theirs.PublicKey)
	}
	valid, err := policy.VerifySignatureWithOptions(context, digest, signature.Text, &option)
	if err != nil || !valid {
		m.Errorf("keysutil says valid %v, %v of our signature", valid, err)
	}
}
