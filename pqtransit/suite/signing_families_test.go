package suite_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/palisade-vault/palisade/pqtransit/suite"
)

// TestSigningErrors freezes texts, those of transit where it has them.
func TestSigningErrors(t *testing.T) {
	long := bytes.Repeat([]byte{1}, 65)
	tests := []struct {
		name    string
		suite   string
		params  suite.SignParams
		message []byte
		want    string
	}{
		{"salt too long", "rsa-2048", suite.SignParams{SaltLength: 223}, nil, "requested salt length 223 is invalid"},
		{"salt too negative", "rsa-2048", suite.SignParams{SaltLength: -2}, nil, "requested salt length -2 is invalid"},
		{"RSA digest of another length", "rsa-2048", suite.SignParams{Prehashed: true}, long, "crypto/rsa: input must be hashed with given hash"},
		{"none without PKCS #1", "ecdsa-p256", suite.SignParams{HashAlgorithm: "none", Prehashed: true}, long, "hash_algorithm=none requires both prehashed=true and signature_algorithm=pkcs1v15"},
		{"prehashed Ed25519 without SHA-512", "ed25519", suite.SignParams{Prehashed: true}, long, "prehashed Ed25519 signatures need hash_algorithm sha2-512"},
		{"SHA-512 without prehashed", "ed25519", suite.SignParams{HashAlgorithm: "sha2-512"}, long, "hash_algorithm sha2-512 with Ed25519 needs prehashed"},
		{"ML-DSA prehashed", "ml-dsa-65", suite.SignParams{Prehashed: true}, long[:64], "prehashed is not supported for ML-DSA: send the message itself, or the 64 bytes of FIPS 204's mu with external_mu"},
		{"mu of another length", "ml-dsa-65", suite.SignParams{ExternalMu: true}, long, "external_mu needs an input of 64 bytes, got 65"},
		{"mu and context", "ml-dsa-65", suite.SignParams{ExternalMu: true, Context: long[:1]}, long[:64], "signature_context is part of an external mu and cannot be given with it"},
		{"SLH-DSA prehashed", "slh-dsa-sha2-128f", suite.SignParams{Prehashed: true}, long, "prehashed is not supported for this key type"},
		{"pure SLH-DSA with a hash", "slh-dsa-sha2-128f", suite.SignParams{HashAlgorithm: "sha2-256"}, long, "hash_algorithm needs signature_algorithm hash-slh-dsa with this key type"},
		{"HashSLH-DSA without a hash", "slh-dsa-sha2-128f", suite.SignParams{SignatureAlgorithm: "hash-slh-dsa"}, long, "signature_algorithm hash-slh-dsa needs hash_algorithm"},
		{"HashSLH-DSA with SHA-1", "slh-dsa-sha2-128f", suite.SignParams{SignatureAlgorithm: "hash-slh-dsa", HashAlgorithm: "sha1"}, long, `unsupported hash algorithm "sha1"`},
		{"composite with mu", "hybrid-ml-dsa-65-ed25519", suite.SignParams{ExternalMu: true}, long[:64], "external_mu is not supported for this key type"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			key := goldenKey(t, find(t, test.suite)).(suite.Signer)
			if signature, err := key.Sign(test.params, test.message); err == nil || err.Error() != test.want || signature != nil {
				t.Errorf("Sign = %d bytes, %v; want %q", len(signature), err, test.want)
			}
		})
	}
}

func find(tb testing.TB, name string) *suite.Suite {
	tb.Helper()
	s, ok := suite.Lookup(name)
	if !ok {
		tb.Fatalf("%s is not registered", name)
	}
	return s
}

func TestECDSASignatureForms(t *testing.T) {
	for name, size := range map[string]int{"ecdsa-p256": 64, "ecdsa-p384": 96, "ecdsa-p521": 132} {
		key := goldenKey(t, find(t, name))
		joined := suite.SignParams{Marshaling: suite.JWS}
		signature := sign(t, key, joined, []byte("m"))
		if len(signature) != size {
			t.Errorf("%s: r || s has %d bytes, want %d", name, len(signature), size)
		}
		mustVerify(t, key, joined, []byte("m"), signature)
		for _, other := range [][]byte{nil, signature[1:], append([]byte{0, 0}, signature...)} {
			mustNotVerify(t, key, joined, []byte("m"), other)
		}
		for _, wrong := range []struct {
			params    suite.SignParams
			signature []byte
			want      string
		}{
			{suite.SignParams{}, signature, "supplied signature is invalid"},
			{suite.SignParams{}, append(sign(t, key, suite.SignParams{}, []byte("m")), 0), "supplied signature contains extra data"},
		} {
			if valid, err := key.(suite.Signer).Verify(wrong.params, []byte("m"), wrong.signature); valid || err == nil || err.Error() != wrong.want {
				t.Errorf("%s: verify = %v, %v; want %q", name, valid, err, wrong.want)
			}
		}
	}
}

func TestEd25519Derive(t *testing.T) {
	key := goldenKey(t, find(t, "ed25519"))
	one, two := derive(t, key, suite.HKDFSHA256, user1), derive(t, key, suite.HKDFSHA256, user2)
	signature := sign(t, one, suite.SignParams{}, []byte("m"))
	mustVerify(t, derive(t, key, suite.HKDFSHA256, user1), suite.SignParams{}, []byte("m"), signature)
	mustNotVerify(t, two, suite.SignParams{}, []byte("m"), signature)
	mustNotVerify(t, key, suite.SignParams{}, []byte("m"), signature)
	if !one.Private().IsZero() || one.Material() != nil || one.Public().IsZero() {
		t.Error("a derived key has a form to store, or no public half")
	}
	if _, err := one.(suite.Deriver).Derive(suite.HKDFSHA256, user1); err == nil {
		t.Error("a derived key derived another")
	}
	public, err := find(t, "ed25519").ParsePublic(key.Public().Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := public.(suite.Deriver).Derive(suite.HKDFSHA256, user1); err == nil {
		t.Error("a public key derived another")
	}
}

func TestCompositeHalvesBothCount(t *testing.T) {
	hybrid := func(s *suite.Suite) bool { return s.Selector.Type == "hybrid" }
	forEach(t, hybrid, func(t *testing.T, s *suite.Suite) {
		key, c := goldenKey(t, s), signedCase(t, s)
		postQuantum, classical := key.(suite.HybridKey).Halves()
		half := find(t, "ml-dsa-"+s.Selector.ParameterSet)
		if _, err := half.ParsePublic(postQuantum.Bytes()); err != nil {
			t.Error(err)
		}
		if _, err := find(t, s.Selector.HybridEC).ParsePublic(classical.Bytes()); err != nil {
			t.Error(err)
		}
		split := len(signedCase(t, half).Signature)
		other := sign(t, otherKey(t, s), suite.SignParams{}, c.Message)
		mustNotVerify(t, key, c.signParams(), c.Message, append(bytes.Clone(c.Signature[:split]), other[split:]...))
		mustNotVerify(t, key, c.signParams(), c.Message, append(bytes.Clone(other[:split]), c.Signature[split:]...))
		mustNotVerify(t, key, c.signParams(), c.Message, c.Signature[:split])
	})
}

func TestSelect(t *testing.T) {
	tests := []struct {
		selector suite.Selector
		want     string // a name, or the start of an error
	}{
		{suite.Selector{Type: "aes256-gcm96"}, "aes256-gcm96"},
		{suite.Selector{Type: "rsa-2048", ParameterSet: "65"}, "rsa-2048"},
		{suite.Selector{Type: "ml-dsa", ParameterSet: "65"}, "ml-dsa-65"},
		{suite.Selector{Type: "ml-dsa-65"}, "ml-dsa-65"},
		{suite.Selector{Type: "mldsa-87"}, "ml-dsa-87"},
		{suite.Selector{Type: "ml-kem", ParameterSet: "512"}, "ml-kem-512"},
		{suite.Selector{Type: "slh-dsa", ParameterSet: "SLH-DSA-SHAKE-192S"}, "slh-dsa-shake-192s"},
		{suite.Selector{Type: "hybrid", ParameterSet: "65", HybridPQC: "ml-dsa", HybridEC: "ed25519"}, "hybrid-ml-dsa-65-ed25519"},
		{suite.Selector{Type: "hybrid", ParameterSet: "87", HybridPQC: "ml-dsa", HybridEC: "ecdsa-p521"}, "hybrid-ml-dsa-87-ecdsa-p521"},
		{suite.Selector{Type: "x25519-mlkem768"}, "x25519-mlkem768"},

		{suite.Selector{}, "error: unknown key type "},
		{suite.Selector{Type: "rot13"}, "error: unknown key type rot13"},
		{suite.Selector{Type: "ml-dsa"}, "error: invalid parameter set  for key type ml-dsa: use one of 44, 65, 87"},
		{suite.Selector{Type: "ml-dsa", ParameterSet: "66"}, "error: invalid parameter set 66 for key type ml-dsa: use one of 44, 65, 87"},
		{suite.Selector{Type: "slh-dsa", ParameterSet: "128s"}, "error: invalid parameter set 128s for key type slh-dsa: use one of slh-dsa-sha2-128f, "},
		{suite.Selector{Type: "hybrid", ParameterSet: "65", HybridEC: "ed25519"}, `error: invalid hybrid_key_type_pqc "" for key type hybrid: use one of ml-dsa`},
		{suite.Selector{Type: "hybrid", ParameterSet: "44", HybridPQC: "ml-dsa", HybridEC: "ecdsa-p384"}, `error: invalid hybrid_key_type_ec "ecdsa-p384" for key type hybrid with parameter set 44: the standard has no such pair, use one of ecdsa-p256, ed25519`},
		{suite.Selector{Type: "hybrid", ParameterSet: "87", HybridPQC: "ml-dsa", HybridEC: "ed25519"}, `error: invalid hybrid_key_type_ec "ed25519" for key type hybrid with parameter set 87: the standard has no such pair, use one of ecdsa-p384, ecdsa-p521`},
	}
	for _, test := range tests {
		got := "error: "
		if s, err := suite.Select(test.selector); err != nil {
			got += err.Error()
		} else {
			got = s.Name
		}
		if !strings.HasPrefix(got, test.want) {
			t.Errorf("Select(%+v) = %s, want %s", test.selector, got, test.want)
		}
	}
}

// TestSelectorsAreUnique holds that every suite is found by its own selector.
func TestSelectorsAreUnique(t *testing.T) {
	forEach(t, any1, func(t *testing.T, s *suite.Suite) {
		selector := s.Selector
		if selector == (suite.Selector{}) {
			selector.Type = s.Name
		}
		if found, err := suite.Select(selector); err != nil || found != s {
			t.Errorf("Select(%+v) = %v, %v", selector, found, err)
		}
	})
}
